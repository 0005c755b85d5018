#include "batch.hpp"

#include "text.hpp"
#include "yaml_reader.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <optional>
#include <strings.h>

namespace loong::cli {
namespace {

struct Source {
    std::string file;
    /// The line that is being read, where each is read alone; else the nodes know theirs.
    std::uint32_t line = 0;
};

Error batch_error(const Source& source, Place at, const std::string& why, const std::string& hint) {
    std::string place = source.file;
    const std::uint32_t line = at.line == 0 ? source.line : at.line;
    if (line > 0) place += ":" + std::to_string(line);
    return {ErrorCode::invalid_argument, "batch " + place + ": " + why, hint};
}

bool is_single(const YamlNode& node) { return node.is_scalar() && !node.is_null(); }

struct BatchKey {
    const char* name;
    std::optional<std::string> CreateArguments::*value = nullptr;
    std::vector<std::string> CreateArguments::*values = nullptr;
};

const std::vector<BatchKey>& keys() {
    static const std::vector<BatchKey> all = {
        {"text", &CreateArguments::text},
        {"command"},
        {"plan", &CreateArguments::plan_file},
        {"file", &CreateArguments::plan_file},
        {"label", &CreateArguments::label},
        {"timeout", &CreateArguments::timeout},
        {"start_within", &CreateArguments::start_within},
        {"grace", &CreateArguments::grace},
        {"runtime", &CreateArguments::runtime},
        {"cwd", &CreateArguments::cwd},
        {"env", nullptr, &CreateArguments::env},
        {"after", nullptr, &CreateArguments::after},
        {"after_any", nullptr, &CreateArguments::after_any},
        {"priority", &CreateArguments::priority},
        {"retry", &CreateArguments::retry},
        {"hold"},
        {"dedupe_key", &CreateArguments::dedupe_key},
        {"max_output", &CreateArguments::max_output},
        {"write", nullptr, &CreateArguments::write},
        {"read", nullptr, &CreateArguments::read},
        {"no_network"},
        {"allow", nullptr, &CreateArguments::allow},
        {"ask", nullptr, &CreateArguments::ask},
        {"deny", nullptr, &CreateArguments::deny},
    };
    return all;
}

class TaskReader {
public:
    TaskReader(const Source& source, const YamlNode& node) : source_(source), node_(node) {}

    Result<CreateArguments> read() {
        if (!node_.is_mapping()) {
            return batch_error(source_, node_.place, "a task is a mapping of keys to values",
                               "for example `{\"text\": \"make -j4\", \"label\": \"build\"}`");
        }
        for (const YamlMember& member : node_.members) {
            if (Result<void> taken = take(member); !taken) {
                return std::move(taken).error();
            }
        }
        return arguments_;
    }

private:
    Result<void> take(const YamlMember& member) {
        const std::string& key = member.key;
        const YamlNode& value = member.value;
        for (const BatchKey& known : keys()) {
            if (key != known.name) continue;
            if (known.value != nullptr) return scalar(key, value, arguments_.*known.value);
            if (known.values != nullptr) return list(key, value, arguments_.*known.values);
            if (key == "hold") return flag(key, value, arguments_.hold);
            if (key == "no_network") return flag(key, value, arguments_.no_network);
            return command(value);
        }
        std::vector<std::string> names;
        for (const BatchKey& known : keys()) names.emplace_back(known.name);
        return batch_error(source_, member.place, "unknown key '" + key + "'", suggest(key, names));
    }

    Result<void> scalar(const std::string& key, const YamlNode& value,
                        std::optional<std::string>& target) const {
        if (!is_single(value)) return wrong(key, value, "a single value");
        target = value.text;
        return {};
    }

    Result<void> list(const std::string& key, const YamlNode& value,
                      std::vector<std::string>& target) const {
        if (is_single(value)) {
            target.push_back(value.text);
            return {};
        }
        if (!value.is_sequence()) return wrong(key, value, "a value or a list of them");
        for (const YamlNode& item : value.items) {
            if (!is_single(item)) return wrong(key, item, "a single value");
            target.push_back(item.text);
        }
        return {};
    }

    Result<void> command(const YamlNode& value) {
        if (!value.is_sequence()) return wrong("command", value, "a list of words");
        arguments_.command.emplace();
        return list("command", value, *arguments_.command);
    }

    Result<void> flag(const std::string& key, const YamlNode& value, bool& target) const {
        // What YAML 1.1 takes for one, too: a batch may have been written for another reader.
        const auto is_one_of = [&](std::initializer_list<const char*> words) {
            return std::any_of(words.begin(), words.end(), [&](const char* word) {
                return ::strcasecmp(value.text.c_str(), word) == 0;
            });
        };
        target = is_one_of({"true", "yes", "on", "y"});
        if (target || is_one_of({"false", "no", "off", "n"})) return {};
        return wrong(key, value, "true or false");
    }

    Error wrong(const std::string& key, const YamlNode& value, const std::string& wanted) const {
        return batch_error(source_, value.place, "key '" + key + "': has to be " + wanted, "");
    }

    const Source& source_;
    const YamlNode& node_;
    CreateArguments arguments_;
};

using BatchTasks = std::vector<CreateArguments>;

Result<void> add_task(const Source& source, const YamlNode& node, BatchTasks& tasks) {
    Result<CreateArguments> arguments = TaskReader(source, node).read();
    if (!arguments) return std::move(arguments).error();
    tasks.push_back(std::move(*arguments));
    return {};
}

Result<void> add_documents(const Source& source, const std::string& text, BatchTasks& tasks) {
    // A batch may be large; what its aliases expand to may not be without end.
    const auto parsed = parse_yaml(text, {.weight_limit = 20'000'000, .resolve_scalars = false});
    if (const auto* problem = std::get_if<YamlProblem>(&parsed)) {
        return batch_error(source, problem->place, problem->why, "see `loong tasks create --help`");
    }
    for (const YamlNode& document : std::get<std::vector<YamlNode>>(parsed)) {
        if (document.is_null()) continue;
        if (!document.is_sequence()) {
            if (Result<void> added = add_task(source, document, tasks); !added) return added;
            continue;
        }
        for (const YamlNode& node : document.items) {
            if (Result<void> added = add_task(source, node, tasks); !added) return added;
        }
    }
    return {};
}

YamlNode to_node(const boost::json::value& value) {
    YamlNode node;
    if (const boost::json::string* text = value.if_string()) {
        node.text.assign(text->data(), text->size());
        node.is_plain = false;
    } else if (const boost::json::array* items = value.if_array()) {
        node.kind = YamlNode::Kind::sequence;
        for (const boost::json::value& item : *items) node.items.push_back(to_node(item));
    } else if (const boost::json::object* members = value.if_object()) {
        node.kind = YamlNode::Kind::mapping;
        for (const auto& member : *members) {
            node.members.push_back({member.key(), {}, to_node(member.value())});
        }
    } else {
        node.text = boost::json::serialize(value);
    }
    return node;
}

// YAML would read most of JSON, but not its pairs of surrogates, and many times slower.
Result<void> add_lines(Source source, std::string_view content, BatchTasks& tasks) {
    while (!content.empty()) {
        ++source.line;
        const std::size_t end = std::min(content.find('\n'), content.size());
        const std::string_view line = content.substr(0, end);
        content.remove_prefix(std::min(end + 1, content.size()));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        boost::json::error_code error;
        const boost::json::value value = boost::json::parse({line.data(), line.size()}, error);
        if (error) {
            return batch_error(source, {}, "no JSON: " + error.message(),
                               "write one JSON object a line, or a YAML list");
        }
        if (Result<void> added = add_task(source, to_node(value), tasks); !added) return added;
    }
    return {};
}

} // namespace

Result<std::vector<CreateArguments>> read_batch(std::string_view content, const std::string& file) {
    const Source source{file == "-" ? "standard input" : file};
    BatchTasks tasks;
    const std::size_t first = content.find_first_not_of(" \t\r\n");
    const bool json_lines = first != std::string_view::npos && content[first] == '{';
    Result<void> added = json_lines ? add_lines(source, content, tasks)
                                    : add_documents(source, std::string(content), tasks);
    if (!added) return std::move(added).error();
    if (tasks.empty()) {
        return Error{ErrorCode::invalid_argument,
                     "batch " + source.file + ": there is no task in it",
                     "write one JSON object a line, or a YAML list"};
    }
    return tasks;
}

} // namespace loong::cli
