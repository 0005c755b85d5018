#pragma once
/// How policies are folded into one: the configuration, or the policy of the task that creates
/// another one, and what the new task asks for; or a task's policy and what one of its steps says. A
/// fold only ever narrows. Pure, and inline, so that runtimes whose work has parts fold alike.

#include "loong/error.hpp"
#include "loong/session_spec.hpp"
#include "loong/tool_policy.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace loong {

/// What a policy is narrowed from.
struct PolicyBase {
    ToolPolicy policy;
    /// Who says so, for messages: `the configuration`, or `task …, which creates it,`.
    std::string name;
};

/// What asks for less.
struct PolicyTarget {
    /// Absolute and free of symbolic links. May be written where nothing else is said.
    std::string working_directory;
    /// Besides those that every runtime has and those that the base names.
    std::vector<std::string> runtime_tools;
};

/// Both sets of rules in one that decides about each use as the stricter of the two would.
[[nodiscard]] inline std::vector<ToolRule> fold_rules(const std::vector<ToolRule>& one,
                                                      const std::vector<ToolRule>& other) {
    std::vector<ToolRule> folded;
    const auto add = [&](const ToolRule& rule) {
        const auto same = [&](const ToolRule& there) {
            return there.tool == rule.tool && there.prefix == rule.prefix;
        };
        if (std::any_of(folded.begin(), folded.end(), same)) return;
        // For a use that this prefix fits, and no longer one, each side decides as it does about
        // the prefix itself.
        folded.push_back({rule.tool,
                          std::max(decision_about(one, rule.tool, rule.prefix),
                                   decision_about(other, rule.tool, rule.prefix)),
                          rule.prefix});
    };
    for (const auto* rules : {&one, &other}) {
        for (const ToolRule& rule : *rules) {
            // A tool's rule without prefix stands first, as in the configuration.
            add({rule.tool, rule.decision, {}});
        }
    }
    for (const auto* rules : {&one, &other}) {
        for (const ToolRule& rule : *rules) add(rule);
    }
    std::stable_sort(folded.begin(), folded.end(), [](const ToolRule& left, const ToolRule& right) {
        return left.tool < right.tool;
    });
    return folded;
}

namespace policy_detail {

inline Error invalid(std::string message, std::string hint = {}) {
    return {ErrorCode::invalid_argument, "tool policy: " + std::move(message), std::move(hint)};
}

inline void add_once(std::vector<std::string>& words, std::string_view word) {
    if (std::find(words.begin(), words.end(), word) == words.end()) words.emplace_back(word);
}

inline bool inside_any(const std::string& path, const std::vector<std::string>& directories) {
    return std::any_of(directories.begin(), directories.end(),
                       [&](const std::string& one) { return is_inside(path, one); });
}

inline std::string list_of(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text.empty() ? "nothing" : text;
}

/// Something of the tool can be used, perhaps after asking.
inline bool is_usable(const std::vector<ToolRule>& rules, std::string_view tool) {
    bool usable = decision_about(rules, tool, {}) != ToolDecision::deny;
    for (const ToolRule& rule : rules) {
        usable |= rule.tool == tool && rule.decision != ToolDecision::deny;
    }
    return usable;
}

inline std::vector<std::string> usable_tools(const std::vector<ToolRule>& rules,
                                             const std::vector<std::string>& tools) {
    std::vector<std::string> usable;
    for (const std::string& tool : tools) {
        if (is_usable(rules, tool)) usable.push_back(tool);
    }
    return usable;
}

inline bool is_common(std::string_view tool) {
    return std::find(common_tools.begin(), common_tools.end(), tool) != common_tools.end();
}

class Folding {
public:
    Folding(const PolicyBase& base, const ToolNarrowing& wish, const PolicyTarget& target,
            std::vector<std::string> tools)
        : base_(base),
          wish_(wish),
          target_(target),
          tools_(std::move(tools)) {}

    Result<ToolPolicy> fold() {
        policy_.hidden_directories = base_.policy.hidden_directories;
        policy_.protected_places = base_.policy.protected_places;
        Result<void> done = take_wish();
        if (done) done = check_rules();
        if (!done) return std::move(done).error();
        policy_.rules = fold_rules(base_.policy.rules, rules_);
        policy_.base_tool_ids = usable_tools(base_.policy.rules, tools_);
        policy_.requested_tool_ids = requested_;
        policy_.effective_tool_ids = usable_tools(policy_.rules, tools_);
        policy_.network =
            decision_about(policy_.rules, tool::net_connect, {}) != ToolDecision::deny;
        policy_.narrowed = is_narrowed();
        if (policy_.narrowed) {
            done = set_write_directories();
            if (done) done = set_read_directories();
            if (!done) return std::move(done).error();
        }
        return std::move(policy_);
    }

private:
    /// Sorts what was asked for into directories and rules.
    Result<void> take_wish() {
        write_ = wish_.write;
        read_ = wish_.read;
        if (!read_.empty()) add_once(requested_, tool::fs_read);
        if (!write_.empty()) add_once(requested_, tool::fs_write);
        for (const ToolRule& rule : wish_.rules) {
            if (std::find(tools_.begin(), tools_.end(), rule.tool) == tools_.end()) {
                return invalid("unknown tool " + rule.tool, "one of: " + list_of(tools_));
            }
            if (!rule.prefix.empty() &&
                (rule.tool == tool::net_connect || rule.tool == tool::task_create)) {
                return invalid(to_text(rule) + ": there are no rules for parts of this tool",
                               "name the tool alone");
            }
            add_once(requested_, rule.tool);
            const bool directory = takes_directories(rule.tool) && !rule.prefix.empty();
            if (directory && rule.decision == ToolDecision::allow) {
                (rule.tool == tool::fs_read ? read_ : write_).push_back(rule.prefix);
            } else {
                rules_.push_back(rule);
            }
        }
        if (wish_.no_network) {
            add_once(requested_, tool::net_connect);
            rules_.push_back({std::string(tool::net_connect), ToolDecision::deny, {}});
        }
        close_lists();
        return {};
    }

    /// To allow a part of a tool is to allow nothing else of it, unless the whole is named too.
    void close_lists() {
        std::vector<ToolRule> closing;
        for (const ToolRule& rule : rules_) {
            if (rule.prefix.empty() || rule.decision != ToolDecision::allow) continue;
            const auto same = [&](const ToolRule& other) {
                return other.tool == rule.tool && other.prefix.empty();
            };
            if (std::any_of(rules_.begin(), rules_.end(), same) ||
                std::any_of(closing.begin(), closing.end(), same)) {
                continue;
            }
            closing.push_back({rule.tool, ToolDecision::deny, {}});
        }
        rules_.insert(rules_.end(), closing.begin(), closing.end());
    }

    [[nodiscard]] Error widens(const std::string& what, const std::string& because) const {
        return invalid(what + " would widen it: " + base_.name + " " + because,
                       "a task may only narrow what it is given; leave that out");
    }

    Result<void> check_rules() {
        for (const ToolRule& rule : rules_) {
            const ToolRule* above = deciding_rule(base_.policy.rules, rule.tool, rule.prefix);
            if (above != nullptr && rule.decision < above->decision) {
                return widens(to_text(rule), "says " + to_text(*above));
            }
            const bool asks_for_more = rule.decision == ToolDecision::ask &&
                                       takes_directories(rule.tool) && !rule.prefix.empty();
            if (!asks_for_more || (above != nullptr && above->decision == ToolDecision::ask)) {
                continue;
            }
            const bool within =
                rule.tool == tool::fs_read ? may_read(rule.prefix) : may_write(rule.prefix);
            if (!within) return widens(to_text(rule), "allows " + list_of(given(rule.tool)));
        }
        return {};
    }

    [[nodiscard]] bool may_write(const std::string& path) const {
        return !base_.policy.write_directories || inside_any(path, *base_.policy.write_directories);
    }
    [[nodiscard]] bool may_read(const std::string& path) const {
        return !base_.policy.read_directories || inside_any(path, *base_.policy.read_directories) ||
               (base_.policy.write_directories &&
                inside_any(path, *base_.policy.write_directories));
    }
    [[nodiscard]] std::vector<std::string> given(std::string_view tool) const {
        const auto& directories =
            tool == tool::fs_read ? base_.policy.read_directories : base_.policy.write_directories;
        return directories.value_or(std::vector<std::string>{});
    }

    /// Every rule that says less than allow is a promise; so is every directory that was named.
    [[nodiscard]] bool is_narrowed() const {
        if (base_.policy.narrowed || !read_.empty() || !write_.empty()) return true;
        const auto restricts = [](const ToolRule& rule) {
            return rule.decision != ToolDecision::allow;
        };
        return std::any_of(rules_.begin(), rules_.end(), restricts) ||
               std::any_of(policy_.rules.begin(), policy_.rules.end(), [&](const ToolRule& rule) {
                   return is_common(rule.tool) && restricts(rule);
               });
    }

    Result<void> check_directory(std::string_view tool, const std::string& directory) const {
        const std::string what = (tool == tool::fs_read ? "to read " : "to write ") + directory;
        const ToolRule* rule = deciding_rule(policy_.rules, tool, directory);
        if (rule != nullptr && rule->decision != ToolDecision::allow) {
            const ToolRule* above = deciding_rule(base_.policy.rules, tool, directory);
            if (above != nullptr && above->decision != ToolDecision::allow) {
                return widens(what, "says " + to_text(*above));
            }
            return invalid(what + " and " + to_text(*rule) + " contradict each other",
                           "leave one of them out");
        }
        const bool within = tool == tool::fs_read ? may_read(directory) : may_write(directory);
        if (!within) return widens(what, "allows " + list_of(given(tool)));
        return {};
    }

    Result<void> set_write_directories() {
        std::vector<std::string>& set = policy_.write_directories.emplace();
        if (!write_.empty()) {
            for (const std::string& directory : write_) {
                Result<void> fine = check_directory(tool::fs_write, directory);
                if (!fine) return fine;
                add_once(set, directory);
            }
            return {};
        }
        std::vector<std::string> candidates{target_.working_directory};
        if (base_.policy.write_directories && !may_write(target_.working_directory)) {
            candidates.clear();
            for (const std::string& one : *base_.policy.write_directories) {
                if (is_inside(one, target_.working_directory)) candidates.push_back(one);
            }
        }
        for (const std::string& directory : candidates) {
            if (decision_about(policy_.rules, tool::fs_write, directory) != ToolDecision::deny) {
                add_once(set, directory);
            }
        }
        return {};
    }

    Result<void> set_read_directories() {
        policy_.read_directories = base_.policy.read_directories;
        if (read_.empty()) return {};
        policy_.read_directories.emplace();
        for (const std::string& directory : read_) {
            Result<void> fine = check_directory(tool::fs_read, directory);
            if (!fine) return fine;
            add_once(*policy_.read_directories, directory);
        }
        return {};
    }

    const PolicyBase& base_;
    const ToolNarrowing& wish_;
    const PolicyTarget& target_;
    std::vector<std::string> tools_;
    std::vector<std::string> requested_;
    std::vector<ToolRule> rules_;
    std::vector<std::string> read_;
    std::vector<std::string> write_;
    ToolPolicy policy_;
};

} // namespace policy_detail

/// The tools that a base knows, with those of the runtime.
[[nodiscard]] inline std::vector<std::string> known_tools(const PolicyBase& base,
                                                          const PolicyTarget& target) {
    std::vector<std::string> tools(common_tools.begin(), common_tools.end());
    for (const ToolRule& rule : base.policy.rules) policy_detail::add_once(tools, rule.tool);
    for (const std::string& tool : target.runtime_tools) policy_detail::add_once(tools, tool);
    return tools;
}

/// The policy of a task. All directories are absolute and free of symbolic links.
/// `invalid_argument`: an unknown tool, a prefix where there can be none, or a wish that would widen.
[[nodiscard]] inline Result<ToolPolicy>
narrow_policy(const PolicyBase& base, const ToolNarrowing& wish, const PolicyTarget& target) {
    return policy_detail::Folding(base, wish, target, known_tools(base, target)).fold();
}

/// The directories that a policy lets be written, or would after an approval.
[[nodiscard]] inline std::vector<std::string> possible_write_directories(const ToolPolicy& policy) {
    std::vector<std::string> directories =
        policy.write_directories.value_or(std::vector<std::string>{});
    for (const ToolRule& rule : policy.rules) {
        const bool may_be_added = rule.tool == tool::fs_write && !rule.prefix.empty() &&
                                  rule.decision == ToolDecision::ask;
        if (may_be_added) policy_detail::add_once(directories, rule.prefix);
    }
    return directories;
}

/// Two paths of which one holds the other.
struct PathConflict {
    std::string writable;
    std::string place;
};

/// Where work that is held to this policy could change what holds it, or what the operator runs.
[[nodiscard]] inline std::optional<PathConflict> write_conflict(const ToolPolicy& policy) {
    if (!policy.narrowed) return std::nullopt;
    for (const std::string& directory : possible_write_directories(policy)) {
        for (const std::string& place : policy.protected_places) {
            if (is_inside(place, directory) || is_inside(directory, place)) {
                return PathConflict{directory, place};
            }
        }
    }
    return std::nullopt;
}

} // namespace loong
