#include "summary_codec.hpp"

#include "json.hpp"
#include "words.hpp"

#include <array>
#include <limits>
#include <type_traits>
#include <utility>

namespace loong {
namespace {

// ---- one value, to JSON and back -------------------------------------------------------------
// put() is asked only where the value is not the default; take() is false where it does not fit.

void put(std::string& out, bool value) { out += value ? "true" : "false"; }
void put(std::string& out, int value) { append_json(out, static_cast<std::int64_t>(value)); }
void put(std::string& out, std::int64_t value) { append_json(out, value); }
void put(std::string& out, std::uint64_t value) {
    append_json(out, static_cast<std::int64_t>(value));
}
void put(std::string& out, double value) { append_json(out, value); }
void put(std::string& out, const std::string& value) { append_json(out, std::string_view(value)); }
void put(std::string& out, Time value) {
    append_json(out, std::int64_t{value.time_since_epoch().count()});
}
void put(std::string& out, SessionState value) { append_json(out, to_string(value)); }
void put(std::string& out, ProgressState value) { append_json(out, to_string(value)); }
void put(std::string& out, const Dependency& value) {
    out += value.any_end ? "[true," : "[false,";
    put(out, value.task_id);
    out += ']';
}
void put(std::string& out, const OpenRequest& value) {
    out += '[';
    put(out, value.request_id);
    out += ',';
    put(out, value.question);
    out += ',';
    put(out, value.tool);
    out += ',';
    put(out, value.since);
    out += ',';
    put(out, value.is_approval);
    out += ']';
}
template <typename T>
void put(std::string& out, const std::optional<T>& value) {
    put(out, *value);
}
template <typename T>
void put(std::string& out, const std::vector<T>& values) {
    out += '[';
    bool first = true;
    for (const T& value : values) {
        if (!std::exchange(first, false)) out += ',';
        put(out, value);
    }
    out += ']';
}

bool take(const Value& from, bool& into) {
    const bool* flag = from.as_bool();
    if (flag != nullptr) into = *flag;
    return flag != nullptr;
}
bool take(const Value& from, std::int64_t& into) {
    const std::int64_t* number = from.as_integer();
    if (number != nullptr) into = *number;
    return number != nullptr;
}
bool take(const Value& from, int& into) {
    std::int64_t number = 0;
    if (!take(from, number) || number < std::numeric_limits<int>::min() ||
        number > std::numeric_limits<int>::max()) {
        return false;
    }
    into = static_cast<int>(number);
    return true;
}
bool take(const Value& from, std::uint64_t& into) {
    std::int64_t number = 0;
    if (!take(from, number)) return false;
    into = static_cast<std::uint64_t>(number);
    return true;
}
bool take(const Value& from, double& into) {
    const double* number = from.as_double();
    if (number != nullptr) into = *number;
    return number != nullptr;
}
bool take(const Value& from, std::string& into) {
    const std::string* text = from.as_string();
    if (text != nullptr) into = *text;
    return text != nullptr;
}
bool take(const Value& from, Time& into) {
    std::int64_t number = 0;
    if (!take(from, number)) return false;
    into = Time(Microseconds(number));
    return true;
}
template <typename Enumeration>
bool take_word(const Value& from, Enumeration& into, Enumeration last) {
    const std::string* word = from.as_string();
    const auto value = word == nullptr ? std::nullopt : enumeration_of(*word, last);
    if (value) into = *value;
    return value.has_value();
}
bool take(const Value& from, SessionState& into) {
    return take_word(from, into, last_session_state);
}
bool take(const Value& from, ProgressState& into) {
    return take_word(from, into, ProgressState::verifying);
}
bool take(const Value& from, Dependency& into) {
    const Value::Array* items = from.as_array();
    return items != nullptr && items->size() == 2 && take((*items)[0], into.any_end) &&
           take((*items)[1], into.task_id);
}
bool take(const Value& from, OpenRequest& into) {
    const Value::Array* items = from.as_array();
    return items != nullptr && items->size() == 5 && take((*items)[0], into.request_id) &&
           take((*items)[1], into.question) && take((*items)[2], into.tool) &&
           take((*items)[3], into.since) && take((*items)[4], into.is_approval);
}
template <typename T>
bool take(const Value& from, std::optional<T>& into) {
    return take(from, into.emplace());
}
template <typename T>
bool take(const Value& from, std::vector<T>& into) {
    const Value::Array* items = from.as_array();
    if (items == nullptr) return false;
    into.reserve(items->size());
    for (const Value& item : *items) {
        if (!take(item, into.emplace_back())) return false;
    }
    return true;
}

template <typename T>
bool is_default(const T& value, const T& otherwise) {
    return value == otherwise;
}
template <typename T>
bool is_default(const std::optional<T>& value, const std::optional<T>&) {
    return !value.has_value();
}
template <typename T>
bool is_default(const std::vector<T>& value, const std::vector<T>&) {
    return value.empty();
}
bool is_default(const std::vector<std::string>& value, const std::string& only) {
    return value.size() == 1 && value.front() == only;
}

template <typename T>
void set_default(T& value, const T& otherwise) {
    value = otherwise;
}
void set_default(std::vector<std::string>& value, const std::string& only) {
    value.assign(1, only);
}

// ---- the members ------------------------------------------------------------------------------

struct Field {
    std::string_view key;
    bool (*is_default)(const TaskSummary&);
    void (*put)(std::string&, const TaskSummary&);
    bool (*take)(const Value&, TaskSummary&);
    /// Makes of an absent member what another one says; null where there is no such other.
    void (*fill_in)(TaskSummary&) = nullptr;
};

const TaskSummary& default_summary() {
    static const TaskSummary summary;
    return summary;
}

/// `Get` finds the member in a summary, constant or not.
template <typename Get>
constexpr Field field(std::string_view key, Get) {
    return {key,
            [](const TaskSummary& summary) {
                return is_default(Get()(summary), Get()(default_summary()));
            },
            [](std::string& out, const TaskSummary& summary) { put(out, Get()(summary)); },
            [](const Value& from, TaskSummary& summary) { return take(from, Get()(summary)); }};
}

/// A member whose default is what an earlier one of the table, found by `Other`, says.
template <typename Get, typename Other>
constexpr Field field(std::string_view key, Get get, Other) {
    Field field = loong::field(key, get);
    field.is_default = [](const TaskSummary& summary) {
        return is_default(Get()(summary), Other()(summary));
    };
    field.fill_in = [](TaskSummary& summary) { set_default(Get()(summary), Other()(summary)); };
    return field;
}

// clang-format off: a table is read as one.
#define LOONG_MEMBER_(name) ([](auto& summary) -> auto& { return summary.name; })
constexpr std::array fields = {
    field("id", LOONG_MEMBER_(task_id)),
    field("rev", LOONG_MEMBER_(revision)),
    field("label", LOONG_MEMBER_(label)),
    field("runtime", LOONG_MEMBER_(runtime)),
    field("session", LOONG_MEMBER_(task_session_id)),
    field("owner", LOONG_MEMBER_(owner_session_id)),
    field("scope", LOONG_MEMBER_(scope_session_id), LOONG_MEMBER_(owner_session_id)),
    field("visible_to", LOONG_MEMBER_(visible_to), LOONG_MEMBER_(scope_session_id)),
    field("state", LOONG_MEMBER_(session_state)),
    field("since", LOONG_MEMBER_(state_since)),
    field("created", LOONG_MEMBER_(created_at), LOONG_MEMBER_(state_since)),
    field("updated", LOONG_MEMBER_(updated_at), LOONG_MEMBER_(state_since)),
    field("archived", LOONG_MEMBER_(archived)),
    field("held", LOONG_MEMBER_(held)),
    field("recovered", LOONG_MEMBER_(recovered)),
    field("narrowed", LOONG_MEMBER_(tool_narrowing_active)),
    field("cancel", LOONG_MEMBER_(cancel_requested_at)),
    field("attempt", LOONG_MEMBER_(attempt)),
    field("retries", LOONG_MEMBER_(retry_limit)),
    field("priority", LOONG_MEMBER_(priority)),
    field("after", LOONG_MEMBER_(dependencies)),
    field("not_before", LOONG_MEMBER_(not_before)),
    field("overdue", LOONG_MEMBER_(overdue_at)),
    field("deadline", LOONG_MEMBER_(deadline_at)),
    field("timeout", LOONG_MEMBER_(timeout_seconds)),
    field("approvals", LOONG_MEMBER_(open_approvals)),
    field("inputs", LOONG_MEMBER_(open_inputs)),
    field("requests", LOONG_MEMBER_(requests)),
    field("request", LOONG_MEMBER_(oldest_request)),
    field("progress", LOONG_MEMBER_(progress.state)),
    field("percent", LOONG_MEMBER_(progress.percent)),
    field("done", LOONG_MEMBER_(progress.done)),
    field("total", LOONG_MEMBER_(progress.total)),
    field("note", LOONG_MEMBER_(progress.note)),
    field("noted", LOONG_MEMBER_(progress.at)),
    field("attention", LOONG_MEMBER_(attention)),
    field("notify", LOONG_MEMBER_(notify_at)),
    field("notify_attention", LOONG_MEMBER_(notify_attention)),
    field("noticed", LOONG_MEMBER_(noticed)),
    field("exit", LOONG_MEMBER_(exit_code)),
    field("signal", LOONG_MEMBER_(signal)),
    field("message", LOONG_MEMBER_(message)),
    field("retry_possible", LOONG_MEMBER_(retry_possible)),
    field("dedupe", LOONG_MEMBER_(dedupe_key)),
    field("depth", LOONG_MEMBER_(depth)),
};
#undef LOONG_MEMBER_
// clang-format on

Error no_summary(const std::string& why) {
    return {ErrorCode::store_corrupt, "summary: " + why, "it is folded again from the events"};
}

} // namespace

std::string encode_summary(const TaskSummary& summary) {
    std::string out;
    out.reserve(512);
    out += R"({"v":)";
    put(out, summary_format);
    for (const Field& field : fields) {
        if (field.is_default(summary)) continue;
        out += ",\"";
        out += field.key;
        out += "\":";
        field.put(out, summary);
    }
    out += '}';
    return out;
}

Result<TaskSummary> decode_summary(std::string_view text) {
    const Result<Value> value = parse_json(text);
    if (!value) return no_summary(value.error().message);
    const Value::Object* members = value->as_object();
    if (members == nullptr || members->empty() || members->front().first != "v") {
        return no_summary("its version is not told");
    }
    const std::int64_t* version = members->front().second.as_integer();
    if (version == nullptr || *version < oldest_summary_format || *version > summary_format) {
        return Error{ErrorCode::store_version, "summary: it is of another version of loong",
                     "it is folded again from the events"};
    }
    TaskSummary summary;
    constexpr int first_with_fill_in = 4;
    // Members come in the order of the table, some of them left out. What such a one stands for is
    // known when it is passed, since it follows from earlier ones.
    auto member = members->begin() + 1;
    for (const Field& field : fields) {
        if (member != members->end() && member->first == field.key) {
            if (!field.take(member->second, summary)) {
                return no_summary("'" + member->first + "' is not what it has to be");
            }
            ++member;
        } else if (field.fill_in != nullptr && *version >= first_with_fill_in) {
            field.fill_in(summary);
        }
    }
    if (member != members->end()) return no_summary("'" + member->first + "' is unexpected");
    if (summary.task_id.empty() || summary.revision == 0) {
        return no_summary("it does not tell task and revision");
    }
    return summary;
}

} // namespace loong
