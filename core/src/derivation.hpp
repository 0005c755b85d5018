#pragma once
/// The table of the derivation: sixteen rows, of which the first that matches decides.

#include "loong/status.hpp"

#include <array>

namespace loong {

struct DerivationRow {
    /// From 1, as the table is documented.
    int number = 0;
    Status status = Status::unknown;
    bool terminal = false;
    bool blocked = false;
    bool needs_attention = false;
    bool (*matches)(const Facts&) noexcept = nullptr;
    /// Fixed for most rows.
    NextAction (*next_action)(const Facts&) noexcept = nullptr;
};

/// The row that decides. Its number tells why, and chooses the reason.
[[nodiscard]] const DerivationRow& derivation_row(const Facts& facts) noexcept;

/// One sentence: why this row.
[[nodiscard]] std::string derivation_reason(const DerivationRow& row, const Facts& facts,
                                            const FactDetails& details);

/// All commands that make sense now; the first carries out the row's next action.
[[nodiscard]] std::vector<std::string>
derivation_commands(const DerivationRow& row, const Facts& facts, const FactDetails& details);

} // namespace loong
