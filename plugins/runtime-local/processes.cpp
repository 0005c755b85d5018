#include "processes.hpp"

#include "keeper/protocol.hpp"
#include "system.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/syscall.h>

namespace loong::local {
namespace {

Descriptor pidfd_open(pid_t pid) {
    return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
}

struct Stat {
    char state = '?';
    std::uint64_t start_time = 0;
};

std::optional<Stat> read_stat(pid_t pid) {
    const auto content = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
    if (!content || !content->has_value()) return std::nullopt;
    // The name, in parentheses, may contain anything; the state is the first field after it, the
    // start time the twentieth.
    std::string_view fields = **content;
    const std::size_t name_end = fields.rfind(')');
    if (name_end == std::string_view::npos || name_end + 2 >= fields.size()) return std::nullopt;
    fields.remove_prefix(name_end + 2);
    Stat stat;
    stat.state = fields.front();
    for (int i = 0; i < 19; ++i) {
        const std::size_t space = fields.find(' ');
        if (space == std::string_view::npos) return std::nullopt;
        fields.remove_prefix(space + 1);
    }
    std::from_chars(fields.data(), fields.data() + fields.size(), stat.start_time);
    return stat;
}

bool is_dead(char state) { return state == 'Z' || state == 'X'; }

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

/// Empty where it may not be read, or there is none.
std::string environment_of(pid_t pid) {
    constexpr std::size_t most = 8U << 20;
    auto content = read_file("/proc/" + std::to_string(pid) + "/environ", most);
    return content && content->has_value() ? std::move(**content) : std::string();
}

bool carries(pid_t pid, std::string_view session_id) {
    const std::string environment = environment_of(pid);
    return variable(environment, keeper::session_variable) == session_id &&
           !variable(environment, keeper::worker_variable);
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

} // namespace

const std::string& boot_id() {
    static const std::string id = [] {
        auto content = read_file("/proc/sys/kernel/random/boot_id", 256);
        std::string text = content && content->has_value() ? **content : std::string();
        while (!text.empty() && text.back() == '\n') text.pop_back();
        return text;
    }();
    return id;
}

std::int64_t boot_clock() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

std::optional<ProcessIdentity> identify(pid_t pid) {
    const auto stat = read_stat(pid);
    if (!stat) return std::nullopt;
    return ProcessIdentity{pid, stat->start_time};
}

Descriptor open_process(const ProcessIdentity& identity) {
    if (identity.pid <= 0) return {};
    Descriptor process = pidfd_open(identity.pid);
    if (!process) return {};
    // Looked at after the descriptor was made: were the number given to another process before,
    // the start time would tell, and after it the descriptor stays where it is.
    const auto stat = read_stat(identity.pid);
    if (!stat || stat->start_time != identity.start_time || is_dead(stat->state)) return {};
    return process;
}

bool send_signal(const Descriptor& process, int signal) {
    if (::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0U) == 0) return true;
    return errno == ESRCH;
}

Result<std::vector<FoundProcess>> find_session_processes(std::string_view session_id) {
    const std::string entry = std::string(keeper::session_variable) + "=" + std::string(session_id);
    const std::unique_ptr<DIR, CloseDirectory> folder(::opendir("/proc"));
    if (!folder) return system_error("directory /proc", errno);
    std::vector<FoundProcess> found;
    while (const dirent* name = ::readdir(folder.get())) {
        const std::string_view text = name->d_name;
        pid_t pid = 0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), pid);
        if (failed != std::errc() || end != text.data() + text.size() || pid == ::getpid()) {
            continue;
        }
        if (!carries(pid, session_id)) continue;
        Descriptor process = pidfd_open(pid);
        const auto stat = read_stat(pid);
        // Looked at twice, the second time with the descriptor in hand.
        if (!process || !stat || is_dead(stat->state) || !carries(pid, session_id)) continue;
        found.push_back({{pid, stat->start_time}, std::move(process)});
    }
    return found;
}

bool carries_other_tasks(pid_t pid, std::string_view session_id) {
    const std::string environment = environment_of(pid);
    return variable(environment, keeper::worker_variable).has_value() ||
           variable(environment, keeper::session_variable).value_or(session_id) != session_id;
}

} // namespace loong::local
