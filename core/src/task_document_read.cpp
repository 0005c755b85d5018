#include "loong/notification.hpp"
#include "task_document.hpp"
#include "text.hpp"
#include "words.hpp"
#include "yaml_scalar.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace loong {
namespace {

/// Why a document cannot be read, and where; caught at the end of this file.
struct Damage {
    YAML::Mark mark;
    std::string why;
    ErrorCode code = ErrorCode::store_corrupt;
};

constexpr std::string_view binary_tag = "tag:yaml.org,2002:binary";

std::string text_of(const YAML::Node& node, const std::string& what) {
    if (node.IsNull()) return {};
    if (!node.IsScalar()) throw Damage{node.Mark(), what + " is no text"};
    if (node.Tag() != binary_tag) return node.Scalar();
    std::string encoded = node.Scalar();
    std::erase_if(encoded, [](char c) { return c == ' ' || c == '\n' || c == '\t'; });
    const std::vector<unsigned char> bytes = YAML::DecodeBase64(encoded);
    // The decoder skips what it does not know, so that only the way back tells.
    if (YAML::EncodeBase64(bytes.data(), bytes.size()) != encoded) {
        throw Damage{node.Mark(), what + " is no valid base64"};
    }
    return {bytes.begin(), bytes.end()};
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
Number number_of(const YAML::Node& node, const std::string& what) {
    const auto number = node.IsScalar() ? number_in<Number>(node.Scalar()) : std::nullopt;
    if (!number) {
        throw Damage{node.Mark(), what + " is no number of the kind that is expected here"};
    }
    return *number;
}

std::uint32_t umask_of(const YAML::Node& node, const std::string& what) {
    constexpr std::uint32_t all = 0777;
    const std::string digits = node.IsScalar() ? node.Scalar() : std::string();
    std::uint32_t mask = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), mask, 8);
    if (error != std::errc() || end != digits.data() + digits.size() || mask > all) {
        throw Damage{node.Mark(), what + " is no umask, 0000 to 0777"};
    }
    return mask;
}

bool boolean_of(const YAML::Node& node, const std::string& what) {
    if (node.IsScalar() && node.Scalar() == "true") return true;
    if (node.IsScalar() && node.Scalar() == "false") return false;
    throw Damage{node.Mark(), what + " is neither true nor false"};
}

Microseconds duration_of(const YAML::Node& node, const std::string& what) {
    constexpr double longest = 1e10;
    const auto seconds = number_of<double>(node, what);
    if (!(seconds >= 0 && seconds <= longest)) {
        throw Damage{node.Mark(), what + " is no length of time"};
    }
    return std::chrono::round<Microseconds>(std::chrono::duration<double>(seconds));
}

std::vector<std::string> texts_of(const YAML::Node& node, const std::string& what) {
    std::vector<std::string> texts;
    if (node.IsNull()) return texts;
    if (!node.IsSequence()) throw Damage{node.Mark(), what + " is no list"};
    for (const YAML::Node& item : node) texts.push_back(text_of(item, "an item of " + what));
    return texts;
}

template <typename Enumeration>
Enumeration word_of(const YAML::Node& node, const std::string& what, Enumeration last) {
    const std::string word = text_of(node, what);
    if (const auto value = enumeration_of(word, last)) return *value;
    std::vector<std::string> words;
    for (int at = 0; at <= static_cast<int>(last); ++at) {
        words.emplace_back(to_string(static_cast<Enumeration>(at)));
    }
    throw Damage{node.Mark(), what + " is '" + word + "', " + suggest(word, words)};
}

using Readers = std::map<std::string, std::function<void(const YAML::Node&, const std::string&)>>;

/// Gives each member of a mapping to the reader of its key. Keys are known, unique, and there where
/// they are required.
void read_members(const YAML::Node& node, const std::string& what, const Readers& readers,
                  const std::vector<std::string>& required) {
    if (!node.IsMap()) throw Damage{node.Mark(), what + " is no mapping"};
    std::set<std::string> seen;
    for (const auto& member : node) {
        const std::string key = text_of(member.first, "a key");
        const auto reader = readers.find(key);
        if (reader == readers.end()) {
            std::vector<std::string> words;
            for (const auto& [name, function] : readers) words.push_back(name);
            throw Damage{member.first.Mark(), "unknown key '" + key + "', " + suggest(key, words)};
        }
        if (!seen.insert(key).second) {
            throw Damage{member.first.Mark(), "key '" + key + "' stands twice"};
        }
        reader->second(member.second, "'" + key + "'");
    }
    for (const std::string& key : required) {
        if (seen.count(key) == 0) throw Damage{node.Mark(), "key '" + key + "' is missing"};
    }
}

std::vector<EnvironmentVariable> variables_of(const YAML::Node& node, const std::string& what) {
    std::vector<EnvironmentVariable> variables;
    if (node.IsNull()) return variables;
    if (!node.IsMap()) throw Damage{node.Mark(), what + " is no mapping"};
    std::set<std::string> seen;
    for (const auto& member : node) {
        EnvironmentVariable variable{text_of(member.first, "a variable's name"),
                                     text_of(member.second, "a variable's value")};
        if (!seen.insert(variable.name).second) {
            throw Damage{member.first.Mark(), "variable '" + variable.name + "' stands twice"};
        }
        variables.push_back(std::move(variable));
    }
    return variables;
}

/// Reads values of any shape. Counts what it has read: aliases can make a small text endless.
class ValueReader {
public:
    Value read(const YAML::Node& node, int depth) {
        constexpr int max_depth = 100;
        constexpr int max_nodes = 100'000;
        if (depth > max_depth || ++nodes_ > max_nodes) {
            throw Damage{node.Mark(), "the settings are too deep or too large"};
        }
        if (node.IsScalar()) return read_scalar(node);
        if (node.IsSequence()) {
            Value::Array items;
            for (const YAML::Node& item : node) items.push_back(read(item, depth + 1));
            return items;
        }
        if (!node.IsMap()) return nullptr;
        Value::Object members;
        std::set<std::string> seen;
        for (const auto& member : node) {
            std::string key = text_of(member.first, "a key");
            if (!seen.insert(key).second) {
                throw Damage{member.first.Mark(), "key '" + key + "' stands twice"};
            }
            members.emplace_back(std::move(key), read(member.second, depth + 1));
        }
        return members;
    }

private:
    static Value read_scalar(const YAML::Node& node) {
        // Only a plain scalar has this tag; quoted ones are texts whatever they look like.
        if (node.Tag() != "?") return text_of(node, "a value");
        const std::optional<Value> value = resolve_plain_scalar(node.Scalar());
        if (!value) throw Damage{node.Mark(), "a whole number has more than 64 bits"};
        return *value;
    }

    int nodes_ = 0;
};

// Each of these makes the reader of a key that puts what it finds into `into`.
auto into_text(std::string& into) {
    return [&into](const YAML::Node& node, const std::string& what) { into = text_of(node, what); };
}
auto into_texts(std::vector<std::string>& into) {
    return
        [&into](const YAML::Node& node, const std::string& what) { into = texts_of(node, what); };
}
auto into_boolean(bool& into) {
    return
        [&into](const YAML::Node& node, const std::string& what) { into = boolean_of(node, what); };
}
template <typename Number>
auto into_number(Number& into) {
    return [&into](const YAML::Node& node, const std::string& what) {
        into = number_of<Number>(node, what);
    };
}
auto into_seconds(std::optional<Seconds>& into) {
    return [&into](const YAML::Node& node, const std::string& what) {
        into = std::chrono::duration_cast<Seconds>(duration_of(node, what));
    };
}
auto into_time(Time& into) {
    return [&into](const YAML::Node& node, const std::string& what) {
        const std::optional<Time> time = parse_time(text_of(node, what));
        if (!time) throw Damage{node.Mark(), what + " is no time in RFC 3339"};
        into = *time;
    };
}

Dependency dependency_of(const YAML::Node& node, const std::string& what) {
    Dependency dependency;
    const auto until = [&](const YAML::Node& value, const std::string& key) {
        const std::string word = text_of(value, key);
        if (word != "completed" && word != "ended") {
            throw Damage{value.Mark(), key + " is neither completed nor ended"};
        }
        dependency.any_end = word == "ended";
    };
    read_members(node, what, {{"task_id", into_text(dependency.task_id)}, {"until", until}},
                 {"task_id", "until"});
    return dependency;
}

ToolRule rule_of(const YAML::Node& node, const std::string& what) {
    ToolRule rule;
    const auto decision = [&](const YAML::Node& value, const std::string& key) {
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
    return [&into, read_item](const YAML::Node& node, const std::string& what) {
        if (node.IsNull()) return;
        if (!node.IsSequence()) throw Damage{node.Mark(), what + " is no list"};
        for (const YAML::Node& item : node) into.push_back(read_item(item, "an item of " + what));
    };
}

void read_runtime(const YAML::Node& node, const std::string& what, TaskDocument& document) {
    const auto settings = [&](const YAML::Node& value, const std::string& key) {
        if (!value.IsMap() && !value.IsNull()) throw Damage{value.Mark(), key + " is no mapping"};
        if (value.IsMap()) document.runtime_settings.values = ValueReader().read(value, 0);
    };
    read_members(node, what,
                 {{"name", into_text(document.runtime)},
                  {"plugin", into_text(document.runtime_plugin)},
                  {"configured_in", into_text(document.runtime_settings.file)},
                  {"settings", settings}},
                 {"name", "plugin"});
}

void read_work(const YAML::Node& node, const std::string& what, Work& work) {
    const auto kind = [&](const YAML::Node& value, const std::string& key) {
        work.kind = word_of(value, key, WorkKind::plan);
    };
    read_members(node, what,
                 {{"kind", kind},
                  {"text", into_text(work.text)},
                  {"arguments", into_texts(work.arguments)},
                  {"source", into_text(work.source)}},
                 {"kind"});
    const bool is_command = work.kind == WorkKind::command;
    if (is_command && work.arguments.empty()) throw Damage{node.Mark(), "'arguments' is missing"};
    if (!is_command && !node["text"]) throw Damage{node.Mark(), "key 'text' is missing"};
}

void read_limits(const YAML::Node& node, const std::string& what, SessionLimits& limits) {
    const auto grace = [&](const YAML::Node& value, const std::string& key) {
        limits.grace = duration_of(value, key);
    };
    read_members(node, what,
                 {{"timeout_seconds", into_seconds(limits.timeout)},
                  {"grace_seconds", grace},
                  {"max_output_bytes", into_number(limits.max_output_bytes)}},
                 {});
}

void read_policy(const YAML::Node& node, const std::string& what, ToolPolicy& policy) {
    const auto directories = [](std::optional<std::vector<std::string>>& into) {
        return [&into](const YAML::Node& value, const std::string& key) {
            into = texts_of(value, key);
        };
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
                 {"network", "narrowed"});
}

/// Looked at before everything else: a newer format may have any shape.
void check_format(const YAML::Node& node) {
    if (!node.IsMap()) throw Damage{node.Mark(), "the document is no mapping"};
    const YAML::Node format = node["format"];
    if (!format) throw Damage{node.Mark(), "key 'format' is missing"};
    const int number = number_of<int>(format, "'format'");
    if (number == task_document_format) return;
    throw Damage{format.Mark(),
                 "format " + std::to_string(number) + " is not one that this loong reads (" +
                     std::to_string(task_document_format) + ")",
                 number > task_document_format ? ErrorCode::store_version
                                               : ErrorCode::store_corrupt};
}

TaskDocument document_of(const YAML::Node& node) {
    check_format(node);
    TaskDocument document;
    // Each part reads into the document, by a reader of its own.
    const auto part = [](auto read, auto& into) {
        return [read, &into](const YAML::Node& value, const std::string& key) {
            read(value, key, into);
        };
    };
    const auto environment = [&](const YAML::Node& value, const std::string& key) {
        document.environment = variables_of(value, key);
    };
    const auto mask = [&](const YAML::Node& value, const std::string& key) {
        document.umask = umask_of(value, key);
    };
    const auto notify_on = [&](const YAML::Node& value, const std::string& key) {
        for (const std::string& word : texts_of(value, key)) {
            const auto on = enumeration_of(word, NotifyOn::terminal);
            if (!on) throw Damage{value.Mark(), key + " names what is never told"};
            (*on == NotifyOn::terminal ? document.notify_terminal : document.notify_attention) =
                true;
        }
    };
    const auto ignored = [](const YAML::Node&, const std::string&) {};
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
                  {"runtime", part(read_runtime, document)},
                  {"work", part(read_work, document.work)},
                  {"working_directory", into_text(document.working_directory)},
                  {"umask", mask},
                  {"limits", part(read_limits, document.limits)},
                  {"tool_policy", part(read_policy, document.tool_policy)},
                  {"notify_on", notify_on},
                  {"secret_names", into_texts(document.secret_names)},
                  {"withheld_names", into_texts(document.withheld_names)},
                  {"environment", environment}},
                 {"task_id", "created_at", "owner_session_id", "scope_session_id", "visible_to",
                  "runtime", "work", "working_directory", "tool_policy"});
    return document;
}

Error damage_error(const std::string& what, const Damage& damage) {
    std::string where = what;
    if (damage.mark.line >= 0 && damage.mark.column >= 0) {
        where += " line " + std::to_string(damage.mark.line + 1) + ", column " +
                 std::to_string(damage.mark.column + 1);
    }
    const char* hint = damage.code == ErrorCode::store_version
                           ? "use the loong that made it, or a newer one"
                           : "`loong doctor` tells which file it is; it can be corrected by hand";
    return {damage.code, where + ": " + damage.why, hint};
}

/// Reads the one YAML document in `text` with `read`, whatever goes wrong.
template <typename Read>
auto read_yaml(std::string_view text, const std::string& what, Read read)
    -> Result<decltype(read(YAML::Node()))> {
    try {
        const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
        if (documents.size() != 1) {
            throw Damage{YAML::Mark::null_mark(), "it is not one YAML document"};
        }
        return read(documents.front());
    } catch (const Damage& damage) {
        return damage_error(what, damage);
    } catch (const YAML::Exception& failure) {
        return damage_error(what, {failure.mark, failure.msg});
    } catch (const std::exception& failure) {
        return damage_error(what, {YAML::Mark::null_mark(), failure.what()});
    }
}

} // namespace

Result<TaskDocument> read_task_document(std::string_view yaml) {
    return read_yaml(yaml, "task document", document_of);
}

Result<std::vector<EnvironmentVariable>> read_secrets(std::string_view text) {
    if (text.empty()) return std::vector<EnvironmentVariable>{};
    // The message must not carry a secret, so it tells where and nothing of what stands there.
    auto variables = read_yaml(
        text, "secrets", [](const YAML::Node& node) { return variables_of(node, "the document"); });
    return variables;
}

} // namespace loong
