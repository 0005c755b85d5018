#pragma once
/// What is not as it should be: of one session tree (`Tasks::heal`), or of everything (diagnose()).
/// Both look with the same eyes, so that they never disagree about a task.

#include "loong/error.hpp"
#include "loong/finding.hpp"
#include "loong/tasks.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace loong {

enum class RepairState : std::uint8_t {
    /// Not asked for, or not repairable.
    not_tried,
    /// Repaired, or in order again by the time that it was to be repaired.
    repaired,
    failed,
};

[[nodiscard]] constexpr std::string_view to_string(RepairState state) noexcept {
    switch (state) {
    case RepairState::not_tried: return "not_tried";
    case RepairState::repaired: return "repaired";
    case RepairState::failed: return "failed";
    }
    return "failed";
}

/// A finding, and what became of it.
struct Diagnosed {
    Finding finding;
    /// What the finding is about where it is no task: `store`, `runtime local`, a file; may be
    /// empty.
    std::string subject;
    /// A command line that repairs it or leads on; empty where there is none.
    std::string command;
    RepairState repair = RepairState::not_tried;
    /// Why the repair failed.
    std::optional<Error> error;
};

struct Diagnosis {
    /// Empty where none was read.
    std::string config_file;
    std::string state_directory;
    /// As configured; empty where the configuration could not be read.
    std::string store_plugin;
    /// The session whose tree was looked at; empty: everything.
    std::string session_id;
    /// Errors first, then warnings, then notes.
    std::vector<Diagnosed> findings;
    /// Worth knowing, and nothing to be done about (see is_fact).
    std::vector<Diagnosed> facts;
    /// Of the tree, or of everything, as `Tasks::list` counts them when asked after the repairs;
    /// absent where the store could not be opened or read.
    std::optional<std::uint64_t> task_count;
    std::optional<std::uint64_t> needs_attention_count;
};

/// Looks through configuration, plugins, installation, machine, store and tasks, of every session.
/// Reads every task.
///
/// Never fails: what keeps it from looking (an invalid configuration, a store of a newer format) is
/// a finding, and everything else is looked at all the same. Configured runtimes are loaded; other
/// plugins are judged without running any of them.
///
/// Changes nothing unless `apply`. Then everything that is repairable is repaired, so that a second
/// call finds nothing of it: what the store repairs, lost sessions as `recover` without options
/// does, a queue that nobody serves, secrets that outlived their task, requests that nobody can use
/// any more. Whatever lives is left alone: no carrier is ended, no task is removed, nothing that
/// was recorded is lost. May be called while workers are at work; waits for no more than 10 s for
/// any lock.
///
/// Of the options, the session and the visibility are not looked at.
[[nodiscard, gnu::visibility("default")]] Diagnosis diagnose(const OpenOptions& options,
                                                             bool apply);

} // namespace loong
