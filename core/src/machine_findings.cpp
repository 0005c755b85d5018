#include "machine_findings.hpp"

#include "descriptor.hpp"
#include "finding_codes.hpp"
#include "notify_command.hpp"
#include "text.hpp"
#include "trusted_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace loong {

namespace {

constexpr const char* most_instances_file = "/proc/sys/fs/inotify/max_user_instances";

Diagnosed about(const std::string& subject, const char* code, Severity severity, std::string cause,
                std::string fix) {
    Diagnosed found;
    found.subject = subject;
    found.finding = {code, severity, {}, std::move(cause), std::move(fix), false};
    return found;
}

/// A program that every installation has beside it.
void look_at_program(std::vector<Diagnosed>& findings, const std::string& file, const char* code,
                     const char* without_it) {
    if (::access(file.c_str(), X_OK) == 0) return;
    findings.push_back(about(file, code, Severity::error,
                             file + ": " + std::strerror(errno) + "; " + without_it,
                             "install loong again, whole"));
}

/// What others may have written has to be looked at by a person before it is trusted again, so
/// nothing of this is repaired by the program.
void look_at_place(std::vector<Diagnosed>& findings, const std::string& path, const char* code,
                   const std::string& consequence) {
    struct stat status {};
    if (path.empty() || ::stat(path.c_str(), &status) != 0) return;
    const std::string why = why_not_trusted(status);
    if (why.empty()) return;
    Diagnosed found =
        about(path, code, Severity::error, path + " " + why + ", so " + consequence,
              "look whether somebody changed what is there, then make it yours alone");
    const bool foreign = status.st_uid != ::geteuid() && status.st_uid != 0;
    found.command = (foreign ? "chown " + std::to_string(::geteuid()) : std::string("chmod go-w")) +
                    " " + shell_quote(path);
    findings.push_back(std::move(found));
}

} // namespace

FileWatchLimits look_at_file_watches() {
    FileWatchLimits limits;
    const Descriptor instance(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!instance) limits.error_number = errno;
    std::ifstream file(most_instances_file);
    std::uint64_t number = 0;
    if (file >> number) limits.most_instances = number;
    return limits;
}

std::vector<Diagnosed> file_watch_findings(const FileWatchLimits& limits, int max_parallel) {
    // A worker watches its task and the other slots, and somebody waits for each of them.
    constexpr std::uint64_t for_others = 16;
    const std::uint64_t wanted = for_others + 4 * static_cast<std::uint64_t>(max_parallel);
    const bool is_low = limits.most_instances && *limits.most_instances < wanted;
    if (limits.error_number == 0 && !is_low) return {};
    std::string cause;
    if (limits.error_number != 0) {
        cause = std::string("the system has no file watch left: ") +
                std::strerror(limits.error_number) +
                "; what waits looks once a second instead of being told";
    } else {
        cause = "the system gives each user " + std::to_string(*limits.most_instances) +
                " file watches, and " + std::to_string(wanted) +
                " may be needed; what gets none looks once a second instead of being told";
    }
    Diagnosed found = about("inotify", finding_code::few_file_watches, Severity::warning,
                            std::move(cause), "raise the limit, as root");
    const std::uint64_t enough = std::max(2 * limits.most_instances.value_or(0), 2 * wanted);
    found.command = "sysctl fs.inotify.max_user_instances=" + std::to_string(enough);
    return {std::move(found)};
}

std::vector<Diagnosed> program_findings(const std::string& worker_program,
                                        const std::string& keeper_path) {
    std::vector<Diagnosed> findings;
    look_at_program(findings, worker_program, finding_code::worker_missing,
                    "no worker can be started");
    look_at_program(findings, keeper_path, finding_code::keeper_missing,
                    "no command can be run under a keeper");
    return findings;
}

std::vector<Diagnosed> notifier_findings(const Config& config) {
    if (config.notify_command.empty() || find_program(config.notify_command.front())) return {};
    const std::string& program = config.notify_command.front();
    return {about(config.file, finding_code::notifier_missing, Severity::warning,
                  "the notify command: there is no program '" + program +
                      "' that could be run; tasks are not affected, and nobody is told of them",
                  "install it, or correct `notify.command` in the configuration")};
}

std::vector<Diagnosed> control_group_findings(const std::string& warning) {
    if (warning.empty()) return {};
    const std::size_t semicolon = warning.find("; ");
    return {about("control group", finding_code::control_group, Severity::warning,
                  warning.substr(0, semicolon),
                  semicolon == std::string::npos ? "start work from elsewhere"
                                                 : warning.substr(semicolon + 2))};
}

std::vector<Diagnosed> place_findings(const std::string& config_file,
                                      const std::string& state_directory) {
    std::vector<Diagnosed> findings;
    look_at_place(findings, config_file, finding_code::config_permissions, "it is not read");
    look_at_place(findings, state_directory, finding_code::state_permissions, "it is not used");
    return findings;
}

} // namespace loong
