#include "event_text.hpp"

#include "detail_text.hpp"
#include "json_writer.hpp"
#include "status_style.hpp"
#include "text.hpp"

#include <cstring>

namespace loong::cli {
namespace {

constexpr std::size_t longest_value = 200;
// `59 min ago`.
constexpr std::size_t time_columns = 10;

std::string right_aligned(const std::string& text, std::size_t columns) {
    return std::string(text.size() < columns ? columns - text.size() : 0, ' ') + text;
}

std::string plain_value(const Value& value) {
    if (const std::string* text = value.as_string()) {
        return shorten(escape_controls(*text), longest_value);
    }
    std::string text = to_json_line(value);
    text.pop_back();
    return shorten(text, longest_value);
}

// Of an outcome people want to know how it ended; `status` has the rest.
bool is_for_machines(std::string_view name) {
    return name == "resource_use" || name == "started_at" || name == "ended_at";
}

// Members of members are named by both: `outcome.exit_code=3`.
void add_data(std::string& text, const Value::Object& members, const std::string& prefix) {
    for (const Value::Member& member : members) {
        if (member.second.is_null() || is_for_machines(member.first)) continue;
        const std::string name = prefix + escape_controls(member.first);
        if (const Value::Object* inner = member.second.as_object()) {
            add_data(text, *inner, name + ".");
            continue;
        }
        const std::string value = plain_value(member.second);
        const bool quoted = value.empty() || value.find(' ') != std::string::npos;
        text += "  " + name + "=" + (quoted ? "\"" + value + "\"" : value);
    }
}

} // namespace

std::string event_text(const Event& event, const Terminal& terminal, std::optional<Time> now) {
    const std::string id = std::to_string(event.id);
    const std::string kind =
        event.kind == EventKind::unknown ? event.kind_name : std::string(to_string(event.kind));
    std::string text = right_aligned(id, 4) + "  ";
    const std::string time =
        now ? right_aligned(relative_text(event.at, *now), time_columns) : clock_time(event.at);
    text += coloured(terminal, Colour::faint, time) + "  " + escape_controls(kind);
    if (const Value::Object* members = event.data.as_object()) add_data(text, *members, "");
    return text;
}

std::string end_text(const std::optional<int>& exit_code, const std::optional<int>& signal) {
    if (signal) {
        const char* name = sigabbrev_np(*signal);
        return "signal " + std::to_string(*signal) +
               (name == nullptr ? std::string() : " (" + std::string(name) + ")");
    }
    return exit_code ? "exit code " + std::to_string(*exit_code) : std::string();
}

} // namespace loong::cli
