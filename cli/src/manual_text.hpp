#pragma once
/// Writing man(7): what stands in a page shows as it was given, whatever it is made of.

#include <string>
#include <string_view>

namespace loong::cli {

class ManualText {
public:
    /// `NAME \- summary`
    ManualText(std::string_view title, int section, std::string_view summary);

    void section(std::string_view name);
    void subsection(std::string_view name);
    void paragraph(std::string_view text);
    /// A usage line: `loong tasks list` in bold, and the rest.
    void usage(std::string_view command, std::string_view rest);
    /// A term in bold, its argument in italics, and what is said of it.
    void item(std::string_view term, std::string_view argument, std::string_view text);
    /// Lines as they stand.
    void example(std::string_view lines);

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    void line(std::string_view text);
    void begin_paragraph();

    std::string text_;
    bool begins_ = false;
};

} // namespace loong::cli
