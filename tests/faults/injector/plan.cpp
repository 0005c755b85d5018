#include "plan.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <sys/syscall.h>
#include <utility>

namespace loong::faults {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 5> errors{{
    {"ENOSPC", ENOSPC},
    {"EIO", EIO},
    {"EMFILE", EMFILE},
    {"ENOMEM", ENOMEM},
    {"EAGAIN", EAGAIN},
}};

// Where an architecture lacks a call its C library uses the one after it.
constexpr std::pair<std::string_view, std::int64_t> calls[] = {
    {"write", SYS_write},
    {"pwrite64", SYS_pwrite64},
    {"writev", SYS_writev},
    {"fsync", SYS_fsync},
    {"fdatasync", SYS_fdatasync},
    {"sync_file_range", SYS_sync_file_range},
    {"ftruncate", SYS_ftruncate},
    {"fallocate", SYS_fallocate},
    {"openat", SYS_openat},
    {"openat2", SYS_openat2},
    {"mkdirat", SYS_mkdirat},
    {"renameat", SYS_renameat},
    {"renameat2", SYS_renameat2},
    {"unlinkat", SYS_unlinkat},
    {"linkat", SYS_linkat},
    {"pipe2", SYS_pipe2},
    {"socketpair", SYS_socketpair},
    {"eventfd2", SYS_eventfd2},
    {"inotify_init1", SYS_inotify_init1},
    {"inotify_add_watch", SYS_inotify_add_watch},
    {"memfd_create", SYS_memfd_create},
    {"clone", SYS_clone},
    {"clone3", SYS_clone3},
    {"read", SYS_read},
    {"pread64", SYS_pread64},
    {"fcntl", SYS_fcntl},
    {"close", SYS_close},
    {"kill", SYS_kill},
    {"pidfd_send_signal", SYS_pidfd_send_signal},
    {"sendto", SYS_sendto},
    {"wait4", SYS_wait4},
    {"waitid", SYS_waitid},
    {"execve", SYS_execve},
#ifdef SYS_open
    {"open", SYS_open},
    {"mkdir", SYS_mkdir},
    {"rename", SYS_rename},
    {"unlink", SYS_unlink},
#endif
};

int error_number(std::string_view name) {
    for (const auto& [known, number] : errors) {
        if (known == name) return number;
    }
    return 0;
}

std::int64_t call_number(std::string_view name) {
    for (const auto& [known, number] : calls) {
        if (known == name) return number;
    }
    return -1;
}

} // namespace

std::string name_of_call(std::int64_t number) {
    for (const auto& [name, known] : calls) {
        if (known == number) return std::string(name);
    }
    return std::to_string(number);
}

std::optional<Plan> parse_plan(const std::string& text) {
    std::istringstream words(text);
    Plan plan;
    std::string action;
    std::string at;
    words >> action;
    if (action == "kill") {
        plan.action = Plan::Action::kill;
        words >> at;
    } else if (action == "error") {
        plan.action = Plan::Action::error;
        std::string error;
        std::string names;
        words >> error >> at >> names;
        plan.error = error_number(error);
        if (plan.error == 0) return std::nullopt;
        std::istringstream list(names);
        for (std::string name; std::getline(list, name, ',');) {
            plan.calls.push_back(call_number(name));
            if (plan.calls.back() < 0) return std::nullopt;
        }
    } else if (action != "count") {
        return std::nullopt;
    }
    plan.and_after = !at.empty() && at.back() == '+';
    plan.at = std::strtoull(at.c_str(), nullptr, 10);
    words >> plan.report;
    if (plan.report.empty() || (plan.action != Plan::Action::count && plan.at == 0)) {
        return std::nullopt;
    }
    return plan;
}

} // namespace loong::faults
