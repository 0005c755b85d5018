#pragma once
/// What the terminal of standard output understands, as the system's database says.

#include <string>

namespace loong::cli {

/// False where TERM names no terminal that is known. Before anything else here.
[[nodiscard]] bool load_terminal_capabilities();

/// A capability by its terminfo name as the bytes to be written; empty where the terminal has none.
[[nodiscard]] std::string terminal_capability(const char* name);

} // namespace loong::cli
