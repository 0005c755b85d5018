#include "duration.hpp"
#include "plan.hpp"
#include "system.hpp"
#include "yaml_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
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

/// A value that is missing is none.
bool is_text(const YamlNode& node) { return node.is_scalar() && !node.is_null(); }

bool has(const YamlNode& node, std::string_view key) { return node.find(key) != nullptr; }

/// How findings leave the parser; never leaves this file.
struct Refusal {
    Error error;
};

class PlanParser {
public:
    explicit PlanParser(std::string source) : source_(source.empty() ? "plan" : source) {}

    Plan parse(const std::string& yaml) {
        const auto parsed = parse_yaml(yaml, {.resolve_scalars = false});
        if (const auto* problem = std::get_if<YamlProblem>(&parsed)) {
            refuse(problem->place, "no valid YAML: " + problem->why);
        }
        const auto& documents = std::get<std::vector<YamlNode>>(parsed);
        if (documents.empty() || documents.front().is_null()) {
            refuse({1, 1}, "the plan is empty", "a plan has a list of steps");
        }
        if (documents.size() > 1) {
            refuse(documents[1].place, "a plan is one document, and here a second one starts");
        }
        const YamlNode& root = documents.front();
        if (!root.is_mapping()) refuse(root.place, "a plan is a mapping with the key steps");
        check_keys(root, plan_keys, "plan");
        Plan plan;
        plan.has_steps = true;
        if (const YamlNode* name = root.find("name")) plan.name = text(*name, "name");
        const YamlNode* steps = root.find("steps");
        if (steps == nullptr) refuse(root.place, "the key steps is missing");
        if (!steps->is_sequence()) refuse(steps->place, "steps must be a list");
        if (steps->items.empty()) refuse(steps->place, "steps is empty");
        if (steps->items.size() > most_steps) refuse(steps->place, "more than 10000 steps");
        for (const YamlNode& node : steps->items) plan.steps.push_back(step(node));
        return plan;
    }

    [[noreturn]] void refuse(Place place, const std::string& why, std::string hint = {},
                             ErrorCode code = ErrorCode::invalid_plan) const {
        std::string where = source_;
        if (place.line > 0) {
            where += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
        }
        throw Refusal{{code, where + ": " + why, std::move(hint)}};
    }

private:
    template <typename Words>
    void check_keys(const YamlNode& map, const Words& known, const std::string& what) const {
        for (const YamlMember& member : map.members) {
            if (contains(known, member.key)) continue;
            const std::string nearest = nearest_word(member.key, known);
            refuse(member.place, "unknown key " + member.key + " in a " + what,
                   nearest.empty() ? "a " + what + " has: " + list_of(known)
                                   : "did you mean " + nearest + "?");
        }
    }

    std::string text(const YamlNode& node, const std::string& key) const {
        if (!is_text(node)) refuse(node.place, key + " must be a text");
        if (node.text.find('\0') != std::string::npos) {
            refuse(node.place, key + " contains a NUL byte");
        }
        if (node.text.find_first_not_of(" \t\r\n") == std::string::npos) {
            refuse(node.place, key + " is empty");
        }
        return node.text;
    }

    Step step(const YamlNode& node) {
        if (!node.is_mapping()) {
            refuse(node.place, "a step is a mapping", "for example: - run: make -j4");
        }
        // Beside `run` the key `ask` names tools.
        const YamlNode* run = node.find("run");
        const YamlNode* ask = node.find("ask");
        const bool asks = ask != nullptr && !(run != nullptr && names_tools(*ask));
        const int kinds =
            (run != nullptr ? 1 : 0) + (asks ? 1 : 0) + (has(node, "approve") ? 1 : 0);
        check_keys(node, step_keys, "step");
        if (kinds != 1) {
            refuse(node.place, kinds == 0 ? "a step needs one of run, ask and approve"
                                          : "a step has only one of run, ask and approve");
        }
        Step result;
        result.name = step_name(node);
        if (run != nullptr) {
            read_run(node, *run, result);
        } else {
            read_question(node, result);
        }
        if (const YamlNode* limit = node.find("timeout")) result.timeout = timeout(*limit);
        return result;
    }

    std::string step_name(const YamlNode& step) {
        ++step_count_;
        const YamlNode* node = step.find("name");
        std::string name =
            node != nullptr ? text(*node, "name") : "step-" + std::to_string(step_count_);
        const Place place = node != nullptr ? node->place : step.place;
        if (name.size() > longest_name) refuse(place, "name is longer than 64 bytes");
        for (const char c : name) {
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
                refuse(place, "name contains a control character");
            }
        }
        const auto [there, fresh] = names_.emplace(name, place.line);
        if (!fresh) {
            refuse(place, "the name " + name + " is the step's in line " +
                              std::to_string(there->second) + " already");
        }
        return name;
    }

    void read_run(const YamlNode& node, const YamlNode& run, Step& step) const {
        if (run.is_sequence()) {
            std::vector<std::string> arguments;
            for (const YamlNode& word : run.items) {
                if (!is_text(word)) refuse(word.place, "an argument must be a text");
                if (word.text.find('\0') != std::string::npos) {
                    refuse(word.place, "an argument contains a NUL byte");
                }
                arguments.push_back(word.text);
            }
            if (arguments.empty() || arguments.front().empty()) {
                refuse(run.place, "run is empty");
            }
            step.run = std::move(arguments);
        } else if (is_text(run)) {
            step.run = text(run, "run");
        } else {
            refuse(run.place, "run must be a text or a list of arguments");
        }
        if (const YamlNode* goes_on = node.find("continue_on_error")) {
            step.continue_on_error = flag(*goes_on, "continue_on_error");
        }
        if (const YamlNode* times = node.find("retry")) step.retry = retry(*times);
        if (const YamlNode* variables = node.find("env"))
            step.environment = environment(*variables);
        if (const YamlNode* directory = node.find("cwd")) step.directory = text(*directory, "cwd");
        read_narrowing(node, step);
    }

    /// A list, or a single word of the form of a tool.
    static bool names_tools(const YamlNode& node) {
        if (node.is_sequence()) return true;
        if (!is_text(node)) return false;
        const std::string& word = node.text;
        const std::string tool = word.substr(0, word.find(':'));
        return tool.find('.') != std::string::npos && tool.find(' ') == std::string::npos;
    }

    /// A text or a list of them.
    std::vector<std::string> texts(const YamlNode& node, const std::string& key) const {
        std::vector<std::string> words;
        if (!node.is_sequence()) return {text(node, key)};
        for (const YamlNode& word : node.items) words.push_back(text(word, key));
        return words;
    }

    void read_narrowing(const YamlNode& node, Step& step) const {
        ToolNarrowing& narrowing = step.narrowing;
        for (const auto& [key, decision] :
             {std::pair("allow", ToolDecision::allow), std::pair("ask", ToolDecision::ask),
              std::pair("deny", ToolDecision::deny)}) {
            const YamlNode* tools = node.find(key);
            if (tools == nullptr) continue;
            for (const std::string& word : texts(*tools, key)) {
                const std::size_t colon = word.find(':');
                ToolRule rule{word.substr(0, colon), decision, {}};
                if (colon != std::string::npos) rule.prefix = word.substr(colon + 1);
                if (rule.tool.empty() || (colon != std::string::npos && rule.prefix.empty())) {
                    refuse(tools->place, std::string(key) + ": " + word + " names no tool",
                           "write TOOL, or TOOL:PREFIX, for example shell.exec:git push");
                }
                narrowing.rules.push_back(std::move(rule));
            }
        }
        if (const YamlNode* read = node.find("read")) narrowing.read = texts(*read, "read");
        if (const YamlNode* write = node.find("write")) narrowing.write = texts(*write, "write");
        if (const YamlNode* none = node.find("no_network")) {
            narrowing.no_network = flag(*none, "no_network");
        }
        step.narrows = !narrowing.rules.empty() || !narrowing.read.empty() ||
                       !narrowing.write.empty() || narrowing.no_network;
    }

    void read_question(const YamlNode& node, Step& step) {
        const YamlNode* ask = node.find("ask");
        const YamlNode& question = ask != nullptr ? *ask : *node.find("approve");
        const std::string key = ask != nullptr ? "ask" : "approve";
        for (const YamlMember& member : node.members) {
            if (contains(question_keys, member.key)) continue;
            refuse(member.place,
                   member.key + " belongs to a step that runs something, not to " + key);
        }
        step.kind = ask != nullptr ? StepKind::ask : StepKind::approve;
        step.question = text(question, key);
        if (step.question.size() > longest_question) {
            refuse(question.place, key + " is longer than 4096 bytes");
        }
    }

    bool flag(const YamlNode& node, const std::string& key) const {
        if (is_text(node) && node.text == "true") return true;
        if (is_text(node) && node.text == "false") return false;
        refuse(node.place, key + " must be true or false");
    }

    int retry(const YamlNode& node) const {
        int number = -1;
        if (is_text(node)) {
            const std::string& digits = node.text;
            const char* end = digits.data() + digits.size();
            const auto [rest, failed] = std::from_chars(digits.data(), end, number);
            if (failed != std::errc() || rest != end) number = -1;
        }
        if (number < 0 || number > most_retries) {
            refuse(node.place, "retry must be a number from 0 to 1000");
        }
        return number;
    }

    Seconds timeout(const YamlNode& node) const {
        const auto duration = is_text(node) ? parse_duration(node.text) : std::optional<Seconds>();
        if (!duration) {
            refuse(node.place, "timeout must be a duration", "for example 30s, 10m or 1h30m");
        }
        return *duration;
    }

    std::vector<EnvironmentVariable> environment(const YamlNode& node) const {
        if (!node.is_mapping()) refuse(node.place, "env must be a mapping of names to texts");
        std::vector<EnvironmentVariable> variables;
        for (const auto& [name, place, value] : node.members) {
            if (!is_text(value)) refuse(place, "env must be a mapping of names to texts");
            if (name.empty() || name.find('=') != std::string::npos ||
                name.find('\0') != std::string::npos) {
                refuse(place, name + " is no name for an environment variable");
            }
            if (value.text.find('\0') != std::string::npos) {
                refuse(value.place, "the value of " + name + " contains a NUL byte");
            }
            variables.push_back({name, value.text});
        }
        return variables;
    }

    std::string source_;
    int step_count_ = 0;
    std::map<std::string, std::uint32_t> names_;
};

} // namespace

Result<Plan> parse_plan(const std::string& yaml, const std::string& source) {
    try {
        return PlanParser(source).parse(yaml);
    } catch (const Refusal& refusal) {
        return refusal.error;
    }
}

} // namespace loong::local
