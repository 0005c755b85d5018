#include "command.hpp"

#include "keeper/protocol.hpp"
#include "system.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace loong::local {
namespace {

constexpr std::string_view default_path = "/bin:/usr/bin";

void set_variable(std::vector<std::string>& environment, std::string_view name,
                  std::string_view value) {
    std::string start(name);
    start += '=';
    const auto same = [&](const std::string& entry) { return entry.starts_with(start); };
    std::erase_if(environment, same);
    environment.push_back(start.append(value));
}

std::string_view path_of(const std::vector<std::string>& environment) {
    constexpr std::string_view start = "PATH=";
    for (const std::string& entry : environment) {
        if (entry.starts_with(start)) return std::string_view(entry).substr(start.size());
    }
    return default_path;
}

/// 0, or why the file cannot be executed.
int executable_error(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return errno;
    if (S_ISDIR(status.st_mode)) return EISDIR;
    if (!S_ISREG(status.st_mode)) return EACCES;
    return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

Error not_found(const std::string& name, const std::string& why, std::string hint) {
    return {ErrorCode::invalid_argument, "command " + name + ": " + why, std::move(hint)};
}

} // namespace

std::vector<std::string> make_environment(const SessionSpec& spec,
                                          const std::vector<EnvironmentVariable>& more) {
    std::vector<std::string> environment;
    environment.reserve(spec.environment.size() + more.size() + 1);
    const std::string worker = std::string(keeper::worker_variable) + "=";
    for (const EnvironmentVariable& variable : spec.environment) {
        environment.push_back(variable.name + "=" + variable.value);
    }
    for (const EnvironmentVariable& variable : more) {
        set_variable(environment, variable.name, variable.value);
    }
    // By the one the work is found when its keeper was killed; by the other a worker is told from
    // work, and no work is a worker.
    set_variable(environment, keeper::session_variable, spec.task_session_id);
    std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(worker); });
    return environment;
}

Result<std::string> find_program(const std::string& name, const std::string& directory,
                                 const std::vector<std::string>& environment) {
    if (name.empty()) {
        return Error{ErrorCode::invalid_argument, "command: its name is empty",
                     "put the command after --, for example: -- make -j4"};
    }
    if (name.find('/') != std::string::npos) {
        const std::string path = name.front() == '/' ? name : directory + "/" + name;
        const int error = executable_error(path);
        if (error != 0) {
            return not_found(name, error_text(error),
                             name.front() == '/' ? "" : "it was looked for in " + directory);
        }
        return name;
    }
    std::string_view path = path_of(environment);
    int found_error = 0;
    for (;;) {
        const std::size_t end = path.find(':');
        std::string folder(path.substr(0, end));
        // An empty entry is the working directory.
        if (folder.empty()) folder = directory;
        std::string candidate = folder.append("/").append(name);
        std::string absolute = candidate;
        if (candidate.front() != '/') absolute.insert(0, "/").insert(0, directory);
        const int error = executable_error(absolute);
        if (error == 0) return candidate;
        if (error != ENOENT && error != ENOTDIR) found_error = error;
        if (end == std::string_view::npos) break;
        path.remove_prefix(end + 1);
    }
    if (found_error != 0) return not_found(name, error_text(found_error), {});
    return not_found(name, "not found on PATH",
                     "a shell text (pipes, ;, &&) is given as one argument without --");
}

Result<void> check_directory(const std::string& directory) {
    const std::string what = "working directory " + directory;
    if (directory.empty() || directory.front() != '/') {
        return Error{ErrorCode::invalid_argument, what + ": is not absolute", {}};
    }
    struct stat status {};
    int error = ::stat(directory.c_str(), &status) == 0 ? 0 : errno;
    if (error == 0 && !S_ISDIR(status.st_mode)) error = ENOTDIR;
    if (error == 0 && ::access(directory.c_str(), X_OK) != 0) error = errno;
    if (error == 0) return {};
    return Error{ErrorCode::invalid_argument, what + ": " + error_text(error),
                 "choose another with --cwd"};
}

Result<void> check_size(const Command& command) {
    std::size_t total = command.path.size() + 1 + sizeof(char*) * 4;
    for (const std::vector<std::string>* list : {&command.arguments, &command.environment}) {
        const bool arguments = list == &command.arguments;
        for (const std::string& entry : *list) {
            const std::string what =
                arguments ? "command " + command.arguments.front()
                          : "environment variable " + entry.substr(0, entry.find('='));
            if (entry.find('\0') != std::string::npos) {
                return Error{ErrorCode::invalid_argument, what + ": contains a NUL byte", {}};
            }
            if (entry.size() > longest_argument) {
                return Error{ErrorCode::invalid_argument,
                             what + ": " + (arguments ? "an argument of " : "its value of ") +
                                 std::to_string(entry.size()) +
                                 " bytes is more than the system takes (" +
                                 std::to_string(longest_argument) + ")",
                             "pass it in a file"};
            }
            total += entry.size() + 1 + sizeof(char*);
        }
    }
    const long limit = ::sysconf(_SC_ARG_MAX);
    // A little is kept for what the kernel itself puts there.
    if (limit > 0 && total + 4096 > static_cast<std::size_t>(limit)) {
        return Error{ErrorCode::invalid_argument,
                     "command " + command.arguments.front() + ": arguments and environment of " +
                         std::to_string(total) + " bytes are more than the system takes (" +
                         std::to_string(limit) + ")",
                     "pass some of it in a file"};
    }
    return {};
}

} // namespace loong::local
