// fault-injector: runs a program under a plan (see plan.hpp).
//
//     fault-injector PLAN PROGRAM ARGUMENT...
//
// Under another name it stands in for a program: as BIN/NAME it runs BIN/NAME.real with the same
// arguments, under the plan in the file NAME.plan of the directory `inject` beside BIN (or above
// it), which it takes away first, so that one process gets it and no other. For `loong` the file is
// called `loong-VERB.plan`. Without such a file the program is run as it is.
//
// The program gets the process id that it would have had without an injector, because others know
// it by that; the tracer is a process of its own, nobody's child and without an environment.

#include "plan.hpp"
#include "tracee.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace {

using loong::faults::Plan;
using loong::faults::Report;
using loong::faults::Tracee;

constexpr int could_not = 125;

[[noreturn]] void fail(const std::string& why) {
    std::fprintf(stderr, "fault-injector: %s: %s\n", why.c_str(), std::strerror(errno));
    std::_Exit(could_not);
}

void publish(const Report& report, const std::string& path) {
    const std::string unfinished = path + ".new";
    {
        std::ofstream file(unfinished);
        file << report.calls << ' ' << report.injected << ' '
             << loong::faults::name_of_call(report.first_call) << ' ' << report.status << '\n';
        for (const std::int64_t call : report.sequence)
            file << loong::faults::name_of_call(call) << ' ';
    }
    std::rename(unfinished.c_str(), path.c_str());
}

// Who looks for a task's processes by their environment must not find the tracer.
void forget_environment() {
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::memset(*entry, 0, std::strlen(*entry));
    }
}

[[noreturn]] void be_the_tracer(pid_t pid, const Plan& plan, int ready) {
    ::setsid();
    forget_environment();
    Tracee tracee(pid, plan);
    const char answer = tracee.seize() ? 'y' : 'n';
    for (int descriptor = 0; descriptor < 1024; ++descriptor) {
        if (descriptor != ready) ::close(descriptor);
    }
    if (::write(ready, &answer, 1) != 1 || answer == 'n') std::_Exit(could_not);
    ::close(ready);
    publish(tracee.follow(), plan.report);
    std::_Exit(0);
}

void put_under_tracer(const Plan& plan) {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0) fail("pipe");
    const pid_t self = ::getpid();
    ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    const pid_t between = ::fork();
    if (between < 0) fail("fork");
    if (between == 0) {
        if (::fork() == 0) be_the_tracer(self, plan, ready[1]);
        std::_Exit(0);
    }
    while (::waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
    }
    ::close(ready[1]);
    char answer = 'n';
    if (::read(ready[0], &answer, 1) != 1 || answer != 'y') fail("tracing is not permitted");
    ::close(ready[0]);
}

std::string own_path() {
    char buffer[4096];
    const ssize_t length = ::readlink("/proc/self/exe", buffer, sizeof(buffer));
    return length <= 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(length));
}

/// The plan that waits for `name`, taken away for good.
std::string take_plan(std::string directory, const std::string& name) {
    for (int level = 0; level < 3; ++level) {
        directory.resize(std::max<std::size_t>(directory.rfind('/'), 1));
        const std::string file = directory + "/inject/" + name + ".plan";
        const std::string taken = file + "." + std::to_string(::getpid());
        if (std::rename(file.c_str(), taken.c_str()) != 0) continue;
        std::string line;
        std::getline(std::ifstream(taken), line);
        return line;
    }
    return {};
}

int stand_in(const std::string& path, int count, char** arguments) {
    std::string name = path.substr(path.rfind('/') + 1);
    if (name == "loong" && count > 1) name += '-' + std::string(arguments[1]);
    const auto is_told = [](const char* word) { return std::string_view(word) == "--notify"; };
    if (name == "loong-worker" && std::any_of(arguments, arguments + count, is_told)) {
        name = "loong-notifier";
    }
    const std::string text = take_plan(path, name);
    if (!text.empty()) {
        const auto plan = loong::faults::parse_plan(text);
        if (!plan) fail("not a plan: " + text);
        put_under_tracer(*plan);
    }
    const std::string program = path + ".real";
    ::execv(program.c_str(), arguments);
    fail(program);
}

} // namespace

int main(int count, char** arguments) {
    const std::string path = own_path();
    if (!path.ends_with("/fault-injector")) return stand_in(path, count, arguments);
    if (count < 3) {
        std::fputs("usage: fault-injector PLAN PROGRAM ARGUMENT...\n", stderr);
        return 2;
    }
    const auto plan = loong::faults::parse_plan(arguments[1]);
    if (!plan) {
        std::fprintf(stderr, "fault-injector: not a plan: %s\n", arguments[1]);
        return 2;
    }
    put_under_tracer(*plan);
    ::execv(arguments[2], arguments + 2);
    fail(arguments[2]);
}
