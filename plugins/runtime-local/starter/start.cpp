#include "start.hpp"

#include "../confinement.hpp"
#include "../keeper/protocol.hpp"
#include "../keeper_spec.hpp"
#include "../system.hpp"
#include "../work_lock.hpp"
#include "request.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace loong::starter {
namespace {

using local::Confinement;
using local::Descriptor;

/// There is one command a session; the keeper wants a name for it.
const std::string command_id = "0/1";

/// The program that this process belongs to is not the one that the work calls: `loong`, for the
/// inside channel.
std::string own_program(const std::string& keeper_path) {
    namespace fs = std::filesystem;
    return (fs::path(keeper_path).parent_path().parent_path().parent_path() / "bin/loong").string();
}

Result<Confinement> confine_command(Request& request, const std::string& keeper_path) {
    if (!request.policy.narrowed) return Confinement();
    auto temporary = local::make_temporary_directory(request.directory);
    if (!temporary) return std::move(temporary).error();
    auto& environment = request.command.environment;
    std::erase_if(environment, [](const std::string& one) { return one.starts_with("TMPDIR="); });
    environment.push_back("TMPDIR=" + *temporary);
    local::OwnPlaces places;
    places.directories.push_back(*std::move(temporary));
    const std::string channel = std::string(channel_variable) + "=";
    for (const std::string& one : environment) {
        if (!one.starts_with(channel)) continue;
        const std::string path = one.substr(channel.size());
        if (std::filesystem::path(path).parent_path() == request.directory) {
            places.directories.push_back(path);
        }
    }
    places.files = {own_program(keeper_path)};
    return local::confine(request.policy, local::detect_kernel_abilities(), places);
}

/// Descriptors at the numbers at which a keeper looks for them. Copies first: a number that is wanted
/// may be in use by another one.
bool arrange(const std::vector<std::pair<int, int>>& wanted) {
    std::vector<int> copies;
    for (const auto& [source, target] : wanted) {
        copies.push_back(::fcntl(source, F_DUPFD_CLOEXEC, 32));
        if (copies.back() < 0) return false;
    }
    ::syscall(SYS_close_range, 3U, 31U, 0U);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (::dup2(copies[i], wanted[i].second) < 0) return false;
    }
    return true;
}

} // namespace

Error become_keeper(const std::string& keeper_path) {
    auto request = read_request(spec_descriptor);
    if (!request) return std::move(request).error();
    auto lock = local::WorkLock::take(request->directory);
    if (!lock) return std::move(lock).error();
    if (!*lock) {
        return {ErrorCode::conflict,
                "session " + request->session_id + ": an earlier process of it still lives",
                "end it first"};
    }
    auto confinement = confine_command(*request, keeper_path);
    if (!confinement) return std::move(confinement).error();
    if (auto fits = local::check_size(request->command); !fits) return std::move(fits).error();
    auto spec = local::write_keeper_spec(
        {command_id, request->session_id, request->limits, request->command, *confinement,
         keeper::given_streams_flag | keeper::end_with_starter_flag});
    if (!spec) return std::move(spec).error();
    const Descriptor directory(
        ::open(request->directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return local::system_error("directory " + request->directory, errno);
    std::vector<std::pair<int, int>> wanted{{spec->get(), keeper::spec_descriptor},
                                            {control_descriptor, keeper::control_descriptor},
                                            {(*lock)->descriptor(), keeper::lock_descriptor},
                                            {directory.get(), keeper::directory_descriptor},
                                            {0, keeper::given_input_descriptor},
                                            {1, keeper::given_output_descriptor},
                                            {2, keeper::given_errors_descriptor}};
    if (confinement->ruleset) {
        wanted.emplace_back(confinement->ruleset.get(), keeper::ruleset_descriptor);
    }
    if (!arrange(wanted)) return local::system_error("descriptors for loong-keeper", errno);
    std::string name = "loong-keeper";
    std::string protocol = keeper::protocol_number;
    std::string variable = std::string(keeper::session_variable) + "=" + request->session_id;
    const std::array<char*, 4> arguments{name.data(), protocol.data(), request->session_id.data(),
                                         nullptr};
    const std::array<char*, 2> environment{variable.data(), nullptr};
    ::execve(keeper_path.c_str(), arguments.data(), environment.data());
    return {ErrorCode::worker_unavailable,
            "loong-keeper " + keeper_path + ": " + local::error_text(errno),
            "check that loong is installed whole"};
}

} // namespace loong::starter
