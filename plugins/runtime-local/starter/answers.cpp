#include "answers.hpp"

#include "../end_work.hpp"
#include "../kernel_abilities.hpp"
#include "../processes.hpp"
#include "../work_lock.hpp"
#include "request.hpp"
#include "start.hpp"

#include <chrono>
#include <fstream>
#include <poll.h>

namespace loong::starter {
namespace {

using Clock = std::chrono::steady_clock;

/// The keeper among the processes of a session: it ends the others better than anybody else can, since
/// nothing of them can hide from it.
std::optional<local::ProcessIdentity> find_keeper(const std::string& session_id) {
    auto processes = local::find_session_processes(session_id);
    if (!processes) return std::nullopt;
    for (const local::FoundProcess& process : *processes) {
        std::ifstream file("/proc/" + std::to_string(process.identity.pid) + "/comm");
        std::string name;
        if (std::getline(file, name) && name.starts_with("loong-keeper")) return process.identity;
    }
    return std::nullopt;
}

/// Absent: that cannot be told.
std::optional<bool> is_left(const std::string& directory, const std::string& session_id) {
    auto lock = local::WorkLock::ask(directory);
    auto processes = local::find_session_processes(session_id);
    if (!lock || !processes) return std::nullopt;
    return *lock == local::WorkLock::State::held || !processes->empty();
}

} // namespace

Result<std::string> enforcement() {
    auto request = read_request(spec_descriptor);
    if (!request) return std::move(request).error();
    const local::KernelAbilities abilities = local::detect_kernel_abilities();
    if (auto able = local::check_abilities(abilities); !able) return std::move(able).error();
    std::string text = "by\n";
    for (const std::string& one : local::enforced_by(abilities, request->policy)) {
        text += one + "\n";
    }
    return text;
}

Result<std::string> look(const std::string& directory, const std::string& session_id,
                         std::int64_t milliseconds) {
    const auto until = Clock::now() + std::chrono::milliseconds(milliseconds);
    while (true) {
        const std::optional<bool> left = is_left(directory, session_id);
        if (!left) return std::string("unknown\n");
        if (!*left) return std::string("gone\n");
        if (Clock::now() >= until) return std::string("left\n");
        ::poll(nullptr, 0, 5);
    }
}

Result<std::string> end(const std::string& directory, const std::string& session_id,
                        std::int64_t grace_microseconds) {
    LostSession lost;
    lost.directory = directory;
    lost.spec.task_session_id = session_id;
    lost.spec.limits.grace = Microseconds(grace_microseconds);
    std::optional<local::Handle> handle;
    if (const auto keeper = find_keeper(session_id)) {
        handle.emplace();
        handle->boot_id = local::boot_id();
        handle->keeper = *keeper;
    }
    const EndHow how = grace_microseconds > 0 ? EndHow::graceful : EndHow::forced;
    auto gone = local::end_work(lost, handle, how);
    if (!gone) return std::move(gone).error();
    return std::string(*gone ? "gone\n" : "left\n");
}

} // namespace loong::starter
