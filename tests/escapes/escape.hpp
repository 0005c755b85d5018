#pragma once
/// Ways in which work might get at what it was not given. Each returns whether it got there: 0, or
/// the error number that it met.

#include <span>
#include <string>
#include <vector>

namespace loong::escapes {

struct Escape {
    const char* name;
    /// `target` is what it is after: a file, a directory, a port, a process.
    int (*attempt)(const std::string& target);
};

[[nodiscard]] std::vector<Escape> file_escapes();
[[nodiscard]] std::vector<Escape> network_escapes();
[[nodiscard]] std::vector<Escape> process_escapes();

/// Writes a word into a file that is there, without truncating it. 0 or an error number.
[[nodiscard]] int write_into(const std::string& path);

} // namespace loong::escapes
