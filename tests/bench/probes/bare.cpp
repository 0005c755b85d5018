// bench-bare create DIRECTORY RECORD-BYTES EVENTS-BYTES
// bench-bare batch DIRECTORY RECORD-BYTES EVENTS-BYTES COUNT
// bench-plugged create DIRECTORY RECORD-BYTES EVENTS-BYTES LIBRARY...
//
// What any program has to do that makes a task's directory and its two files durable, and nothing
// more: with the calls of store-files, in its order. `batch` makes many, and syncs once at the end.
// bench-plugged is the same program, linked as one that can load libraries has to be, and loads some.
#include "bare_task.hpp"

#include <cstring>
#include <dlfcn.h>
#include <time.h>

namespace {

void load(const char* library) {
#ifdef BENCH_PLUGGED
    if (::dlopen(library, RTLD_NOW | RTLD_LOCAL) != nullptr) return;
    std::fprintf(stderr, "%s\n", ::dlerror());
#else
    std::fprintf(stderr, "%s: this program loads no libraries\n", library);
#endif
    std::_Exit(1);
}

} // namespace

int main(int argc, char** argv) {
    using namespace bare;
    const bool batch = argc == 6 && std::strcmp(argv[1], "batch") == 0;
    if (!batch && (argc < 5 || std::strcmp(argv[1], "create") != 0)) return 2;
    for (int i = 5; i < argc && !batch; ++i) load(argv[i]);
    const int tasks = open_directory(AT_FDCWD, argv[2]);
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
