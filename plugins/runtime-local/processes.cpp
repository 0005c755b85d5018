#include "processes.hpp"

#include "keeper/process_stat.hpp"
#include "keeper/protocol.hpp"
#include "system.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <iterator>
#include <memory>
#include <sched.h>
#include <sys/syscall.h>

namespace loong::local {
namespace {

using keeper::ProcessStat;

Descriptor pidfd_open(pid_t pid) {
    return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
}

/// How long a process may take from one program to the next. Far more than it takes: the kernel has
/// opened all files before.
constexpr std::chrono::seconds longest_start{2};
constexpr int most_lists = 64;

/// A file about a process. Absent where the process is gone, or another user's. Everything else is
/// an error: who cannot look must not take a process for gone.
Result<std::optional<std::string>> read_about(pid_t pid, const char* name) {
    const std::string path = "/proc/" + std::to_string(pid) + '/' + name;
    const auto not_ours = [](int error) {
        return error == ENOENT || error == ESRCH || error == EACCES || error == EPERM;
    };
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        if (not_ours(errno)) return std::optional<std::string>();
        return system_error("file " + path, errno);
    }
    constexpr std::size_t most = 8U << 20;
    std::string content;
    char chunk[4096];
    while (content.size() <= most) {
        const ssize_t count = ::read(file.get(), chunk, sizeof(chunk));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && not_ours(errno)) return std::optional<std::string>();
        if (count < 0) return system_error("file " + path, errno);
        if (count == 0) break;
        content.append(chunk, static_cast<std::size_t>(count));
    }
    return std::optional(std::move(content));
}

Result<std::optional<ProcessStat>> read_stat(pid_t pid) {
    const auto content = read_about(pid, "stat");
    if (!content) return content.error();
    ProcessStat stat;
    if (!content->has_value() || !keeper::parse((*content)->c_str(), stat)) {
        return std::optional<ProcessStat>();
    }
    return std::optional(stat);
}

/// The value of a variable in a process's environment.
std::optional<std::string_view> variable(std::string_view environment, std::string_view name) {
    while (!environment.empty()) {
        const std::size_t end = environment.find('\0');
        const std::string_view entry = environment.substr(0, end);
        if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
            return entry.substr(name.size() + 1);
        }
        if (end == std::string_view::npos) break;
        environment.remove_prefix(end + 1);
    }
    return std::nullopt;
}

/// The environment of a process; absent where it has none any more, or is another user's. One that
/// is just starting a program has none to be read for some microseconds; it is waited for, because
/// whoever looked past it would take it for gone.
Result<std::optional<std::string>> read_environment(pid_t pid) {
    const auto give_up_at = std::chrono::steady_clock::now() + longest_start;
    for (;;) {
        auto content = read_about(pid, "environ");
        if (!content || !content->has_value() || !(*content)->empty()) return content;
        const auto stat = read_stat(pid);
        if (!stat) return stat.error();
        if (!stat->has_value() || (*stat)->is_without_memory()) return std::optional<std::string>();
        if (!(*stat)->has_environment()) return content;
        if (std::chrono::steady_clock::now() >= give_up_at) {
            return Error{ErrorCode::store_io,
                         "process " + std::to_string(pid) +
                             ": is starting a program and does not get on; whose it is cannot be "
                             "told now",
                         "try again; see whether the file system of its program answers"};
        }
        ::sched_yield();
    }
}

Result<bool> carries(pid_t pid, std::string_view session_id) {
    const auto environment = read_environment(pid);
    if (!environment) return environment.error();
    if (!environment->has_value()) return false;
    return variable(**environment, keeper::session_variable) == session_id &&
           !variable(**environment, keeper::worker_variable);
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

/// The numbers of all processes, rising.
Result<std::vector<pid_t>> list_processes() {
    const std::unique_ptr<DIR, CloseDirectory> folder(::opendir("/proc"));
    if (!folder) return system_error("directory /proc", errno);
    std::vector<pid_t> numbers;
    for (;;) {
        errno = 0;
        const dirent* const entry = ::readdir(folder.get());
        if (entry == nullptr && errno != 0) return system_error("directory /proc", errno);
        if (entry == nullptr) break;
        const std::string_view name = entry->d_name;
        pid_t pid = 0;
        const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (failed == std::errc() && end == name.data() + name.size()) numbers.push_back(pid);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

/// That process, where it carries the session's id.
Result<std::optional<FoundProcess>> look_at(pid_t pid, std::string_view session_id) {
    auto ours = carries(pid, session_id);
    if (!ours) return std::move(ours).error();
    if (!*ours) return std::optional<FoundProcess>();
    Descriptor process = pidfd_open(pid);
    if (!process && errno == ESRCH) return std::optional<FoundProcess>();
    if (!process) return system_error("process " + std::to_string(pid), errno);
    // Looked at twice, the second time with the descriptor in hand.
    const auto stat = read_stat(pid);
    if (!stat) return stat.error();
    ours = carries(pid, session_id);
    if (!ours) return std::move(ours).error();
    if (!stat->has_value() || (*stat)->is_dead() || !*ours) {
        return std::optional<FoundProcess>();
    }
    return std::optional(FoundProcess{{pid, (*stat)->start_time}, std::move(process)});
}

} // namespace

std::string boot_id() {
    auto content = read_file("/proc/sys/kernel/random/boot_id", 256);
    std::string text = content && content->has_value() ? **content : std::string();
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

Result<bool> is_of_this_boot(const std::string& id) {
    const std::string now = boot_id();
    if (!now.empty()) return id.empty() || id == now;
    return Error{ErrorCode::store_io, "boot: which one this is cannot be told now",
                 "try again; look at the limit on open files"};
}

std::int64_t boot_clock() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

std::optional<ProcessIdentity> identify(pid_t pid) {
    const auto stat = read_stat(pid);
    if (!stat || !stat->has_value()) return std::nullopt;
    return ProcessIdentity{pid, (*stat)->start_time};
}

Result<Descriptor> find_process(const ProcessIdentity& identity) {
    if (identity.pid <= 0) return Descriptor();
    Descriptor process = pidfd_open(identity.pid);
    if (!process && errno == ESRCH) return Descriptor();
    if (!process) return system_error("process " + std::to_string(identity.pid), errno);
    // Looked at after the descriptor was made: were the number given to another process before,
    // the start time would tell, and after it the descriptor stays where it is.
    const auto stat = read_stat(identity.pid);
    if (!stat) return stat.error();
    if (!stat->has_value() || (*stat)->start_time != identity.start_time || (*stat)->is_dead()) {
        return Descriptor();
    }
    return process;
}

Descriptor open_process(const ProcessIdentity& identity) {
    auto process = find_process(identity);
    return process ? *std::move(process) : Descriptor();
}

bool send_signal(const Descriptor& process, int signal) {
    if (::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0U) == 0) return true;
    return errno == ESRCH;
}

Result<std::vector<FoundProcess>> find_session_processes(std::string_view session_id) {
    std::vector<FoundProcess> found;
    std::vector<pid_t> seen{::getpid()};
    // A process may start another and end before its turn comes: the other is in the next list. Only
    // a list with nothing new shows that none was missed. Where processes come and go all the time
    // there is none, and to be missed so often in a row is next to impossible.
    for (int lists = 0; lists < most_lists; ++lists) {
        const auto listed = list_processes();
        if (!listed) return listed.error();
        std::vector<pid_t> fresh;
        std::set_difference(listed->begin(), listed->end(), seen.begin(), seen.end(),
                            std::back_inserter(fresh));
        if (fresh.empty()) return found;
        for (const pid_t pid : fresh) {
            auto process = look_at(pid, session_id);
            if (!process) return std::move(process).error();
            if (*process) found.push_back(**std::move(process));
        }
        // What is found already may start others as long as it lives.
        if (!found.empty()) return found;
        seen.insert(seen.end(), fresh.begin(), fresh.end());
        std::sort(seen.begin(), seen.end());
    }
    return found;
}

Result<bool> carries_other_tasks(pid_t pid, std::string_view session_id) {
    const auto environment = read_environment(pid);
    if (!environment) return environment.error();
    if (!environment->has_value()) return false;
    return variable(**environment, keeper::worker_variable).has_value() ||
           variable(**environment, keeper::session_variable).value_or(session_id) != session_id;
}

} // namespace loong::local
