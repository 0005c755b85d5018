// bench-carry drain DIRECTORY RECORD-BYTES EVENTS-BYTES COUNT COMMAND [ARG]
// bench-carry start DIRECTORY RECORD-BYTES EVENTS-BYTES COMMAND [ARG]
//
// What any program has to do that carries durable tasks so that a kill at any point is found out, and
// nothing more: the files, the syncs and the processes of store-files and runtime-local, in their
// order. `drain` makes many tasks, syncs once, and carries them with two workers. `start` makes one,
// with a worker's program that gets ready beside it.
#include "bare_task.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace {

using namespace bare;

constexpr int keeper_directory = 3;
constexpr int told_descriptor = 4;
// As long as ours for work without a label or a plan.
constexpr std::size_t claim_size = 470;
constexpr std::size_t end_size = 300;

void append(int events, std::size_t size) {
    write_all(events, std::string(size, 'a'));
    checked(::fdatasync(events), "sync");
}

/// Also where it has that number already, but closes with the next program.
bool give(int descriptor, int number) {
    return descriptor == number ? ::fcntl(number, F_SETFD, 0) == 0
                                : ::dup2(descriptor, number) == number;
}

/// Starts this program again, with two descriptors at the numbers it knows.
pid_t start_again(const char* role, char** words, int directory, int told) {
    std::array<char*, 8> arguments{};
    std::size_t count = 0;
    arguments.at(count++) = const_cast<char*>("bench-carry");
    arguments.at(count++) = const_cast<char*>(role);
    for (; *words != nullptr; ++words) arguments.at(count++) = *words;
    const pid_t child = checked(::vfork(), "vfork");
    if (child != 0) return child;
    if (!give(directory, keeper_directory) || !give(told, told_descriptor)) ::_exit(126);
    ::execv("/proc/self/exe", arguments.data());
    ::_exit(127);
}

void await(pid_t child) {
    int status = 0;
    checked(::waitpid(child, &status, 0), "wait");
    if (status != 0) std::_Exit(1);
}

/// Waits until it is told to go, runs the command, and leaves a record of its end.
int keep(char** command) {
    char go = 0;
    if (::read(told_descriptor, &go, 1) != 1) return 1;
    const pid_t child = checked(::vfork(), "vfork");
    if (child == 0) {
        ::execv(command[0], command);
        ::_exit(127);
    }
    await(child);
    ::close(make_file(keeper_directory, "exit.new", "code: 0\n"));
    checked(::renameat(keeper_directory, "exit.new", keeper_directory, "exit"), "rename");
    return 0;
}

void carry(int tasks, const std::string& id, char** command) {
    const int task = open_directory(tasks, id.c_str());
    const int events =
        checked(::openat(task, "events.yaml", O_WRONLY | O_APPEND | O_CLOEXEC), "open");
    checked(::mkdirat(task, "sessions", 0700), "mkdir");
    checked(::mkdirat(task, "sessions/session", 0700), "mkdir");
    const int session = open_directory(task, "sessions/session");
    const int lock = make_file(session, "work.lock", "");
    std::array<int, 2> ends{};
    checked(::pipe2(ends.data(), O_CLOEXEC), "pipe");
    const pid_t keeper = start_again("keep", command, session, ends[0]);
    append(events, claim_size);
    write_all(ends[1], "g");
    await(keeper);
    append(events, end_size);
    for (const int descriptor : {task, events, session, lock, ends[0], ends[1]})
        ::close(descriptor);
}

/// Waits for the name of one task and carries it.
int work(char** command) {
    std::array<char, 64> id{};
    if (::read(told_descriptor, id.data(), id.size() - 1) <= 0) return 1;
    carry(keeper_directory, id.data(), command);
    return 0;
}

int start(int tasks, const std::string& record, const std::string& events, char** command) {
    std::array<int, 2> ends{};
    checked(::pipe2(ends.data(), O_CLOEXEC), "pipe");
    const pid_t worker = start_again("work", command, tasks, ends[0]);
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const std::string id = "task-" + std::to_string(now.tv_sec) + "-" + std::to_string(now.tv_nsec);
    make_task(tasks, id, record, events, true);
    write_all(ends[1], id);
    // Nothing of this runs on beside what is measured next.
    await(worker);
    return 0;
}

int drain(int tasks, const std::string& record, const std::string& events, int count,
          char** command) {
    const auto name = [](int number) { return "task-" + std::to_string(number); };
    for (int number = 0; number < count; ++number)
        make_task(tasks, name(number), record, events, false);
    checked(::syncfs(tasks), "syncfs");
    void* const shared = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) fail("mmap");
    auto* const next = new (shared) std::atomic<int>(0);
    std::array<pid_t, 2> workers{};
    for (pid_t& worker : workers) {
        worker = checked(::fork(), "fork");
        if (worker != 0) continue;
        for (int number = (*next)++; number < count; number = (*next)++)
            carry(tasks, name(number), command);
        std::_Exit(0);
    }
    for (const pid_t worker : workers) await(worker);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    const auto is = [&](const char* role, int least) {
        return argc >= least && std::strcmp(argv[1], role) == 0;
    };
    if (is("keep", 3)) return keep(argv + 2);
    if (is("work", 3)) return work(argv + 2);
    const bool drains = is("drain", 7);
    if (!drains && !is("start", 6)) return 2;
    const int tasks = open_directory(AT_FDCWD, argv[2]);
    const std::string record(std::strtoul(argv[3], nullptr, 10), 'r');
    const std::string events(std::strtoul(argv[4], nullptr, 10), 'e');
    if (!drains) return start(tasks, record, events, argv + 5);
    return drain(tasks, record, events, std::atoi(argv[5]), argv + 6);
}
