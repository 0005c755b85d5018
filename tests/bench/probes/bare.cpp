// bench-bare create DIRECTORY RECORD-BYTES EVENTS-BYTES
// bench-bare batch DIRECTORY RECORD-BYTES EVENTS-BYTES COUNT
//
// What any program has to do that makes a task's directory and its two files durable, and nothing
// more: with the calls of store-files, in its order. `batch` makes many, and syncs once at the end.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace {

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::_Exit(1);
}

int file_with(int directory, const char* name, const std::string& content) {
    const int file = ::openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) fail(name);
    if (::write(file, content.data(), content.size()) != static_cast<ssize_t>(content.size()))
        fail(name);
    return file;
}

void make_task(int tasks, const std::string& id, const std::string& record,
               const std::string& events, bool durable) {
    const std::string unfinished = ".new-" + id;
    if (::mkdirat(tasks, unfinished.c_str(), 0700) != 0) fail("mkdir");
    const int task = ::openat(tasks, unfinished.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (task < 0) fail("open");
    const int events_file = file_with(task, "events.yaml", events);
    const int record_file = file_with(task, "task.yaml", record);
    if (durable &&
        (::fdatasync(record_file) != 0 || ::fdatasync(events_file) != 0 || ::fsync(task) != 0))
        fail("sync");
    if (::renameat(tasks, unfinished.c_str(), tasks, id.c_str()) != 0) fail("rename");
    if (durable && ::fsync(tasks) != 0) fail("sync");
    ::close(record_file);
    ::close(events_file);
    ::close(task);
}

} // namespace

int main(int argc, char** argv) {
    const bool batch = argc == 6 && std::strcmp(argv[1], "batch") == 0;
    if (!batch && (argc != 5 || std::strcmp(argv[1], "create") != 0)) return 2;
    const int tasks = ::open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (tasks < 0) fail(argv[2]);
    const std::string record(std::strtoul(argv[3], nullptr, 10), 'r');
    const std::string events(std::strtoul(argv[4], nullptr, 10), 'e');
    const unsigned long count = batch ? std::strtoul(argv[5], nullptr, 10) : 1;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const std::string prefix =
        "task-" + std::to_string(now.tv_sec) + "-" + std::to_string(now.tv_nsec) + "-";
    for (unsigned long i = 0; i < count; ++i)
        make_task(tasks, prefix + std::to_string(i), record, events, !batch);
    if (batch && ::syncfs(tasks) != 0) fail("syncfs");
    return 0;
}
