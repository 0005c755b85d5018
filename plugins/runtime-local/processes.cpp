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

Result<std::optional<Stat>> read_stat(pid_t pid) {
    const auto content = read_about(pid, "stat");
    if (!content) return content.error();
    if (!content->has_value()) return std::optional<Stat>();
    // The name, in parentheses, may contain anything; the state is the first field after it, the
    // start time the twentieth.
    std::string_view fields = **content;
    const std::size_t name_end = fields.rfind(')');
    if (name_end == std::string_view::npos || name_end + 2 >= fields.size()) {
        return std::optional<Stat>();
    }
    fields.remove_prefix(name_end + 2);
    Stat stat;
    stat.state = fields.front();
    for (int i = 0; i < 19; ++i) {
        const std::size_t space = fields.find(' ');
        if (space == std::string_view::npos) return std::optional<Stat>();
        fields.remove_prefix(space + 1);
    }
    std::from_chars(fields.data(), fields.data() + fields.size(), stat.start_time);
    return std::optional(stat);
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

Result<bool> carries(pid_t pid, std::string_view session_id) {
    const auto environment = read_about(pid, "environ");
    if (!environment) return environment.error();
    if (!environment->has_value()) return false;
    return variable(**environment, keeper::session_variable) == session_id &&
           !variable(**environment, keeper::worker_variable);
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

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
    if (!stat->has_value() || (*stat)->start_time != identity.start_time ||
        is_dead((*stat)->state)) {
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
        auto ours = carries(pid, session_id);
        if (!ours) return std::move(ours).error();
        if (!*ours) continue;
        Descriptor process = pidfd_open(pid);
        if (!process && errno == ESRCH) continue;
        if (!process) return system_error("process " + std::to_string(pid), errno);
        // Looked at twice, the second time with the descriptor in hand.
        const auto stat = read_stat(pid);
        if (!stat) return stat.error();
        ours = carries(pid, session_id);
        if (!ours) return std::move(ours).error();
        if (!stat->has_value() || is_dead((*stat)->state) || !*ours) continue;
        found.push_back({{pid, (*stat)->start_time}, std::move(process)});
    }
    return found;
}

Result<bool> carries_other_tasks(pid_t pid, std::string_view session_id) {
    const auto environment = read_about(pid, "environ");
    if (!environment) return environment.error();
    if (!environment->has_value()) return false;
    return variable(**environment, keeper::worker_variable).has_value() ||
           variable(**environment, keeper::session_variable).value_or(session_id) != session_id;
}

} // namespace loong::local
