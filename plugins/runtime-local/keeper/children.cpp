#include "children.hpp"

#include "clock.hpp"
#include "process_stat.hpp"
#include "protocol.hpp"
#include "text.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loong::keeper {
namespace {

int open_process_file(pid_t pid, const char* name) {
    Text path;
    path.add("/proc/").add(pid).add("/").add(name);
    return open(path.c_str(), O_RDONLY | O_CLOEXEC);
}

/// Microseconds that a process may take from one program to the next; far more than it does.
constexpr std::int64_t longest_start = 2'000'000;

/// Calls `visit(pid)` for every number in a list of children.
template <typename Visit>
void for_each_number(int file, Visit visit) {
    if (file < 0) return;
    char chunk[512];
    pid_t number = 0;
    for (;;) {
        const ssize_t count = read(file, chunk, sizeof(chunk));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        for (ssize_t i = 0; i < count; ++i) {
            if (chunk[i] >= '0' && chunk[i] <= '9') {
                number = number * 10 + (chunk[i] - '0');
            } else if (number != 0) {
                visit(number);
                number = 0;
            }
        }
    }
    if (number != 0) visit(number);
    close(file);
}

template <typename Visit>
void for_each_own_child(Visit visit) {
    for_each_number(open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC), visit);
}

/// Calls `visit(pid)` for the children of another process; each of its threads may have some.
template <typename Visit>
void for_each_child_of(pid_t pid, Visit visit) {
    const int tasks = open_process_file(pid, "task");
    if (tasks < 0) return;
    alignas(8) char entries[1024];
    for (;;) {
        const long count = syscall(SYS_getdents64, tasks, entries, sizeof(entries));
        if (count <= 0) break;
        for (long at = 0; at < count;) {
            // struct linux_dirent64: the length of the entry at 16, its name at 19.
            unsigned short length = 0;
            std::memcpy(&length, entries + at + 16, sizeof(length));
            const char* name = entries + at + 19;
            if (name[0] != '.') {
                Text path;
                path.add(name).add("/children");
                for_each_number(openat(tasks, path.c_str(), O_RDONLY | O_CLOEXEC), visit);
            }
            at += length;
        }
    }
    close(tasks);
}

/// As of a process that is gone where it cannot be read.
ProcessStat read_stat(pid_t pid) {
    ProcessStat stat;
    stat.state = 'X';
    const int file = open_process_file(pid, "stat");
    if (file < 0) return stat;
    char content[1024];
    const ssize_t count = read(file, content, sizeof(content) - 1);
    close(file);
    if (count <= 0) return stat;
    content[count] = '\0';
    ProcessStat told;
    return parse(content, told) ? told : stat;
}

/// TERM to `pid` if it is a child of `parent`. The number of a process that is not our own child
/// may be given to another at any moment; a descriptor stays with its process.
bool ask_child_of(pid_t pid, pid_t parent) {
    const int process = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    if (process < 0) return false;
    const bool right = read_stat(pid).parent == parent;
    if (right) {
        syscall(SYS_pidfd_send_signal, process, SIGTERM, nullptr, 0);
        syscall(SYS_pidfd_send_signal, process, SIGCONT, nullptr, 0);
    }
    close(process);
    return right;
}

} // namespace

bool Children::spared(pid_t pid) const {
    if (!spare_others_) return false;
    // One that is just starting a program is waited for: it may be another task's.
    const std::int64_t give_up_at = steady_clock() + longest_start;
    Owner owner = owner_of(pid);
    while (owner == Owner::unknown && read_stat(pid).has_environment() &&
           steady_clock() < give_up_at) {
        sched_yield();
        owner = owner_of(pid);
    }
    return owner == Owner::other;
}

Children::Owner Children::owner_of(pid_t pid) const {
    const int file = open_process_file(pid, "environ");
    if (file < 0) return Owner::nobody;
    char chunk[512];
    char entry[192];
    std::size_t length = 0;
    Owner owner = Owner::unknown;
    const std::size_t worker_length = std::strlen(worker_variable);
    const std::size_t session_length = std::strlen(session_variable);
    ssize_t count = 0;
    while (owner != Owner::other && (count = read(file, chunk, sizeof(chunk))) > 0) {
        if (owner == Owner::unknown) owner = Owner::nobody;
        for (ssize_t i = 0; i < count && owner != Owner::other; ++i) {
            if (length < sizeof(entry)) entry[length++] = chunk[i];
            if (chunk[i] != '\0') continue;
            entry[sizeof(entry) - 1] = '\0';
            const bool is_worker = std::strncmp(entry, worker_variable, worker_length) == 0 &&
                                   entry[worker_length] == '=';
            const bool is_other = std::strncmp(entry, session_variable, session_length) == 0 &&
                                  entry[session_length] == '=' &&
                                  std::strcmp(entry + session_length + 1, session_id_) != 0;
            if (is_worker || is_other) owner = Owner::other;
            length = 0;
        }
    }
    close(file);
    return owner;
}

void Children::reap() const {
    for_each_own_child([&](pid_t pid) {
        if (pid != leader_) waitpid(pid, nullptr, WNOHANG);
    });
}

Remains Children::look() {
    Remains remains;
    for_each_own_child([&](pid_t pid) {
        if (pid == leader_) return;
        if (waitpid(pid, nullptr, WNOHANG) != 0) return;
        if (spared(pid)) return;
        if (kill(pid, 0) != 0 && errno == EPERM) {
            ++remains.beyond_reach;
        } else {
            ++remains.to_end;
        }
    });
    return remains;
}

void Children::ask_group() const {
    kill(-leader_, SIGTERM);
    kill(-leader_, SIGCONT);
}

void Children::ask_tree(pid_t child) {
    constexpr int most = 256;
    static pid_t found[most];
    int count = 0;
    found[count++] = child;
    for (int i = 0; i < count; ++i) {
        const pid_t parent = found[i];
        for_each_child_of(parent, [&](pid_t pid) {
            if (count == most || spared(pid) || !ask_child_of(pid, parent)) return;
            found[count++] = pid;
        });
    }
}

void Children::ask_all() {
    // Depth first would not do: an asked parent may end, and its children then are ours.
    for_each_own_child([&](pid_t pid) {
        if (pid == leader_ || spared(pid)) return;
        ask_tree(pid);
        kill(pid, SIGTERM);
        kill(pid, SIGCONT);
    });
    ask_group();
}

void Children::force_all() {
    kill(-leader_, SIGKILL);
    for_each_own_child([&](pid_t pid) {
        if (!spared(pid)) kill(pid, SIGKILL);
    });
}

} // namespace loong::keeper
