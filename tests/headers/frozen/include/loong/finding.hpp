#pragma once
/// What somebody who looks for it finds not to be as it should be. Stores tell it of what they keep
/// (`Store::verify`), runtimes of where they stand (`RuntimeDiagnosis`), core of all the rest.

#include <cstdint>
#include <string>
#include <string_view>

namespace loong {

enum class Severity : std::uint8_t { note, warning, error };

inline constexpr Severity last_severity = Severity::error;

/// Something that is not as it should be.
///
/// A note without a fix is a fact, and no fault: it is shown, asks for nothing and is not counted.
struct Finding {
    /// A stable word for the kind of finding, for example `torn_tail`: lower-case letters, digits
    /// and `_`.
    std::string code;
    Severity severity = Severity::warning;
    /// Empty where the finding is not about one task.
    std::string task_id;
    /// What is wrong, and why it may be so.
    std::string cause;
    /// What repairs it: what repair() would do, or what a person has to do.
    std::string fix;
    bool repairable = false;
};

[[nodiscard]] constexpr std::string_view to_string(Severity severity) noexcept {
    switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
    }
    return "error";
}

[[nodiscard]] inline bool is_fact(const Finding& finding) noexcept {
    return finding.severity == Severity::note && finding.fix.empty() && !finding.repairable;
}

} // namespace loong
