#include "loong/notification.hpp"
#include "own_yaml.hpp"
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
    Damage(const DocumentNode& node, std::string text, ErrorCode error = ErrorCode::store_corrupt)
        : line(node.line),
          column(node.column),
          why(std::move(text)),
          code(error) {}
    Damage(const YAML::Mark& mark, std::string text)
        : line(mark.line),
          column(mark.column),
          why(std::move(text)) {}

    int line;
    int column;
    std::string why;
    ErrorCode code = ErrorCode::store_corrupt;
};

using Kind = DocumentNode::Kind;
using Style = DocumentNode::Style;

constexpr std::string_view binary_tag = "tag:yaml.org,2002:binary";

std::string text_of(const DocumentNode& node, const std::string& what) {
    if (node.kind == Kind::null) return {};
    if (node.kind != Kind::scalar) throw Damage{node, what + " is no text"};
    if (node.style != Style::binary) return node.text;
    std::string encoded = node.text;
    std::erase_if(encoded, [](char c) { return c == ' ' || c == '\n' || c == '\t'; });
    const std::vector<unsigned char> bytes = YAML::DecodeBase64(encoded);
    // The decoder skips what it does not know, so that only the way back tells.
    if (YAML::EncodeBase64(bytes.data(), bytes.size()) != encoded) {
        throw Damage{node, what + " is no valid base64"};
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
Number number_of(const DocumentNode& node, const std::string& what) {
    const auto number = node.kind == Kind::scalar ? number_in<Number>(node.text) : std::nullopt;
    if (!number) {
        throw Damage{node, what + " is no number of the kind that is expected here"};
    }
    return *number;
}

std::uint32_t umask_of(const DocumentNode& node, const std::string& what) {
    constexpr std::uint32_t all = 0777;
    const std::string digits = node.kind == Kind::scalar ? node.text : std::string();
    std::uint32_t mask = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), mask, 8);
    if (error != std::errc() || end != digits.data() + digits.size() || mask > all) {
        throw Damage{node, what + " is no umask, 0000 to 0777"};
    }
    return mask;
}

bool boolean_of(const DocumentNode& node, const std::string& what) {
    if (node.kind == Kind::scalar && node.text == "true") return true;
    if (node.kind == Kind::scalar && node.text == "false") return false;
    throw Damage{node, what + " is neither true nor false"};
}

Microseconds duration_of(const DocumentNode& node, const std::string& what) {
    constexpr double longest = 1e10;
    const auto seconds = number_of<double>(node, what);
    if (!(seconds >= 0 && seconds <= longest)) {
        throw Damage{node, what + " is no length of time"};
    }
    return std::chrono::round<Microseconds>(std::chrono::duration<double>(seconds));
}

std::vector<std::string> texts_of(const DocumentNode& node, const std::string& what) {
    std::vector<std::string> texts;
    if (node.kind == Kind::null) return texts;
    if (node.kind != Kind::sequence) throw Damage{node, what + " is no list"};
    for (const DocumentNode& item : node.items)
        texts.push_back(text_of(item, "an item of " + what));
    return texts;
}

template <typename Enumeration>
Enumeration word_of(const DocumentNode& node, const std::string& what, Enumeration last) {
    const std::string word = text_of(node, what);
    if (const auto value = enumeration_of(word, last)) return *value;
    std::vector<std::string> words;
    for (int at = 0; at <= static_cast<int>(last); ++at) {
        words.emplace_back(to_string(static_cast<Enumeration>(at)));
    }
    throw Damage{node, what + " is '" + word + "', " + suggest(word, words)};
}

std::vector<std::pair<const DocumentNode*, const DocumentNode*>>
members_of(const DocumentNode& mapping) {
    std::vector<std::pair<const DocumentNode*, const DocumentNode*>> members;
    for (std::size_t at = 0; at + 1 < mapping.items.size(); at += 2) {
        members.emplace_back(&mapping.items[at], &mapping.items[at + 1]);
    }
    return members;
}

/// Null where it has none of that key.
const DocumentNode* find_member(const DocumentNode& mapping, std::string_view key) {
    for (const auto& [name, value] : members_of(mapping)) {
        if (name->kind == Kind::scalar && name->text == key) return value;
    }
    return nullptr;
}

using Readers = std::map<std::string, std::function<void(const DocumentNode&, const std::string&)>>;

/// Gives each member of a mapping to the reader of its key. Keys are known, unique, and there where
/// they are required.
void read_members(const DocumentNode& node, const std::string& what, const Readers& readers,
                  const std::vector<std::string>& required) {
    if (node.kind != Kind::mapping) throw Damage{node, what + " is no mapping"};
    std::set<std::string> seen;
    for (const auto& [name, value] : members_of(node)) {
        const std::string key = text_of(*name, "a key");
        const auto reader = readers.find(key);
        if (reader == readers.end()) {
            std::vector<std::string> words;
            for (const auto& [word, function] : readers) words.push_back(word);
            throw Damage{*name, "unknown key '" + key + "', " + suggest(key, words)};
        }
        if (!seen.insert(key).second) {
            throw Damage{*name, "key '" + key + "' stands twice"};
        }
        reader->second(*value, "'" + key + "'");
    }
    for (const std::string& key : required) {
        if (seen.count(key) == 0) throw Damage{node, "key '" + key + "' is missing"};
    }
}

std::vector<EnvironmentVariable> variables_of(const DocumentNode& node, const std::string& what) {
    std::vector<EnvironmentVariable> variables;
    if (node.kind == Kind::null) return variables;
    if (node.kind != Kind::mapping) throw Damage{node, what + " is no mapping"};
    std::set<std::string> seen;
    for (const auto& [name, value] : members_of(node)) {
        EnvironmentVariable variable{text_of(*name, "a variable's name"),
                                     text_of(*value, "a variable's value")};
        if (!seen.insert(variable.name).second) {
            throw Damage{*name, "variable '" + variable.name + "' stands twice"};
        }
        variables.push_back(std::move(variable));
    }
    return variables;
}

/// Reads values of any shape.
class ValueReader {
public:
    Value read(const DocumentNode& node, int depth) {
        constexpr int max_depth = 100;
        if (depth > max_depth) throw Damage{node, "the settings are too deep"};
        if (node.kind == Kind::scalar) return read_scalar(node);
        if (node.kind == Kind::sequence) {
            Value::Array items;
            for (const DocumentNode& item : node.items) items.push_back(read(item, depth + 1));
            return items;
        }
        if (node.kind != Kind::mapping) return nullptr;
        Value::Object members;
        std::set<std::string> seen;
        for (const auto& [name, value] : members_of(node)) {
            std::string key = text_of(*name, "a key");
            if (!seen.insert(key).second) {
                throw Damage{*name, "key '" + key + "' stands twice"};
            }
            members.emplace_back(std::move(key), read(*value, depth + 1));
        }
        return members;
    }

private:
    static Value read_scalar(const DocumentNode& node) {
        // Only a plain scalar has this tag; quoted ones are texts whatever they look like.
        if (node.style != Style::plain) return text_of(node, "a value");
        const std::optional<Value> value = resolve_plain_scalar(node.text);
        if (!value) throw Damage{node, "a whole number has more than 64 bits"};
        return *value;
    }
};

/// Makes nodes of what yaml-cpp has read. Counts them: aliases can make a small text endless.
class NodeCopy {
public:
    explicit NodeCopy(std::size_t text_size) : left_(text_size + 100'000) {}

    DocumentNode copy(const YAML::Node& from, int depth = 0) {
        constexpr int max_depth = 200;
        if (depth > max_depth || left_ == 0) {
            throw Damage{from.Mark(), "it is too deep or too large"};
        }
        --left_;
        DocumentNode node;
        node.line = from.Mark().line;
        node.column = from.Mark().column;
        if (from.IsScalar()) {
            node.kind = Kind::scalar;
            node.text = from.Scalar();
            if (from.Tag() == "?") node.style = Style::plain;
            if (from.Tag() == binary_tag) node.style = Style::binary;
        } else if (from.IsSequence()) {
            node.kind = Kind::sequence;
            for (const YAML::Node& item : from) node.items.push_back(copy(item, depth + 1));
        } else if (from.IsMap()) {
            node.kind = Kind::mapping;
            for (const auto& member : from) {
                node.items.push_back(copy(member.first, depth + 1));
                node.items.push_back(copy(member.second, depth + 1));
            }
        }
        return node;
    }

private:
    std::size_t left_;
};

// Each of these makes the reader of a key that puts what it finds into `into`.
auto into_text(std::string& into) {
    return
        [&into](const DocumentNode& node, const std::string& what) { into = text_of(node, what); };
}
auto into_texts(std::vector<std::string>& into) {
    return
        [&into](const DocumentNode& node, const std::string& what) { into = texts_of(node, what); };
}
auto into_boolean(bool& into) {
    return [&into](const DocumentNode& node, const std::string& what) {
        into = boolean_of(node, what);
    };
}
template <typename Number>
auto into_number(Number& into) {
    return [&into](const DocumentNode& node, const std::string& what) {
        into = number_of<Number>(node, what);
    };
}
auto into_seconds(std::optional<Seconds>& into) {
    return [&into](const DocumentNode& node, const std::string& what) {
        into = std::chrono::duration_cast<Seconds>(duration_of(node, what));
    };
}
auto into_time(Time& into) {
    return [&into](const DocumentNode& node, const std::string& what) {
        const std::optional<Time> time = parse_time(text_of(node, what));
        if (!time) throw Damage{node, what + " is no time in RFC 3339"};
        into = *time;
    };
}

Dependency dependency_of(const DocumentNode& node, const std::string& what) {
    Dependency dependency;
    const auto until = [&](const DocumentNode& value, const std::string& key) {
        const std::string word = text_of(value, key);
        if (word != "completed" && word != "ended") {
            throw Damage{value, key + " is neither completed nor ended"};
        }
        dependency.any_end = word == "ended";
    };
    read_members(node, what, {{"task_id", into_text(dependency.task_id)}, {"until", until}},
                 {"task_id", "until"});
    return dependency;
}

ToolRule rule_of(const DocumentNode& node, const std::string& what) {
    ToolRule rule;
    const auto decision = [&](const DocumentNode& value, const std::string& key) {
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
    return [&into, read_item](const DocumentNode& node, const std::string& what) {
        if (node.kind == Kind::null) return;
        if (node.kind != Kind::sequence) throw Damage{node, what + " is no list"};
        for (const DocumentNode& item : node.items)
            into.push_back(read_item(item, "an item of " + what));
    };
}

void read_runtime(const DocumentNode& node, const std::string& what, TaskDocument& document) {
    const auto settings = [&](const DocumentNode& value, const std::string& key) {
        if (value.kind != Kind::mapping && value.kind != Kind::null)
            throw Damage{value, key + " is no mapping"};
        if (value.kind == Kind::mapping)
            document.runtime_settings.values = ValueReader().read(value, 0);
    };
    read_members(node, what,
                 {{"name", into_text(document.runtime)},
                  {"plugin", into_text(document.runtime_plugin)},
                  {"configured_in", into_text(document.runtime_settings.file)},
                  {"settings", settings}},
                 {"name", "plugin"});
}

void read_work(const DocumentNode& node, const std::string& what, Work& work) {
    const auto kind = [&](const DocumentNode& value, const std::string& key) {
        work.kind = word_of(value, key, WorkKind::plan);
    };
    read_members(node, what,
                 {{"kind", kind},
                  {"text", into_text(work.text)},
                  {"arguments", into_texts(work.arguments)},
                  {"source", into_text(work.source)}},
                 {"kind"});
    const bool is_command = work.kind == WorkKind::command;
    if (is_command && work.arguments.empty()) throw Damage{node, "'arguments' is missing"};
    if (!is_command && find_member(node, "text") == nullptr)
        throw Damage{node, "key 'text' is missing"};
}

void read_limits(const DocumentNode& node, const std::string& what, SessionLimits& limits) {
    const auto grace = [&](const DocumentNode& value, const std::string& key) {
        limits.grace = duration_of(value, key);
    };
    read_members(node, what,
                 {{"timeout_seconds", into_seconds(limits.timeout)},
                  {"grace_seconds", grace},
                  {"max_output_bytes", into_number(limits.max_output_bytes)}},
                 {});
}

void read_policy(const DocumentNode& node, const std::string& what, ToolPolicy& policy) {
    const auto directories = [](std::optional<std::vector<std::string>>& into) {
        return [&into](const DocumentNode& value, const std::string& key) {
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
void check_format(const DocumentNode& node) {
    if (node.kind != Kind::mapping) throw Damage{node, "the document is no mapping"};
    const DocumentNode* format = find_member(node, "format");
    if (format == nullptr) throw Damage{node, "key 'format' is missing"};
    const int number = number_of<int>(*format, "'format'");
    if (number == task_document_format) return;
    throw Damage{*format,
                 "format " + std::to_string(number) + " is not one that this loong reads (" +
                     std::to_string(task_document_format) + ")",
                 number > task_document_format ? ErrorCode::store_version
                                               : ErrorCode::store_corrupt};
}

TaskDocument document_of(const DocumentNode& node) {
    check_format(node);
    TaskDocument document;
    // Each part reads into the document, by a reader of its own.
    const auto part = [](auto read, auto& into) {
        return [read, &into](const DocumentNode& value, const std::string& key) {
            read(value, key, into);
        };
    };
    const auto environment = [&](const DocumentNode& value, const std::string& key) {
        document.environment = variables_of(value, key);
    };
    const auto mask = [&](const DocumentNode& value, const std::string& key) {
        document.umask = umask_of(value, key);
    };
    const auto notify_on = [&](const DocumentNode& value, const std::string& key) {
        for (const std::string& word : texts_of(value, key)) {
            const auto on = enumeration_of(word, NotifyOn::terminal);
            if (!on) throw Damage{value, key + " names what is never told"};
            (*on == NotifyOn::terminal ? document.notify_terminal : document.notify_attention) =
                true;
        }
    };
    const auto ignored = [](const DocumentNode&, const std::string&) {};
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
    if (damage.line >= 0 && damage.column >= 0) {
        where += " line " + std::to_string(damage.line + 1) + ", column " +
                 std::to_string(damage.column + 1);
    }
    const char* hint = damage.code == ErrorCode::store_version
                           ? "use the loong that made it, or a newer one"
                           : "`loong doctor` tells which file it is; it can be corrected by hand";
    return {damage.code, where + ": " + damage.why, hint};
}

/// Reads the one YAML document in `text` with `read`, whatever goes wrong.
template <typename Read>
auto read_yaml(std::string_view text, const std::string& what, Read read)
    -> Result<decltype(read(DocumentNode()))> {
    try {
        const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
        if (documents.size() != 1) {
            throw Damage{YAML::Mark::null_mark(), "it is not one YAML document"};
        }
        return read(NodeCopy(text.size()).copy(documents.front()));
    } catch (const Damage& damage) {
        return damage_error(what, damage);
    } catch (const YAML::Exception& failure) {
        return damage_error(what, {failure.mark, failure.msg});
    } catch (const std::exception& failure) {
        return damage_error(what, {YAML::Mark::null_mark(), failure.what()});
    }
}

/// The same of a text that core wrote; absent where it is something else, or wrong. Then read_yaml()
/// tells what, and where.
template <typename Read>
auto read_own(std::string_view text, Read read) -> std::optional<decltype(read(DocumentNode()))> {
    try {
        const std::optional<DocumentNode> node = read_own_yaml(text);
        if (!node) return std::nullopt;
        return read(*node);
    } catch (const Damage&) {
        return std::nullopt;
    }
}

} // namespace

Result<TaskDocument> read_task_document(std::string_view yaml) {
    if (std::optional<TaskDocument> document = read_own(yaml, document_of)) {
        return *std::move(document);
    }
    return read_any_task_document(yaml);
}

Result<TaskDocument> read_any_task_document(std::string_view yaml) {
    return read_yaml(yaml, "task document", document_of);
}

Result<std::vector<EnvironmentVariable>> read_secrets(std::string_view text) {
    if (text.empty()) return std::vector<EnvironmentVariable>{};
    // The message must not carry a secret, so it tells where and nothing of what stands there.
    auto variables = read_yaml(text, "secrets", [](const DocumentNode& node) {
        return variables_of(node, "the document");
    });
    return variables;
}

} // namespace loong
