#pragma once
/// The words of the command line: which verb they name, and what is said to it.

#include "loong/error.hpp"

#include <optional>
#include <string>
#include <vector>

namespace loong::cli {

struct CommandLine {
    /// The first words that are neither options nor values of the options that stand before a
    /// verb; empty where there are none.
    std::string noun;
    std::string verb;
    /// All other words before `--`, in order.
    std::vector<std::string> words;
    /// What stands behind the first `--`, where there is one.
    std::optional<std::vector<std::string>> behind;
    bool json = false;
    bool help = false;
    bool version = false;
};

/// Splits the words (without the program's name). A noun that is a verb by itself (`worker`) takes
/// no second word. Never fails: what is wrong is found when the options are parsed.
[[nodiscard]] CommandLine split_command_line(const std::vector<std::string>& words,
                                             const std::vector<std::string>& nouns_without_verb);

/// Runs the program. Returns its exit status.
[[nodiscard]] int run_program(const std::vector<std::string>& words);

} // namespace loong::cli
