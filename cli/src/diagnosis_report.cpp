#include "diagnosis_report.hpp"

#include "error_report.hpp"
#include "report_text.hpp"
#include "status_style.hpp"
#include "task_json.hpp"
#include "text.hpp"

#include <algorithm>

namespace loong::cli {
namespace {

struct Counts {
    std::size_t errors = 0;
    std::size_t warnings = 0;
    std::size_t notes = 0;
    std::size_t repairable = 0;
    std::size_t repaired = 0;
    std::size_t failed = 0;
};

Counts count(const Diagnosis& diagnosis) {
    Counts counts;
    for (const Diagnosed& one : diagnosis.findings) {
        switch (one.finding.severity) {
        case Severity::error: ++counts.errors; break;
        case Severity::warning: ++counts.warnings; break;
        case Severity::note: ++counts.notes; break;
        }
        if (one.finding.repairable) ++counts.repairable;
        if (one.repair == RepairState::repaired) ++counts.repaired;
        if (one.repair == RepairState::failed) ++counts.failed;
    }
    return counts;
}

std::string_view symbol_of(const Diagnosed& diagnosed, bool utf8) {
    if (diagnosed.repair == RepairState::repaired) return utf8 ? "✓" : "+";
    if (diagnosed.finding.severity == Severity::error) return utf8 ? "✗" : "x";
    return diagnosed.finding.severity == Severity::warning ? "!" : "-";
}

Colour colour_of(const Diagnosed& diagnosed) {
    if (diagnosed.repair == RepairState::repaired) return Colour::good;
    switch (diagnosed.finding.severity) {
    case Severity::error: return Colour::bad;
    case Severity::warning: return Colour::warning;
    case Severity::note: break;
    }
    return Colour::faint;
}

std::string finding_text(const Diagnosed& diagnosed, const Terminal& terminal) {
    const Finding& finding = diagnosed.finding;
    const bool repaired = diagnosed.repair == RepairState::repaired;
    std::string head(symbol_of(diagnosed, terminal.utf8));
    head += ' ';
    head += repaired ? std::string_view("repaired") : to_string(finding.severity);
    std::string text =
        coloured(terminal, colour_of(diagnosed), head) + "  " + escape_controls(finding.code);
    if (!finding.task_id.empty()) {
        text += "  " + finding.task_id;
    } else if (!diagnosed.subject.empty()) {
        text += "  " + escape_controls(diagnosed.subject);
    }
    text += "\n    " + escape_controls(finding.cause) + "\n";
    if (repaired) return text;
    if (diagnosed.error) {
        text += "    could not be repaired: " + escape_controls(diagnosed.error->message) + "\n";
    }
    if (!finding.fix.empty()) text += "    fix: " + escape_controls(finding.fix) + "\n";
    if (!diagnosed.command.empty()) {
        text +=
            "    " + coloured(terminal, Colour::strong, escape_controls(diagnosed.command)) + "\n";
    }
    return text;
}

std::string number_of(std::size_t number, const char* what) {
    return std::to_string(number) + ' ' + what + (number == 1 ? "" : "s");
}

std::string summary_text(const Diagnosis& diagnosis, const DiagnosisCommands& commands) {
    const Counts counts = count(diagnosis);
    const std::size_t all = diagnosis.findings.size();
    std::string text;
    if (all == 0) {
        text = "Nothing is wrong.\n";
    } else {
        text = number_of(all, "finding");
        const std::size_t left = counts.repairable - counts.repaired - counts.failed;
        if (counts.repaired > 0) text += ", " + std::to_string(counts.repaired) + " repaired";
        if (counts.failed > 0) {
            text += ", " + std::to_string(counts.failed) + " could not be repaired";
        }
        if (left > 0) {
            text += "; " + commands.repair_command + " repairs " +
                    (left == all ? std::string(left == 1 ? "it" : "them")
                                 : std::to_string(left) + " of them");
        }
        text += "\n";
    }
    if (!diagnosis.needs_attention_count || *diagnosis.needs_attention_count == 0) return text;
    return text + std::to_string(*diagnosis.needs_attention_count) +
           (*diagnosis.needs_attention_count == 1 ? " task needs you: " : " tasks need you: ") +
           commands.attention_command + "\n";
}

Value finding_value(const Diagnosed& diagnosed) {
    const Finding& finding = diagnosed.finding;
    Value value;
    value.set("code", finding.code);
    value.set("severity", to_string(finding.severity));
    value.set("task_id", or_null(finding.task_id));
    value.set("subject", or_null(diagnosed.subject));
    value.set("cause", finding.cause);
    value.set("fix", or_null(finding.fix));
    value.set("command", or_null(diagnosed.command));
    value.set("repairable", finding.repairable);
    value.set("repair", to_string(diagnosed.repair));
    value.set("error", diagnosed.error ? error_value(*diagnosed.error) : Value());
    return value;
}

Value findings_value(const std::vector<Diagnosed>& findings) {
    Value::Array items;
    for (const Diagnosed& one : findings) items.push_back(finding_value(one));
    return {std::move(items)};
}

} // namespace

std::string diagnosis_text(const Diagnosis& diagnosis, const DiagnosisCommands& commands,
                           const Terminal& terminal) {
    ReportText report(terminal);
    if (diagnosis.session_id.empty()) {
        report.field("config", diagnosis.config_file.empty()
                                   ? "none, everything is at its default"
                                   : escape_controls(diagnosis.config_file));
        report.field("state", escape_controls(diagnosis.state_directory));
        report.field("store", escape_controls(diagnosis.store_plugin));
    } else {
        report.field("session", escape_controls(diagnosis.session_id));
    }
    if (diagnosis.task_count) report.field("tasks", std::to_string(*diagnosis.task_count));
    for (const Diagnosed& fact : diagnosis.facts) {
        report.field(escape_controls(fact.subject), escape_controls(fact.finding.cause));
    }
    report.line("");
    for (const Diagnosed& one : diagnosis.findings) report.line(finding_text(one, terminal));
    return report.text() + summary_text(diagnosis, commands);
}

void set_diagnosis(Value& answer, const Diagnosis& diagnosis, bool applied) {
    const Counts counts = count(diagnosis);
    Value numbers;
    numbers.set("error", counts.errors);
    numbers.set("warning", counts.warnings);
    numbers.set("note", counts.notes);
    numbers.set("repairable", counts.repairable);
    numbers.set("repaired", counts.repaired);
    numbers.set("failed", counts.failed);
    answer.set("state_directory", or_null(diagnosis.state_directory));
    answer.set("store", or_null(diagnosis.store_plugin));
    answer.set("session_id", or_null(diagnosis.session_id));
    answer.set("applied", applied);
    answer.set("task_count", diagnosis.task_count ? Value(*diagnosis.task_count) : Value());
    answer.set("needs_attention_count",
               diagnosis.needs_attention_count ? Value(*diagnosis.needs_attention_count) : Value());
    answer.set("counts", std::move(numbers));
    answer.set("findings", findings_value(diagnosis.findings));
    answer.set("facts", findings_value(diagnosis.facts));
}

ExitCode exit_code_of(const Diagnosis& diagnosis) noexcept {
    const auto has = [&](RepairState state) {
        return std::any_of(diagnosis.findings.begin(), diagnosis.findings.end(),
                           [&](const Diagnosed& one) { return one.repair == state; });
    };
    if (has(RepairState::failed)) return ExitCode::failure;
    return has(RepairState::not_tried) ? ExitCode::attention : ExitCode::done;
}

} // namespace loong::cli
