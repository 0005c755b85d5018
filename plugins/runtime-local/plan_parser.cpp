#include "duration.hpp"
#include "plan.hpp"
#include "system.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <string_view>

namespace loong::local {
namespace {

constexpr std::array<std::string_view, 2> plan_keys{"name", "steps"};
/// `ask` is what a step asks, and in a step that runs something a list of tools.
constexpr std::array<std::string_view, 14> step_keys{
    "name", "run",   "ask",  "approve", "timeout", "continue_on_error", "retry", "env",
    "cwd",  "allow", "deny", "read",    "write",   "no_network"};
/// For steps that ask: there is nothing to repeat or to set up.
constexpr std::array<std::string_view, 4> question_keys{"name", "ask", "approve", "timeout"};
constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_question = 4096;
constexpr int most_retries = 1000;
constexpr std::size_t most_steps = 10'000;

template <typename Words>
bool contains(const Words& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

template <typename Words>
std::string list_of(const Words& words) {
    std::string text;
    for (const std::string_view word : words) {
        if (!text.empty()) text += ", ";
        text += word;
    }
    return text;
}

/// How yaml-cpp's exceptions and our findings leave the parser; never leaves this file.
struct Refusal {
    Error error;
};

class PlanParser {
public:
    explicit PlanParser(std::string source) : source_(source.empty() ? "plan" : source) {}

    Plan parse(const std::string& yaml) {
        std::vector<YAML::Node> documents = YAML::LoadAll(yaml);
        if (documents.empty() || documents.front().IsNull()) {
            refuse(YAML::Mark(), "the plan is empty", "a plan has a list of steps");
        }
        if (documents.size() > 1) {
            refuse(documents[1].Mark(), "a plan is one document, and here a second one starts");
        }
        const YAML::Node& root = documents.front();
        if (!root.IsMap()) refuse(root.Mark(), "a plan is a mapping with the key steps");
        check_keys(root, plan_keys, "plan");
        Plan plan;
        plan.has_steps = true;
        if (root["name"]) plan.name = text(root["name"], "name");
        const YAML::Node steps = root["steps"];
        if (!steps) refuse(root.Mark(), "the key steps is missing");
        if (!steps.IsSequence()) refuse(steps.Mark(), "steps must be a list");
        if (steps.size() == 0) refuse(steps.Mark(), "steps is empty");
        if (steps.size() > most_steps) refuse(steps.Mark(), "more than 10000 steps");
        for (const YAML::Node& node : steps) plan.steps.push_back(step(node));
        return plan;
    }

    [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& why, std::string hint = {},
                             ErrorCode code = ErrorCode::invalid_plan) const {
        // yaml-cpp's mark of a missing value is null.
        std::string where = source_;
        if (!mark.is_null()) {
            where += ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
        }
        throw Refusal{{code, where + ": " + why, std::move(hint)}};
    }

private:
    template <typename Words>
    void check_keys(const YAML::Node& map, const Words& known, const std::string& what) {
        std::set<std::string> seen;
        for (const auto& entry : map) {
            if (!entry.first.IsScalar()) refuse(entry.first.Mark(), "a key must be a plain word");
            const std::string& key = entry.first.Scalar();
            if (!contains(known, key))
                refuse_key(entry.first, list_of(known), what, nearest_word(key, known));
            if (!seen.insert(key).second) refuse_second(entry.first);
        }
    }

    [[noreturn]] void refuse_key(const YAML::Node& key, const std::string& known,
                                 const std::string& what, const std::string& nearest) const {
        const std::string& name = key.Scalar();
        refuse(key.Mark(), "unknown key " + name + " in a " + what,
               nearest.empty() ? "a " + what + " has: " + known : "did you mean " + nearest + "?");
    }

    [[noreturn]] void refuse_second(const YAML::Node& key) const {
        refuse(key.Mark(), "the key " + key.Scalar() + " is there twice");
    }

    std::string text(const YAML::Node& node, const std::string& key) const {
        if (!node.IsScalar()) refuse(node.Mark(), key + " must be a text");
        if (node.Scalar().find('\0') != std::string::npos) {
            refuse(node.Mark(), key + " contains a NUL byte");
        }
        if (node.Scalar().find_first_not_of(" \t\r\n") == std::string::npos) {
            refuse(node.Mark(), key + " is empty");
        }
        return node.Scalar();
    }

    Step step(const YAML::Node& node) {
        if (!node.IsMap()) {
            refuse(node.Mark(), "a step is a mapping", "for example: - run: make -j4");
        }
        // Beside `run` the key `ask` names tools.
        const bool asks = node["ask"] && !(node["run"] && names_tools(node["ask"]));
        const int kinds = (node["run"] ? 1 : 0) + (asks ? 1 : 0) + (node["approve"] ? 1 : 0);
        check_keys(node, step_keys, "step");
        if (kinds != 1) {
            refuse(node.Mark(), kinds == 0 ? "a step needs one of run, ask and approve"
                                           : "a step has only one of run, ask and approve");
        }
        Step result;
        result.name = step_name(node["name"], node.Mark());
        if (node["run"]) {
            read_run(node, result);
        } else {
            read_question(node, result);
        }
        if (node["timeout"]) result.timeout = timeout(node["timeout"]);
        return result;
    }

    std::string step_name(const YAML::Node& node, const YAML::Mark& mark) {
        ++step_count_;
        std::string name = node ? text(node, "name") : "step-" + std::to_string(step_count_);
        const YAML::Mark place = node ? node.Mark() : mark;
        if (name.size() > longest_name) refuse(place, "name is longer than 64 bytes");
        for (const char c : name) {
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
                refuse(place, "name contains a control character");
            }
        }
        const auto [there, fresh] = names_.emplace(name, place.line + 1);
        if (!fresh) {
            refuse(place, "the name " + name + " is the step's in line " +
                              std::to_string(there->second) + " already");
        }
        return name;
    }

    void read_run(const YAML::Node& node, Step& step) const {
        const YAML::Node run = node["run"];
        if (run.IsSequence()) {
            std::vector<std::string> arguments;
            for (const YAML::Node& word : run) {
                if (!word.IsScalar()) refuse(word.Mark(), "an argument must be a text");
                if (word.Scalar().find('\0') != std::string::npos) {
                    refuse(word.Mark(), "an argument contains a NUL byte");
                }
                arguments.push_back(word.Scalar());
            }
            if (arguments.empty() || arguments.front().empty()) {
                refuse(run.Mark(), "run is empty");
            }
            step.run = std::move(arguments);
        } else if (run.IsScalar()) {
            step.run = text(run, "run");
        } else {
            refuse(run.Mark(), "run must be a text or a list of arguments");
        }
        if (node["continue_on_error"]) {
            step.continue_on_error = flag(node["continue_on_error"], "continue_on_error");
        }
        if (node["retry"]) step.retry = retry(node["retry"]);
        if (node["env"]) step.environment = environment(node["env"]);
        if (node["cwd"]) step.directory = text(node["cwd"], "cwd");
        read_narrowing(node, step);
    }

    /// A list, or a single word of the form of a tool.
    static bool names_tools(const YAML::Node& node) {
        if (node.IsSequence()) return true;
        if (!node.IsScalar()) return false;
        const std::string& word = node.Scalar();
        const std::string tool = word.substr(0, word.find(':'));
        return tool.find('.') != std::string::npos && tool.find(' ') == std::string::npos;
    }

    /// A text or a list of them.
    std::vector<std::string> texts(const YAML::Node& node, const std::string& key) const {
        std::vector<std::string> words;
        if (!node.IsSequence()) return {text(node, key)};
        for (const YAML::Node& word : node) words.push_back(text(word, key));
        return words;
    }

    void read_narrowing(const YAML::Node& node, Step& step) const {
        ToolNarrowing& narrowing = step.narrowing;
        for (const auto& [key, decision] :
             {std::pair("allow", ToolDecision::allow), std::pair("ask", ToolDecision::ask),
              std::pair("deny", ToolDecision::deny)}) {
            if (!node[key]) continue;
            for (const std::string& word : texts(node[key], key)) {
                const std::size_t colon = word.find(':');
                ToolRule rule{word.substr(0, colon), decision, {}};
                if (colon != std::string::npos) rule.prefix = word.substr(colon + 1);
                if (rule.tool.empty() || (colon != std::string::npos && rule.prefix.empty())) {
                    refuse(node[key].Mark(), std::string(key) + ": " + word + " names no tool",
                           "write TOOL, or TOOL:PREFIX, for example shell.exec:git push");
                }
                narrowing.rules.push_back(std::move(rule));
            }
        }
        if (node["read"]) narrowing.read = texts(node["read"], "read");
        if (node["write"]) narrowing.write = texts(node["write"], "write");
        if (node["no_network"]) narrowing.no_network = flag(node["no_network"], "no_network");
        step.narrows = !narrowing.rules.empty() || !narrowing.read.empty() ||
                       !narrowing.write.empty() || narrowing.no_network;
    }

    void read_question(const YAML::Node& node, Step& step) {
        const bool ask = static_cast<bool>(node["ask"]);
        const std::string key = ask ? "ask" : "approve";
        for (const auto& entry : node) {
            if (!contains(question_keys, entry.first.Scalar())) {
                refuse(entry.first.Mark(), entry.first.Scalar() +
                                               " belongs to a step that runs something, not to " +
                                               key);
            }
        }
        step.kind = ask ? StepKind::ask : StepKind::approve;
        step.question = text(node[key], key);
        if (step.question.size() > longest_question) {
            refuse(node[key].Mark(), key + " is longer than 4096 bytes");
        }
    }

    bool flag(const YAML::Node& node, const std::string& key) const {
        if (node.IsScalar() && node.Scalar() == "true") return true;
        if (node.IsScalar() && node.Scalar() == "false") return false;
        refuse(node.Mark(), key + " must be true or false");
    }

    int retry(const YAML::Node& node) const {
        int number = -1;
        if (node.IsScalar()) {
            const std::string& digits = node.Scalar();
            const char* end = digits.data() + digits.size();
            const auto [rest, failed] = std::from_chars(digits.data(), end, number);
            if (failed != std::errc() || rest != end) number = -1;
        }
        if (number < 0 || number > most_retries) {
            refuse(node.Mark(), "retry must be a number from 0 to 1000");
        }
        return number;
    }

    Seconds timeout(const YAML::Node& node) const {
        const auto duration =
            node.IsScalar() ? parse_duration(node.Scalar()) : std::optional<Seconds>();
        if (!duration) {
            refuse(node.Mark(), "timeout must be a duration", "for example 30s, 10m or 1h30m");
        }
        return *duration;
    }

    std::vector<EnvironmentVariable> environment(const YAML::Node& node) const {
        if (!node.IsMap()) refuse(node.Mark(), "env must be a mapping of names to texts");
        std::vector<EnvironmentVariable> variables;
        std::set<std::string> seen;
        for (const auto& entry : node) {
            if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
                refuse(entry.first.Mark(), "env must be a mapping of names to texts");
            }
            const std::string& name = entry.first.Scalar();
            if (name.empty() || name.find('=') != std::string::npos ||
                name.find('\0') != std::string::npos) {
                refuse(entry.first.Mark(), name + " is no name for an environment variable");
            }
            if (entry.second.Scalar().find('\0') != std::string::npos) {
                refuse(entry.second.Mark(), "the value of " + name + " contains a NUL byte");
            }
            if (!seen.insert(name).second) {
                refuse(entry.first.Mark(), "the variable " + name + " is there twice");
            }
            variables.push_back({name, entry.second.Scalar()});
        }
        return variables;
    }

    std::string source_;
    int step_count_ = 0;
    std::map<std::string, int> names_;
};

} // namespace

Result<Plan> parse_plan(const std::string& yaml, const std::string& source) {
    const PlanParser errors(source);
    PlanParser parser(source);
    try {
        try {
            return parser.parse(yaml);
        } catch (const YAML::Exception& caught) {
            errors.refuse(caught.mark, "no valid YAML: " + caught.msg);
        }
    } catch (const Refusal& refusal) {
        return refusal.error;
    }
}

} // namespace loong::local
