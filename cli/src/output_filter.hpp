#pragma once
/// What a task wrote, made fit for the operator's terminal.

#include <string>
#include <string_view>

namespace loong::cli {

/// Lets text, newlines, tabs and colours (SGR sequences) through and writes every other control
/// character and sequence as an escape. Works on any division of the bytes into pieces.
class OutputFilter {
public:
    [[nodiscard]] std::string pass(std::string_view bytes);

    /// What was held back because it might have become something; and an end to any colour.
    [[nodiscard]] std::string finish();

private:
    std::string held_back_;
    bool coloured_ = false;
};

} // namespace loong::cli
