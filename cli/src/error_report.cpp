#include "error_report.hpp"

#include "json_writer.hpp"
#include "text.hpp"

namespace loong::cli {

Value error_value(const Error& error) {
    Value value;
    value.set("code", to_string(error.code));
    value.set("message", error.message);
    value.set("hint", error.hint.empty() ? Value() : Value(error.hint));
    value.set("retryable", is_retryable(error.code));
    return value;
}

std::string error_text(const Error& error) {
    std::string text = "error: ";
    text += to_string(error.code);
    text += ": " + escape_controls(error.message) + "\n";
    if (!error.hint.empty()) text += "hint: " + escape_controls(error.hint) + "\n";
    return text;
}

std::string error_report(const Error& error, bool json) {
    if (!json) return error_text(error);
    Value report;
    report.set("error", error_value(error));
    return to_json(report);
}

} // namespace loong::cli
