#include "step_policy.hpp"

#include "system.hpp"
#include <loong/narrow_policy.hpp>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace loong::local {
namespace {

namespace fs = std::filesystem;

/// By its letters only: a link that an earlier step laid must not lead anywhere.
std::string absolute(const std::string& directory, const std::string& base) {
    const std::string path = directory.empty()          ? base
                             : directory.front() == '/' ? directory
                                                        : base + '/' + directory;
    std::string text = fs::path(path).lexically_normal().string();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

std::string real_path(const std::string& path) {
    std::error_code failed;
    const fs::path real = fs::canonical(path, failed);
    return failed ? absolute(path, "/") : real.string();
}

} // namespace

Result<ToolPolicy> policy_of(const SessionSpec& spec, const Step& step) {
    if (!step.narrows) return spec.tool_policy;
    const std::string base_directory = real_path(spec.working_directory);
    PolicyTarget target;
    target.working_directory = absolute(step.directory, base_directory);
    ToolNarrowing wish = step.narrowing;
    for (std::string& directory : wish.read) directory = absolute(directory, base_directory);
    for (std::string& directory : wish.write) directory = absolute(directory, base_directory);
    for (ToolRule& rule : wish.rules) {
        if (!takes_directories(rule.tool) || rule.prefix.empty()) continue;
        rule.prefix = absolute(rule.prefix, base_directory);
    }
    const PolicyBase base{spec.tool_policy, "the task"};
    const std::vector<std::string> known = known_tools(base, target);
    for (const ToolRule& rule : wish.rules) {
        if (std::find(known.begin(), known.end(), rule.tool) != known.end()) continue;
        const std::string nearest = nearest_word(rule.tool, known);
        if (nearest.empty()) break;
        return Error{ErrorCode::invalid_argument, "tool policy: unknown tool " + rule.tool,
                     "did you mean " + nearest + "?"};
    }
    return narrow_policy(base, wish, target);
}

bool is_narrowed(const SessionSpec& spec, const Plan& plan) {
    return spec.tool_policy.narrowed || std::any_of(plan.steps.begin(), plan.steps.end(),
                                                    [](const Step& step) { return step.narrows; });
}

} // namespace loong::local
