#pragma once
/// Named fields below each other, as `status` shows them.

#include "terminal.hpp"

#include <string>
#include <string_view>

namespace loong::cli {

class ReportText {
public:
    explicit ReportText(const Terminal& terminal) : terminal_(terminal) {}

    /// `text` is escaped already, and left out with its name where it is empty.
    void field(std::string_view name, const std::string& text);
    /// The same for text that may be long: it is broken to the width of the terminal, where that is
    /// known.
    void paragraph(std::string_view name, const std::string& text);
    void line(const std::string& text) { text_ += text + "\n"; }

    [[nodiscard]] std::string text() const { return text_; }

private:
    Terminal terminal_;
    std::string text_;
};

} // namespace loong::cli
