#pragma once
/// The options of one verb: declared once, for parsing and for the help text.

#include "loong/error.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace loong::cli {

/// Every option that takes a value takes exactly one for each time that it is named; none ever eats
/// the words behind it. What the table refers to has to outlive it.
class OptionTable {
public:
    /// `command` is for messages and help, for example `loong tasks list`.
    OptionTable(std::string command, std::string summary)
        : command_(std::move(command)),
          summary_(std::move(summary)) {}

    /// What stands behind the verb in the usage line, for example `TASK...`; a verb that declares
    /// none takes none. At most `limit` of them.
    void positionals(std::string usage, std::size_t limit);

    void flag(std::string name, bool& target, std::string help);
    void value(std::string name, std::string placeholder, std::optional<std::string>& target,
               std::string help);
    void values(std::string name, std::string placeholder, std::vector<std::string>& target,
                std::string help);
    /// The words that the option named last can have, where there are only some. For people and for
    /// completion; the verb itself refuses all others.
    void words(std::vector<std::string> words) { options_.back().words = std::move(words); }
    /// What follows is for the part of the help about options that every verb has.
    void begin_global_options() { first_global_ = options_.size(); }

    /// Whole command lines.
    void example(std::string command_line) { examples_.push_back(std::move(command_line)); }
    /// More sentences for the help, below the options.
    void note(std::string text) { notes_.push_back(std::move(text)); }
    /// What the exit status says, for the verb's help.
    void exit_codes(std::string text) { exit_codes_ = std::move(text); }

    /// Fills in the targets. Returns the words that are no options, in order.
    /// `invalid_argument`, with the nearest word where a name is unknown.
    Result<std::vector<std::string>> parse(const std::vector<std::string>& words) const;

    /// `invalid_argument` where there are more words than the verb takes.
    Result<void> check_positionals(const std::vector<std::string>& words) const;

    [[nodiscard]] std::string help() const;

    struct Option {
        /// `-q,--quiet`
        std::string name;
        /// Of its value; empty for a flag.
        std::string placeholder;
        std::string help;
        std::vector<std::string> words;
        bool* flag = nullptr;
        std::optional<std::string>* value = nullptr;
        std::vector<std::string>* values = nullptr;

        /// `-q`, `--quiet`
        [[nodiscard]] std::vector<std::string> names() const;
        [[nodiscard]] bool takes_value() const { return flag == nullptr; }
        /// False where it certainly is not among the words.
        [[nodiscard]] bool may_occur_in(const std::vector<std::string>& given) const;
    };
    /// Those of the verb, and those that every verb has.
    [[nodiscard]] std::span<const Option> own_options() const;
    [[nodiscard]] std::span<const Option> global_options() const;
    /// Null where there is none of that name.
    [[nodiscard]] const Option* find_option(std::string_view name) const;
    [[nodiscard]] const std::string& summary() const noexcept { return summary_; }
    [[nodiscard]] const std::string& positional_usage() const noexcept { return positional_usage_; }
    [[nodiscard]] const std::vector<std::string>& examples() const noexcept { return examples_; }
    [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }
    [[nodiscard]] const std::string& exit_status() const noexcept { return exit_codes_; }
    [[nodiscard]] const std::string& command() const noexcept { return command_; }

private:
    Result<void> take(const Option& option, std::vector<std::string> given) const;
    [[nodiscard]] Error unknown_option(const std::string& word) const;
    [[nodiscard]] std::string list_options(std::size_t first, std::size_t end) const;

    std::string command_;
    std::string summary_;
    std::string positional_usage_;
    std::size_t positional_limit_ = 0;
    std::vector<Option> options_;
    std::optional<std::size_t> first_global_;
    std::vector<std::string> examples_;
    std::vector<std::string> notes_;
    std::string exit_codes_;
};

} // namespace loong::cli
