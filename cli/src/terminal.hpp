#pragma once
/// What is known of the place that text is written to.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace loong::cli {

struct Terminal {
    bool is_terminal = false;
    /// On a terminal that is not `dumb`, unless NO_COLOR is set.
    bool colours = false;
    /// A terminal that is not `dumb`: a line can be written over.
    bool moves = false;
    /// The locale says UTF-8; else symbols are plain ASCII.
    bool utf8 = false;
    /// Columns: `COLUMNS`, else what a terminal says; absent: no limit.
    std::optional<std::size_t> width;
};

/// Looks at a descriptor and at the environment.
[[nodiscard]] Terminal look_at_terminal(int descriptor);

/// How a piece of text is to stand out. Colour is never the only sign.
enum class Colour { none, strong, faint, good, bad, warning, active };

/// The text in that colour where the terminal shows any.
[[nodiscard]] std::string coloured(const Terminal& terminal, Colour colour, std::string_view text);

} // namespace loong::cli
