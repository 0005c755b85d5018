#include "loong/notification.hpp"
#include "task_document.hpp"
#include "text.hpp"
#include "words.hpp"
#include "yaml_reader.hpp"
#include "yaml_scalar.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace loong {
namespace {

/// Why a document cannot be read, and where; caught at the end of this file.
struct Damage {
    Place place;
    std::string why;
    ErrorCode code = ErrorCode::store_corrupt;
};

std::string text_of(const YamlNode& node, const std::string& what) {
    if (node.is_null()) return {};
    if (!node.is_scalar()) throw Damage{node.place, what + " is no text"};
    return node.text;
}

/// All of the text as a number, or nothing.
template <typename Number>
std::optional<Number> number_in(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

template <typename Number>
Number number_of(const YamlNode& node, const std::string& what) {
    const auto number = node.is_scalar() ? number_in<Number>(node.text) : std::nullopt;
    if (!number) {
        throw Damage{node.place, what + " is no number of the kind that is expected here"};
    }
    return *number;
}

std::uint32_t umask_of(const YamlNode& node, const std::string& what) {
    constexpr std::uint32_t all = 0777;
    const std::string digits = node.is_scalar() ? node.text : std::string();
    std::uint32_t mask = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), mask, 8);
    if (error != std::errc() || end != digits.data() + digits.size() || mask > all) {
        throw Damage{node.place, what + " is no umask, 0000 to 0777"};
    }
    return mask;
}

bool boolean_of(const YamlNode& node, const std::string& what) {
    if (node.is_scalar() && node.text == "true") return true;
    if (node.is_scalar() && node.text == "false") return false;
    throw Damage{node.place, what + " is neither true nor false"};
}

Microseconds duration_of(const YamlNode& node, const std::string& what) {
    constexpr double longest = 1e10;
    const auto seconds = number_of<double>(node, what);
    if (!(seconds >= 0 && seconds <= longest)) {
        throw Damage{node.place, what + " is no length of time"};
    }
    return std::chrono::round<Microseconds>(std::chrono::duration<double>(seconds));
}

std::vector<std::string> texts_of(const YamlNode& node, const std::string& what) {
    std::vector<std::string> texts;
    if (node.is_null()) return texts;
    if (!node.is_sequence()) throw Damage{node.place, what + " is no list"};
    for (const YamlNode& item : node.items) texts.push_back(text_of(item, "an item of " + what));
    return texts;
}

template <typename Enumeration>
Enumeration word_of(const YamlNode& node, const std::string& what, Enumeration last) {
    const std::string word = text_of(node, what);
    if (const auto value = enumeration_of(word, last)) return *value;
    std::vector<std::string> words;
    for (int at = 0; at <= static_cast<int>(last); ++at) {
        words.emplace_back(to_string(static_cast<Enumeration>(at)));
    }
    throw Damage{node.place, what + " is '" + word + "', " + suggest(word, words)};
}

using Readers = std::map<std::string, std::function<void(const YamlNode&, const std::string&)>>;

/// Gives each member of a mapping to the reader of its key. Keys are known, unique, and there where
/// they are required.
void read_members(const YamlNode& node, const std::string& what, const Readers& readers,
                  const std::vector<std::string>& required) {
    if (!node.is_mapping()) throw Damage{node.place, what + " is no mapping"};
    for (const YamlMember& member : node.members) {
        const std::string& key = member.key;
        const auto reader = readers.find(key);
        if (reader == readers.end()) {
            std::vector<std::string> words;
            for (const auto& [name, function] : readers) words.push_back(name);
            throw Damage{member.place, "unknown key '" + key + "', " + suggest(key, words)};
        }
        reader->second(member.value, "'" + key + "'");
    }
    for (const std::string& key : required) {
        if (node.find(key) == nullptr) throw Damage{node.place, "key '" + key + "' is missing"};
    }
}

std::vector<EnvironmentVariable> variables_of(const YamlNode& node, const std::string& what) {
    std::vector<EnvironmentVariable> variables;
    if (node.is_null()) return variables;
    if (!node.is_mapping()) throw Damage{node.place, what + " is no mapping"};
    for (const YamlMember& member : node.members) {
        variables.push_back({member.key, text_of(member.value, "a variable's value")});
    }
    return variables;
}

/// Reads values of any shape.
class ValueReader {
public:
    static Value read(const YamlNode& node, int depth) {
        constexpr int max_depth = 100;
        if (depth > max_depth) throw Damage{node.place, "the settings are too deep"};
        if (node.is_scalar()) return read_scalar(node);
        if (node.is_sequence()) {
            Value::Array items;
            for (const YamlNode& item : node.items) items.push_back(read(item, depth + 1));
            return items;
        }
        Value::Object members;
        for (const YamlMember& member : node.members) {
            members.emplace_back(member.key, read(member.value, depth + 1));
        }
        return members;
    }

private:
    static Value read_scalar(const YamlNode& node) {
        if (!node.is_plain) return node.text;
        const std::optional<Value> value = resolve_plain_scalar(node.text);
        if (!value) throw Damage{node.place, "a whole number has more than 64 bits"};
        return *value;
    }
};

// Each of these makes the reader of a key that puts what it finds into `into`.
auto into_text(std::string& into) {
    return [&into](const YamlNode& node, const std::string& what) { into = text_of(node, what); };
}
auto into_texts(std::vector<std::string>& into) {
    return [&into](const YamlNode& node, const std::string& what) { into = texts_of(node, what); };
}
auto into_boolean(bool& into) {
    return
        [&into](const YamlNode& node, const std::string& what) { into = boolean_of(node, what); };
}
template <typename Number>
auto into_number(Number& into) {
    return [&into](const YamlNode& node, const std::string& what) {
        into = number_of<Number>(node, what);
    };
}
auto into_seconds(std::optional<Seconds>& into) {
    return [&into](const YamlNode& node, const std::string& what) {
        into = std::chrono::duration_cast<Seconds>(duration_of(node, what));
    };
}
auto into_time(Time& into) {
    return [&into](const YamlNode& node, const std::string& what) {
        const std::optional<Time> time = parse_time(text_of(node, what));
        if (!time) throw Damage{node.place, what + " is no time in RFC 3339"};
        into = *time;
    };
}

Dependency dependency_of(const YamlNode& node, const std::string& what) {
    Dependency dependency;
    const auto until = [&](const YamlNode& value, const std::string& key) {
        const std::string word = text_of(value, key);
        if (word != "completed" && word != "ended") {
            throw Damage{value.place, key + " is neither completed nor ended"};
        }
        dependency.any_end = word == "ended";
    };
    read_members(node, what, {{"task_id", into_text(dependency.task_id)}, {"until", until}},
                 {"task_id", "until"});
    return dependency;
}

ToolRule rule_of(const YamlNode& node, const std::string& what) {
    ToolRule rule;
    const auto decision = [&](const YamlNode& value, const std::string& key) {
        rule.decision = word_of(value, key, ToolDecision::deny);
    };
    read_members(node, what,
                 {{"tool", into_text(rule.tool)},
                  {"decision", decision},
                  {"prefix", into_text(rule.prefix)}},
                 {"tool", "decision"});
    return rule;
}

/// The reader of a list whose items `read_item` reads.
template <typename Item, typename ReadItem>
auto into_list(std::vector<Item>& into, ReadItem read_item) {
    return [&into, read_item](const YamlNode& node, const std::string& what) {
        if (node.is_null()) return;
        if (!node.is_sequence()) throw Damage{node.place, what + " is no list"};
        for (const YamlNode& item : node.items)
            into.push_back(read_item(item, "an item of " + what));
    };
}

void read_task_runtime(const YamlNode& node, const std::string& what, TaskDocument& document) {
    const auto settings = [&](const YamlNode& value, const std::string& key) {
        if (!value.is_mapping() && !value.is_null())
            throw Damage{value.place, key + " is no mapping"};
        if (value.is_mapping()) document.runtime_settings.values = ValueReader::read(value, 0);
    };
    read_members(node, what,
                 {{"name", into_text(document.runtime)},
                  {"plugin", into_text(document.runtime_plugin)},
                  {"configured_in", into_text(document.runtime_settings.file)},
                  {"settings", settings}},
                 {"name", "plugin"});
}

void read_work(const YamlNode& node, const std::string& what, Work& work) {
    const auto kind = [&](const YamlNode& value, const std::string& key) {
        work.kind = word_of(value, key, WorkKind::plan);
    };
    read_members(node, what,
                 {{"kind", kind},
                  {"text", into_text(work.text)},
                  {"arguments", into_texts(work.arguments)},
                  {"source", into_text(work.source)}},
                 {"kind"});
    const bool is_command = work.kind == WorkKind::command;
    if (is_command && work.arguments.empty()) throw Damage{node.place, "'arguments' is missing"};
    if (!is_command && node.find("text") == nullptr)
        throw Damage{node.place, "key 'text' is missing"};
}

void read_task_limits(const YamlNode& node, const std::string& what, SessionLimits& limits) {
    const auto grace = [&](const YamlNode& value, const std::string& key) {
        limits.grace = duration_of(value, key);
    };
    read_members(node, what,
                 {{"timeout_seconds", into_seconds(limits.timeout)},
                  {"grace_seconds", grace},
                  {"max_output_bytes", into_number(limits.max_output_bytes)}},
                 {});
}

void read_policy(const YamlNode& node, const std::string& what, ToolPolicy& policy,
                 const std::vector<std::string>& required) {
    const auto directories = [](std::optional<std::vector<std::string>>& into) {
        return
            [&into](const YamlNode& value, const std::string& key) { into = texts_of(value, key); };
    };
    read_members(node, what,
                 {{"network", into_boolean(policy.network)},
                  {"narrowed", into_boolean(policy.narrowed)},
                  {"read_directories", directories(policy.read_directories)},
                  {"write_directories", directories(policy.write_directories)},
                  {"base_tool_ids", into_texts(policy.base_tool_ids)},
                  {"requested_tool_ids", into_texts(policy.requested_tool_ids)},
                  {"effective_tool_ids", into_texts(policy.effective_tool_ids)},
                  {"enforced_by", into_texts(policy.enforced_by)},
                  {"rules", into_list(policy.rules, rule_of)}},
                 required);
}

/// Looked at before everything else: a newer format may have any shape.
int format_of(const YamlNode& node) {
    if (!node.is_mapping()) throw Damage{node.place, "the document is no mapping"};
    const YamlNode* format = node.find("format");
    if (format == nullptr) throw Damage{node.place, "key 'format' is missing"};
    const int number = number_of<int>(*format, "'format'");
    if (number >= oldest_task_document_format && number <= task_document_format) return number;
    throw Damage{format->place,
                 "format " + std::to_string(number) + " is not one that this loong reads (" +
                     std::to_string(oldest_task_document_format) + " to " +
                     std::to_string(task_document_format) + ")",
                 number > task_document_format ? ErrorCode::store_version
                                               : ErrorCode::store_corrupt};
}

/// What a document says that has none of the keys whose absence says the same in every format.
TaskDocument document_without_keys() {
    TaskDocument document;
    document.depth = document_default::depth;
    document.hold = document_default::hold;
    document.priority = document_default::priority;
    document.retry_limit = document_default::retry_limit;
    document.limits.grace = document_default::grace;
    document.limits.max_output_bytes = document_default::max_output_bytes;
    document.tool_policy.network = document_default::network;
    document.tool_policy.narrowed = document_default::narrowed;
    return document;
}

/// What the absence of keys says since format 2; in format 1 such keys were required, or empty where
/// they were absent.
void fill_in_absent(const YamlNode& node, TaskDocument& document) {
    const auto is_absent = [](const YamlNode* mapping, std::string_view key) {
        return mapping == nullptr || mapping->find(key) == nullptr;
    };
    if (is_absent(&node, "scope_session_id")) {
        document.scope_session_id = document.owner_session_id;
    }
    if (is_absent(&node, "visible_to")) document.visible_to = {document.scope_session_id};
    const YamlNode* policy_node = node.find("tool_policy");
    ToolPolicy& policy = document.tool_policy;
    if (is_absent(policy_node, "base_tool_ids")) {
        policy.base_tool_ids.assign(document_default::base_tool_ids.begin(),
                                    document_default::base_tool_ids.end());
    }
    if (is_absent(policy_node, "effective_tool_ids")) {
        policy.effective_tool_ids = policy.base_tool_ids;
    }
}

TaskDocument document_of(const YamlNode& node) {
    constexpr int first_with_defaults = 2;
    const bool has_defaults = format_of(node) >= first_with_defaults;
    std::vector<std::string> required = {"task_id", "created_at", "owner_session_id",
                                         "runtime", "work",       "working_directory"};
    std::vector<std::string> required_of_policy;
    if (!has_defaults) {
        required.insert(required.end(), {"scope_session_id", "visible_to", "tool_policy"});
        required_of_policy = {"network", "narrowed"};
    }
    TaskDocument document = document_without_keys();
    // Each part reads into the document, by a reader of its own.
    const auto part = [](auto read, auto& into) {
        return [read, &into](const YamlNode& value, const std::string& key) {
            read(value, key, into);
        };
    };
    const auto environment = [&](const YamlNode& value, const std::string& key) {
        document.environment = variables_of(value, key);
    };
    const auto mask = [&](const YamlNode& value, const std::string& key) {
        document.umask = umask_of(value, key);
    };
    const auto policy = [&](const YamlNode& value, const std::string& key) {
        read_policy(value, key, document.tool_policy, required_of_policy);
    };
    const auto notify_on = [&](const YamlNode& value, const std::string& key) {
        for (const std::string& word : texts_of(value, key)) {
            const auto on = enumeration_of(word, NotifyOn::terminal);
            if (!on) throw Damage{value.place, key + " names what is never told"};
            (*on == NotifyOn::terminal ? document.notify_terminal : document.notify_attention) =
                true;
        }
    };
    const auto ignored = [](const YamlNode&, const std::string&) {};
    read_members(node, "the document",
                 {{"format", ignored},
                  {"task_id", into_text(document.task_id)},
                  {"label", into_text(document.label)},
                  {"created_at", into_time(document.created_at)},
                  {"owner_session_id", into_text(document.owner_session_id)},
                  {"scope_session_id", into_text(document.scope_session_id)},
                  {"visible_to", into_texts(document.visible_to)},
                  {"depth", into_number(document.depth)},
                  {"dedupe_key", into_text(document.dedupe_key)},
                  {"hold", into_boolean(document.hold)},
                  {"priority", into_number(document.priority)},
                  {"retry_limit", into_number(document.retry_limit)},
                  {"start_within_seconds", into_seconds(document.start_within)},
                  {"dependencies", into_list(document.dependencies, dependency_of)},
                  {"runtime", part(read_task_runtime, document)},
                  {"work", part(read_work, document.work)},
                  {"working_directory", into_text(document.working_directory)},
                  {"umask", mask},
                  {"limits", part(read_task_limits, document.limits)},
                  {"tool_policy", policy},
                  {"notify_on", notify_on},
                  {"secret_names", into_texts(document.secret_names)},
                  {"withheld_names", into_texts(document.withheld_names)},
                  {"environment", environment}},
                 required);
    if (has_defaults) fill_in_absent(node, document);
    return document;
}

Error damage_error(const std::string& what, const Damage& damage) {
    std::string where = what;
    if (damage.place.line > 0) {
        where += " line " + std::to_string(damage.place.line) + ", column " +
                 std::to_string(damage.place.column);
    }
    const char* hint = damage.code == ErrorCode::store_version
                           ? "use the loong that made it, or a newer one"
                           : "`loong doctor` tells which file it is; it can be corrected by hand";
    return {damage.code, where + ": " + damage.why, hint};
}

/// A task is no larger than what started it may have been; people may have put aliases into it.
constexpr YamlRules document_rules = {
    .weight_limit = 500'000, .resolve_scalars = false, .allow_binary = true};

/// Reads the one YAML document in `text` with `read`, whatever goes wrong.
template <typename Read>
auto read_document(std::string_view text, const std::string& what, Read read)
    -> Result<decltype(read(YamlNode()))> {
    try {
        const auto parsed = parse_yaml(text, document_rules);
        if (const auto* problem = std::get_if<YamlProblem>(&parsed)) {
            throw Damage{problem->place, problem->why};
        }
        const auto& documents = std::get<std::vector<YamlNode>>(parsed);
        if (documents.size() != 1) throw Damage{{}, "it is not one YAML document"};
        return read(documents.front());
    } catch (const Damage& damage) {
        return damage_error(what, damage);
    } catch (const std::exception& failure) {
        return damage_error(what, {{}, failure.what()});
    }
}

} // namespace

Result<TaskDocument> read_task_document(std::string_view yaml) {
    return read_document(yaml, "task document", document_of);
}

Result<std::vector<EnvironmentVariable>> read_secrets(std::string_view text) {
    if (text.empty()) return std::vector<EnvironmentVariable>{};
    // The message must not carry a secret, so it tells where and nothing of what stands there.
    const auto parsed = parse_yaml(text, document_rules);
    if (const auto* problem = std::get_if<YamlProblem>(&parsed)) {
        return damage_error("secrets", {problem->place, "this is no valid YAML"});
    }
    return read_document(text, "secrets",
                         [](const YamlNode& node) { return variables_of(node, "the document"); });
}

} // namespace loong
