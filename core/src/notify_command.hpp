#pragma once
/// Running the notify command once.

#include "loong/time.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace loong {

struct NotifyCommand {
    /// The program, by its name or its path, and its arguments.
    std::vector<std::string> words;
    /// What it finds on its standard input.
    std::string input;
    /// Set for it, or removed where the value is empty, in the environment of this process.
    std::vector<std::pair<std::string, std::string>> environment;
    /// After this it is killed, with its whole process group.
    Milliseconds limit{};
};

/// The program that `word` means here: itself where it is a path, else the first of its name in
/// PATH. Absent where nothing there can be executed.
[[nodiscard]] std::optional<std::string> find_program(const std::string& word);

/// Blocks until the command has ended or was killed. Absent where it exited with 0; else why not, in
/// one sentence, with the end of what it wrote to its standard error. It leads a session of its own,
/// so that whatever it starts can be ended with it, and dies with the thread that called this.
[[nodiscard]] std::optional<std::string> run_notify_command(const NotifyCommand& command);

} // namespace loong
