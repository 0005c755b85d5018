#pragma once
/// The settings of a runtime of this plugin: which agent, how it is started, how it is talked to.

#include "json.hpp"
#include <loong/error.hpp>
#include <loong/session_spec.hpp>
#include <loong/time.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace loong::acp {

struct AcpSettings {
    /// A program's name, looked for on the submitter's PATH, or an absolute path.
    std::string command;
    std::vector<std::string> args;
    std::vector<EnvironmentVariable> env;
    /// Where the agent works; empty: the task's directory.
    std::string cwd;
    /// Set after each new, resumed or loaded session; empty: what the agent begins with.
    std::string mode;
    /// Configuration options, set in the same way: id and value.
    std::vector<std::pair<std::string, json::value>> options;
    /// Whether a session may be taken up again after its worker was lost.
    bool resume = true;
    /// For messages: what makes the command be there, and where to log in.
    std::string install;
    std::string login;
    /// What is said to an agent that goes on after its worker was lost; the task's text is added.
    std::string resume_prompt =
        "You were interrupted before you had finished. Look at what is done "
        "already and go on from there. The task was:";
    /// As `session/new` wants them.
    json::array mcp_servers;

    Milliseconds initialize_limit = std::chrono::seconds(30);
    Milliseconds session_limit = std::chrono::seconds(60);
    /// Of one turn, and of not hearing anything during one; while a request is open both clocks stand
    /// still. Absent: no limit.
    std::optional<Milliseconds> turn_limit;
    std::optional<Milliseconds> silence_limit = std::chrono::minutes(30);
};

/// `invalid_config` with file and line, and the nearest word for an unknown key.
[[nodiscard]] Result<AcpSettings> read_settings(const Settings& settings);

} // namespace loong::acp
