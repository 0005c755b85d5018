#include "batch.hpp"

#include "text.hpp"

#include <boost/json.hpp>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>

namespace loong::cli {
namespace {

struct Source {
    std::string file;
    /// The line that is being read, where each is read alone; else the nodes know theirs.
    int line = 0;
};

Error batch_error(const Source& source, const YAML::Mark& mark, const std::string& why,
                  const std::string& hint) {
    std::string place = source.file;
    const int line = mark.is_null() ? source.line : mark.line + 1;
    if (line > 0) place += ":" + std::to_string(line);
    return {ErrorCode::invalid_argument, "batch " + place + ": " + why, hint};
}

struct Key {
    const char* name;
    std::optional<std::string> CreateArguments::*value = nullptr;
    std::vector<std::string> CreateArguments::*values = nullptr;
};

const std::vector<Key>& keys() {
    static const std::vector<Key> all = {
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
    TaskReader(const Source& source, const YAML::Node& node) : source_(source), node_(node) {}

    Result<CreateArguments> read() {
        if (!node_.IsMap()) {
            return batch_error(source_, node_.Mark(), "a task is a mapping of keys to values",
                               "for example `{\"text\": \"make -j4\", \"label\": \"build\"}`");
        }
        for (const auto& member : node_) {
            if (Result<void> taken = take(member.first, member.second); !taken) {
                return std::move(taken).error();
            }
        }
        return arguments_;
    }

private:
    Result<void> take(const YAML::Node& name, const YAML::Node& value) {
        const std::string key = name.IsScalar() ? name.Scalar() : std::string();
        for (const Key& known : keys()) {
            if (key != known.name) continue;
            if (known.value != nullptr) return scalar(key, value, arguments_.*known.value);
            if (known.values != nullptr) return list(key, value, arguments_.*known.values);
            if (key == "hold") return flag(key, value, arguments_.hold);
            if (key == "no_network") return flag(key, value, arguments_.no_network);
            return command(value);
        }
        std::vector<std::string> names;
        for (const Key& known : keys()) names.emplace_back(known.name);
        return batch_error(source_, name.Mark(), "unknown key '" + key + "'", suggest(key, names));
    }

    Result<void> scalar(const std::string& key, const YAML::Node& value,
                        std::optional<std::string>& target) const {
        if (!value.IsScalar()) return wrong(key, value, "a single value");
        target = value.Scalar();
        return {};
    }

    Result<void> list(const std::string& key, const YAML::Node& value,
                      std::vector<std::string>& target) const {
        if (value.IsScalar()) {
            target.push_back(value.Scalar());
            return {};
        }
        if (!value.IsSequence()) return wrong(key, value, "a value or a list of them");
        for (const auto& item : value) {
            if (!item.IsScalar()) return wrong(key, item, "a single value");
            target.push_back(item.Scalar());
        }
        return {};
    }

    Result<void> command(const YAML::Node& value) {
        if (!value.IsSequence()) return wrong("command", value, "a list of words");
        arguments_.command.emplace();
        return list("command", value, *arguments_.command);
    }

    Result<void> flag(const std::string& key, const YAML::Node& value, bool& target) const {
        if (!YAML::convert<bool>::decode(value, target)) return wrong(key, value, "true or false");
        return {};
    }

    Error wrong(const std::string& key, const YAML::Node& value, const std::string& wanted) const {
        return batch_error(source_, value.Mark(), "key '" + key + "': has to be " + wanted, "");
    }

    const Source& source_;
    YAML::Node node_;
    CreateArguments arguments_;
};

using Tasks = std::vector<CreateArguments>;

Result<void> add_task(const Source& source, const YAML::Node& node, Tasks& tasks) {
    Result<CreateArguments> arguments = TaskReader(source, node).read();
    if (!arguments) return std::move(arguments).error();
    tasks.push_back(std::move(*arguments));
    return {};
}

Result<void> add_documents(const Source& source, const std::string& text, Tasks& tasks) {
    try {
        for (const YAML::Node& document : YAML::LoadAll(text)) {
            if (document.IsNull()) continue;
            if (!document.IsSequence()) {
                if (Result<void> added = add_task(source, document, tasks); !added) return added;
                continue;
            }
            for (const auto& node : document) {
                if (Result<void> added = add_task(source, node, tasks); !added) return added;
            }
        }
    } catch (const YAML::Exception& exception) {
        return batch_error(source, exception.mark, exception.msg,
                           "see `loong tasks create --help`");
    }
    return {};
}

YAML::Node to_node(const boost::json::value& value) {
    if (const boost::json::string* text = value.if_string()) {
        return YAML::Node(std::string(text->data(), text->size()));
    }
    if (const boost::json::array* items = value.if_array()) {
        YAML::Node node(YAML::NodeType::Sequence);
        for (const boost::json::value& item : *items) node.push_back(to_node(item));
        return node;
    }
    if (const boost::json::object* members = value.if_object()) {
        YAML::Node node(YAML::NodeType::Map);
        for (const auto& member : *members) {
            node.force_insert(std::string(member.key()), to_node(member.value()));
        }
        return node;
    }
    if (value.is_null()) return YAML::Node(YAML::NodeType::Null);
    return YAML::Node(boost::json::serialize(value));
}

// YAML would read most of JSON, but not its pairs of surrogates, and many times slower.
Result<void> add_lines(Source source, std::string_view content, Tasks& tasks) {
    while (!content.empty()) {
        ++source.line;
        const std::size_t end = std::min(content.find('\n'), content.size());
        const std::string_view line = content.substr(0, end);
        content.remove_prefix(std::min(end + 1, content.size()));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        boost::json::error_code error;
        const boost::json::value value = boost::json::parse({line.data(), line.size()}, error);
        if (error) {
            return batch_error(source, YAML::Mark::null_mark(), "no JSON: " + error.message(),
                               "write one JSON object a line, or a YAML list");
        }
        if (Result<void> added = add_task(source, to_node(value), tasks); !added) return added;
    }
    return {};
}

} // namespace

Result<std::vector<CreateArguments>> read_batch(std::string_view content, const std::string& file) {
    const Source source{file == "-" ? "standard input" : file};
    Tasks tasks;
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
