#include "diagnosis_report.hpp"
#include "json_writer.hpp"
#include "text.hpp"
#include "verbs.hpp"

namespace loong::cli {
namespace {

constexpr const char* exit_status =
    "0 nothing was found, or all of it was repaired; 3 there are findings; 2 a repair failed, or "
    "another failure";

/// Prints what was found, in the form that was asked for.
ExitCode print(Invocation& invocation, Value answer, const Diagnosis& diagnosis,
               const DiagnosisCommands& commands, bool applied) {
    if (invocation.globals.json) {
        set_diagnosis(answer, diagnosis, applied);
        invocation.out.print(to_json(answer));
    } else if (invocation.globals.quiet) {
        for (const Diagnosed& one : diagnosis.findings) {
            if (one.repair != RepairState::repaired) {
                invocation.out.print(escape_controls(one.finding.code) + "\n");
            }
        }
    } else {
        invocation.out.print(diagnosis_text(diagnosis, commands, invocation.terminal));
    }
    return exit_code_of(diagnosis);
}

class Doctor final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.flag("--fix", fix_, "repair what can be repaired without losing anything");
        table.note("Looks through configuration, plugins, installation, machine, state and every "
                   "task of every session, and works also where loong itself cannot start. With "
                   "-q the codes of the findings that are left. Nothing that lives is touched by "
                   "--fix, and nothing is removed that was recorded.");
        table.example("loong doctor");
        table.example("loong doctor --fix");
        table.exit_codes(exit_status);
    }

    Result<ExitCode> run(Invocation& invocation) override {
        OpenOptions options;
        options.config_file = invocation.globals.config_file.value_or("");
        const Diagnosis diagnosis = diagnose(options, fix_);
        Value answer = invocation.header(nullptr);
        if (!diagnosis.config_file.empty()) answer.set("config", diagnosis.config_file);
        const std::string config =
            options.config_file.empty() ? "" : " --config " + shell_quote(options.config_file);
        const DiagnosisCommands commands{"loong doctor --fix" + config,
                                         "loong tasks list --attention --all-sessions" + config};
        return print(invocation, std::move(answer), diagnosis, commands, fix_);
    }

private:
    bool fix_ = false;
};

class SessionsHeal final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("SESSION", 1);
        table.flag("--apply", apply_, "repair what can be repaired without losing anything");
        table.note("What is inconsistent among the tasks below a session (the one that the "
                   "command works in, where none is named), and what would repair it: the same "
                   "findings as those of `loong doctor`.");
        table.example("loong sessions heal --apply");
        table.exit_codes(std::string(exit_status) + "; 4 the session not found or not visible");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<Diagnosis> diagnosis =
            tasks->heal(invocation.words.empty() ? "" : invocation.words.front(), apply_);
        if (!diagnosis) return std::move(diagnosis).error();
        const std::string session = shell_quote(diagnosis->session_id);
        const DiagnosisCommands commands{"loong sessions heal " + session + " --apply",
                                         "loong tasks list --attention --session " + session};
        return print(invocation, invocation.header(&*tasks), *diagnosis, commands, apply_);
    }

private:
    bool apply_ = false;
};

} // namespace

std::unique_ptr<Verb> make_doctor() { return std::make_unique<Doctor>(); }
std::unique_ptr<Verb> make_sessions_heal() { return std::make_unique<SessionsHeal>(); }

} // namespace loong::cli
