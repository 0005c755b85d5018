#include "plan.hpp"

namespace loong::local {

Result<Plan> plan_of(const Work& work) {
    if (work.kind == WorkKind::plan) return parse_plan(work.text, work.source);
    Plan plan;
    Step& step = plan.steps.emplace_back();
    if (work.kind == WorkKind::command) {
        step.run = work.arguments;
    } else {
        step.run = work.text;
    }
    return plan;
}

std::string answer_variable(std::string_view step_name) {
    std::string name = "LOONG_ANSWER_";
    for (const char c : step_name) {
        const bool lower = c >= 'a' && c <= 'z';
        const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (lower) {
            name += static_cast<char>(c - 'a' + 'A');
        } else {
            name += kept ? c : '_';
        }
    }
    return name;
}

} // namespace loong::local
