#pragma once
/// One call of the program, as a verb sees it.

#include "exit_code.hpp"
#include "loong/tasks.hpp"
#include "loong/value.hpp"
#include "option_table.hpp"
#include "printer.hpp"
#include "store_progress.hpp"
#include "terminal.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong::cli {

/// The options that every verb has.
struct GlobalOptions {
    std::optional<std::string> config_file;
    std::optional<std::string> session_id;
    bool json = false;
    bool quiet = false;
    bool all_sessions = false;
};

struct Invocation {
    /// As JSON names it, for example `tasks list`.
    std::string command;
    GlobalOptions globals;
    /// The words that are no options. What stood behind `--` is among them unless the verb takes a
    /// command.
    std::vector<std::string> words;
    /// What stood behind the first `--`, for a verb that takes a command.
    std::optional<std::vector<std::string>> command_line;
    Terminal terminal = look_at_terminal(1);
    Printer out{1, "standard output"};
    Printer err{2, "standard error"};
    std::vector<std::string> warnings;
    /// What nobody should wait for to be closed, which ends the process at once: see end_process().
    std::optional<Tasks> left_open;
    /// Shared with what open() gives, which may outlive this.
    std::shared_ptr<StoreProgressLine> store_progress = std::make_shared<StoreProgressLine>();

    /// A view of the state directory by this viewer.
    [[nodiscard]] Result<Tasks> open() const { return open({}); }
    /// The same for the `expects_` members that are set.
    [[nodiscard]] Result<Tasks> open(OpenOptions options) const;

    /// The keys that every JSON answer starts with.
    [[nodiscard]] Value header(const Tasks* tasks) const;
};

/// A verb. Errors that it returns are printed by whoever called it; it prints those itself that
/// belong to one of several tasks.
class Verb {
public:
    Verb() = default;
    Verb(const Verb&) = delete;
    Verb& operator=(const Verb&) = delete;
    virtual ~Verb() = default;

    virtual void declare(OptionTable& table) = 0;
    virtual Result<ExitCode> run(Invocation& invocation) = 0;

    /// What stands behind `--` is a command and not a list of words.
    [[nodiscard]] virtual bool takes_command() const { return false; }
};

} // namespace loong::cli
