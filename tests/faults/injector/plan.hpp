#pragma once
/// What an injector is told to do, as one line of text:
///
///     count REPORT
///     kill N REPORT
///     error ERRNO N[+] CALL[,CALL...] REPORT
///
/// `kill` ends the process at its Nth system call, before that call has any effect. `error` lets
/// the Nth of the named calls fail (with `+`: and all of them after it). REPORT is the file that
/// tells what happened; it appears when the process has ended.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong::faults {

struct Plan {
    enum class Action : std::uint8_t { count, kill, error };
    Action action = Action::count;
    std::uint64_t at = 0;
    bool and_after = false;
    int error = 0;
    /// Numbers of the calls that count; all of them where empty.
    std::vector<std::int64_t> calls;
    std::string report;
};

/// Absent where the words are not a plan.
std::optional<Plan> parse_plan(const std::string& text);

/// The name of a system call where this program knows it, else its number.
std::string name_of_call(std::int64_t number);

} // namespace loong::faults
