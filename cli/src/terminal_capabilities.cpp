#include "terminal_capabilities.hpp"

// A file of its own, because term.h makes macros of words like `lines` and `columns`.
#include <curses.h>
#include <term.h>
#include <unistd.h>

namespace loong::cli {
namespace {

// What tputs() writes; it takes no argument of ours.
std::string* collected = nullptr;

int collect(int byte) {
    collected->push_back(static_cast<char>(byte));
    return byte;
}

} // namespace

bool load_terminal_capabilities() {
    int problem = 0;
    return setupterm(nullptr, STDOUT_FILENO, &problem) == OK;
}

std::string terminal_capability(const char* name) {
    const char* value = tigetstr(name);
    const bool has_none = value == nullptr || value == reinterpret_cast<const char*>(-1);
    if (has_none) return "";
    std::string bytes;
    collected = &bytes;
    tputs(value, 1, collect);
    collected = nullptr;
    return bytes;
}

} // namespace loong::cli
