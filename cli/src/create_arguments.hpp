#pragma once
/// What is said of a new task, on the command line or in a batch file, before it means anything.

#include "loong/error.hpp"
#include "loong/tasks.hpp"

#include <optional>
#include <string>
#include <vector>

namespace loong::cli {

class OptionTable;

struct CreateArguments {
    std::optional<std::string> text;
    /// The text is what stands on standard input.
    bool text_from_input = false;
    std::optional<std::vector<std::string>> command;
    std::optional<std::string> plan_file;
    std::optional<std::string> label;
    std::optional<std::string> timeout;
    std::optional<std::string> start_within;
    std::optional<std::string> grace;
    std::optional<std::string> runtime;
    std::optional<std::string> cwd;
    std::vector<std::string> env;
    std::vector<std::string> after;
    std::vector<std::string> after_any;
    std::optional<std::string> priority;
    std::optional<std::string> retry;
    bool hold = false;
    std::optional<std::string> dedupe_key;
    std::optional<std::string> max_output;
    /// `TOOL` or `TOOL:PREFIX`.
    std::vector<std::string> allow;
    std::vector<std::string> ask;
    std::vector<std::string> deny;
    std::vector<std::string> read;
    std::vector<std::string> write;
    bool no_network = false;

    /// The options that stand for these members.
    void declare(OptionTable& table);

    /// Whether anything was said at all.
    [[nodiscard]] bool is_empty() const;
};

/// `invalid_argument` unless exactly one kind of work was given and every value is one; reads the
/// plan's file, or standard input for the text.
[[nodiscard]] Result<CreateRequest> to_request(const CreateArguments& arguments);

/// A file's content, or that of standard input where the name is `-`; `what` is for messages.
/// `invalid_argument` where it cannot be read or is larger than `limit`.
[[nodiscard]] Result<std::string> read_input(const std::string& what, const std::string& file,
                                             std::size_t limit);

} // namespace loong::cli
