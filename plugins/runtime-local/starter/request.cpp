#include "request.hpp"

#include "../system.hpp"

#include <cerrno>
#include <charconv>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace loong::starter {
namespace {

Result<std::string> read_whole(int descriptor) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) return local::system_error("specification", errno);
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t count =
            ::pread(descriptor, text.data() + done, text.size() - done, static_cast<off_t>(done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return local::system_error("specification", errno);
        if (count == 0) break;
        done += static_cast<std::size_t>(count);
    }
    text.resize(done);
    return text;
}

/// `DECISION TOOL PREFIX`
bool add_rule(ToolPolicy& policy, std::string_view text) {
    const std::size_t end = text.find(' ', 2);
    if (text.size() < 3 || text[1] != ' ' || text[0] < '0' || text[0] > '2' ||
        end == std::string_view::npos) {
        return false;
    }
    policy.rules.push_back({std::string(text.substr(2, end - 2)),
                            static_cast<ToolDecision>(text[0] - '0'),
                            std::string(text.substr(end + 1))});
    return true;
}

bool add_to_policy(ToolPolicy& policy, std::string_view name, std::string value) {
    if (name == "narrowed") {
        policy.narrowed = value == "1";
        if (policy.narrowed) policy.write_directories.emplace();
    } else if (name == "network") {
        policy.network = value == "1";
    } else if (name == "reads") {
        policy.read_directories.emplace();
    } else if (name == "read" && policy.read_directories) {
        policy.read_directories->push_back(std::move(value));
    } else if (name == "write") {
        if (policy.write_directories) policy.write_directories->push_back(std::move(value));
    } else if (name == "hidden") {
        policy.hidden_directories.push_back(std::move(value));
    } else if (name == "protected") {
        policy.protected_places.push_back(std::move(value));
    } else {
        return name == "rule" && add_rule(policy, value);
    }
    return true;
}

bool add(Request& request, std::string_view name, std::string value) {
    if (name == "directory") {
        request.directory = std::move(value);
    } else if (name == "session") {
        request.session_id = std::move(value);
    } else if (name == "program") {
        request.command.path = std::move(value);
    } else if (name == "working_directory") {
        request.command.directory = std::move(value);
    } else if (name == "argument") {
        request.command.arguments.push_back(std::move(value));
    } else if (name == "environment") {
        request.command.environment.push_back(std::move(value));
    } else if (name == "grace") {
        std::int64_t grace = 0;
        const char* end = value.data() + value.size();
        if (std::from_chars(value.data(), end, grace).ptr != end) return false;
        request.limits.grace = Microseconds(grace);
    } else if (name == "umask") {
        const char* end = value.data() + value.size();
        if (std::from_chars(value.data(), end, request.command.umask.emplace()).ptr != end) {
            return false;
        }
    } else {
        return add_to_policy(request.policy, name, std::move(value));
    }
    return true;
}

} // namespace

Result<Request> read_request(int descriptor) {
    Result<std::string> text = read_whole(descriptor);
    if (!text) return std::move(text).error();
    Request request;
    for (std::size_t at = 0; at < text->size();) {
        const std::size_t end = text->find('\0', at);
        const std::size_t middle = text->find('=', at);
        const bool formed = end != std::string::npos && middle < end;
        if (!formed || !add(request, std::string_view(*text).substr(at, middle - at),
                            text->substr(middle + 1, end - middle - 1))) {
            return Error{ErrorCode::invalid_argument,
                         "specification for loong-starter: it is of another version",
                         "rebuild the plugin against this loong"};
        }
        at = end + 1;
    }
    return request;
}

} // namespace loong::starter
