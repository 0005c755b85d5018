#include "record.hpp"

#include "json.hpp"
#include "text.hpp"

#include <utility>

namespace loong {
namespace {

Error no_record(const std::string& why) {
    return {ErrorCode::store_corrupt, "event record: " + why,
            "`loong doctor` tells which file it is and what can be done"};
}

std::string write_record(const Event& event, bool is_last) {
    std::string out;
    out.reserve(256);
    out += R"({"id":)";
    append_json(out, static_cast<std::int64_t>(event.id));
    out += R"(,"at":)";
    append_json(out, std::string_view(format_time(event.at)));
    if (event.clock_skew.count() != 0) {
        out += R"(,"clock_skew_us":)";
        append_json(out, std::int64_t{event.clock_skew.count()});
    }
    out += R"(,"kind":)";
    const bool is_foreign = event.kind == EventKind::unknown && !event.kind_name.empty();
    append_json(out, is_foreign ? std::string_view(event.kind_name) : to_string(event.kind));
    out += R"(,"session_id":)";
    append_json(out, std::string_view(event.session_id));
    out += R"(,"actor_session_id":)";
    append_json(out, std::string_view(event.actor_session_id));
    out += R"(,"data":)";
    if (event.data.as_object() == nullptr) {
        out += "{}";
    } else {
        append_json(out, event.data);
    }
    if (!event.handle.empty()) {
        out += R"(,"handle":)";
        append_json(out, std::string_view(event.handle));
    }
    out += is_last ? R"(,"end":true})" : "}";
    return out;
}

/// Moves a text out of a record. False where there is one that is no text.
bool take_text(Value& value, std::string& into) {
    if (value.as_string() == nullptr) return false;
    into = *value.as_string();
    return true;
}

bool take_id(const Value& value, Event& event) {
    const std::int64_t* id = value.as_integer();
    if (id == nullptr || *id < 1) return false;
    event.id = static_cast<std::uint64_t>(*id);
    return true;
}

bool take_time(const Value& value, Event& event) {
    const std::string* text = value.as_string();
    const std::optional<Time> at = text == nullptr ? std::nullopt : parse_time(*text);
    if (!at) return false;
    event.at = *at;
    return true;
}

bool take_skew(const Value& value, Event& event) {
    const std::int64_t* skew = value.as_integer();
    // So much lies between the first and the last moment that can be written.
    constexpr Microseconds longest = std::chrono::years(10'000);
    if (skew == nullptr || *skew > longest.count() || *skew < -longest.count()) return false;
    event.clock_skew = Microseconds(*skew);
    return true;
}

bool take_kind(Value& value, Event& event) {
    if (!take_text(value, event.kind_name) || event.kind_name.empty()) return false;
    event.kind = event_kind_of(event.kind_name);
    return true;
}

bool take_data(Value& value, Event& event) {
    if (value.as_object() == nullptr) return false;
    event.data = std::move(value);
    return true;
}

/// Members that are not known are a newer writer's, and skipped.
bool take_member(const std::string& key, Value& value, Event& event) {
    if (key == "id") return take_id(value, event);
    if (key == "at") return take_time(value, event);
    if (key == "clock_skew_us") return take_skew(value, event);
    if (key == "kind") return take_kind(value, event);
    if (key == "session_id") return take_text(value, event.session_id);
    if (key == "actor_session_id") return take_text(value, event.actor_session_id);
    if (key == "data") return take_data(value, event);
    if (key == "handle") return take_text(value, event.handle);
    if (key == "end") return value.as_bool() != nullptr;
    return true;
}

} // namespace

EventKind event_kind_of(std::string_view name) noexcept {
    for (int at = 1; at <= static_cast<int>(last_event_kind); ++at) {
        const auto kind = static_cast<EventKind>(at);
        if (to_string(kind) == name) return kind;
    }
    return EventKind::unknown;
}

std::vector<std::string> write_records(const std::vector<Event>& group) {
    std::vector<std::string> records;
    records.reserve(group.size());
    for (const Event& event : group)
        records.push_back(write_record(event, &event == &group.back()));
    return records;
}

bool ends_group(std::string_view record) noexcept { return record.ends_with(R"("end":true})"); }

Result<Event> read_record(std::string_view record) {
    Result<Value> value = parse_json(record);
    if (!value) return no_record(value.error().message);
    Value::Object* members = value->as_object();
    if (members == nullptr) return no_record("not an object");
    if (members->empty() || members->front().first != "id") {
        return no_record("'id' is not its first member");
    }
    Event event;
    bool has_time = false;
    for (auto& [key, member] : *members) {
        if (!take_member(key, member, event))
            return no_record("'" + key + "' is not what it has to be");
        has_time = has_time || key == "at";
    }
    if (!has_time) return no_record("'at' is missing");
    if (event.kind_name.empty()) return no_record("'kind' is missing");
    return event;
}

} // namespace loong
