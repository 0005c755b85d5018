#include "event_data.hpp"

#include "json.hpp"
#include "text.hpp"

#include <cmath>
#include <limits>

namespace loong {
namespace {

double seconds_of(Microseconds duration) { return std::chrono::duration<double>(duration).count(); }

Microseconds duration_of(const Value& data, std::string_view key) {
    const Value* member = data.find(key);
    const double* seconds = member == nullptr ? nullptr : member->as_double();
    if (seconds == nullptr || !(std::abs(*seconds) < 1e12)) return Microseconds(0);
    return std::chrono::round<Microseconds>(std::chrono::duration<double>(*seconds));
}

ResourceUse resource_use_of(const Value& value) {
    ResourceUse use;
    use.user_cpu = duration_of(value, "user_cpu_seconds");
    use.system_cpu = duration_of(value, "system_cpu_seconds");
    use.max_resident_bytes = static_cast<std::uint64_t>(value.integer_or("max_resident_bytes", 0));
    return use;
}

OutcomeKind kind_of(std::string_view name) {
    for (const OutcomeKind kind : {OutcomeKind::completed, OutcomeKind::failed,
                                   OutcomeKind::cancelled, OutcomeKind::timed_out}) {
        if (to_string(kind) == name) return kind;
    }
    return OutcomeKind::failed;
}

} // namespace

std::string kept_text(std::string_view text, std::size_t limit) {
    // Twice, because a replaced byte becomes three.
    std::string kept = is_utf8(text) ? std::string(text) : make_utf8(shorten(text, limit));
    return kept.size() <= limit ? kept : shorten(kept, limit);
}

Value outcome_value(const Outcome& outcome) {
    Value value;
    value.set("kind", to_string(outcome.kind));
    if (outcome.exit_code) value.set("exit_code", *outcome.exit_code);
    if (outcome.signal) value.set("signal", *outcome.signal);
    if (!outcome.message.empty()) value.set("message", kept_text(outcome.message, limit::message));
    if (!outcome.result.empty()) value.set("result", kept_text(outcome.result, limit::long_text));
    if (outcome.transient) value.set("transient", true);
    if (outcome.started_at) value.set("started_at", format_time(*outcome.started_at));
    if (outcome.ended_at) value.set("ended_at", format_time(*outcome.ended_at));
    if (outcome.resource_use) {
        Value use;
        use.set("user_cpu_seconds", seconds_of(outcome.resource_use->user_cpu));
        use.set("system_cpu_seconds", seconds_of(outcome.resource_use->system_cpu));
        use.set("max_resident_bytes", outcome.resource_use->max_resident_bytes);
        value.set("resource_use", std::move(use));
    }
    return value;
}

Outcome outcome_of(const Value& value) {
    Outcome outcome;
    outcome.kind = kind_of(value.string_or("kind", ""));
    outcome.exit_code = optional_integer(value, "exit_code");
    outcome.signal = optional_integer(value, "signal");
    outcome.message = value.string_or("message", "");
    outcome.result = value.string_or("result", "");
    outcome.transient = value.bool_or("transient", false);
    outcome.started_at = optional_time(value, "started_at");
    outcome.ended_at = optional_time(value, "ended_at");
    if (const Value* use = value.find("resource_use")) outcome.resource_use = resource_use_of(*use);
    return outcome;
}

std::optional<int> optional_integer(const Value& data, std::string_view key) {
    const Value* member = data.find(key);
    const std::int64_t* number = member == nullptr ? nullptr : member->as_integer();
    if (number == nullptr || *number < std::numeric_limits<int>::min() ||
        *number > std::numeric_limits<int>::max()) {
        return std::nullopt;
    }
    return static_cast<int>(*number);
}

std::optional<Time> optional_time(const Value& data, std::string_view key) {
    const Value* member = data.find(key);
    const std::string* text = member == nullptr ? nullptr : member->as_string();
    return text == nullptr ? std::nullopt : parse_time(*text);
}

} // namespace loong
