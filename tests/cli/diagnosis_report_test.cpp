#include "diagnosis_report.hpp"
#include "json_writer.hpp"

#include <gtest/gtest.h>

namespace loong::cli {
namespace {

const DiagnosisCommands commands{"loong doctor --fix", "loong tasks list --attention"};

Diagnosed sample(const std::string& code, Severity severity, bool repairable) {
    Diagnosed one;
    one.finding = {code, severity, {}, "cause of " + code, "fix of " + code, repairable};
    one.subject = "store";
    return one;
}

std::string last_line(const Diagnosis& diagnosis) {
    std::string text = diagnosis_text(diagnosis, commands, {});
    text.pop_back();
    return text.substr(text.rfind('\n') + 1);
}

TEST(DiagnosisReport, NothingIsLeft) {
    Diagnosis diagnosis;
    EXPECT_EQ(exit_code_of(diagnosis), ExitCode::done);
    EXPECT_EQ(last_line(diagnosis), "Nothing is wrong.");
    diagnosis.needs_attention_count = 1;
    EXPECT_EQ(exit_code_of(diagnosis), ExitCode::done);
    EXPECT_EQ(last_line(diagnosis), "1 task needs you: loong tasks list --attention");
    diagnosis.findings = {sample("torn_tail", Severity::note, true)};
    diagnosis.findings[0].repair = RepairState::repaired;
    diagnosis.needs_attention_count = 0;
    EXPECT_EQ(exit_code_of(diagnosis), ExitCode::done);
    EXPECT_EQ(last_line(diagnosis), "1 finding, 1 repaired");
    EXPECT_NE(diagnosis_text(diagnosis, commands, {}).find("+ repaired  torn_tail  store\n"),
              std::string::npos);
}

TEST(DiagnosisReport, WhatIsLeftIsSaidAndSoIsWhatRepairsIt) {
    Diagnosis diagnosis;
    diagnosis.findings = {sample("torn_tail", Severity::note, true)};
    EXPECT_EQ(exit_code_of(diagnosis), ExitCode::attention);
    EXPECT_EQ(last_line(diagnosis), "1 finding; loong doctor --fix repairs it");
    diagnosis.findings.push_back(sample("permissions", Severity::warning, true));
    EXPECT_EQ(last_line(diagnosis), "2 findings; loong doctor --fix repairs them");
    diagnosis.findings.push_back(sample("damaged_task", Severity::error, false));
    EXPECT_EQ(last_line(diagnosis), "3 findings; loong doctor --fix repairs 2 of them");
    diagnosis.findings[0].repair = RepairState::repaired;
    diagnosis.findings[1].repair = RepairState::failed;
    diagnosis.findings[1].error = Error{ErrorCode::store_busy, "store: somebody is at it", {}};
    EXPECT_EQ(exit_code_of(diagnosis), ExitCode::failure);
    EXPECT_EQ(last_line(diagnosis), "3 findings, 1 repaired, 1 could not be repaired");
    EXPECT_NE(diagnosis_text(diagnosis, commands, {})
                  .find("could not be repaired: store: somebody is at it\n"),
              std::string::npos);
}

TEST(DiagnosisReport, WhatFilesAndPluginsSayIsEscaped) {
    Diagnosis diagnosis;
    diagnosis.findings = {sample("damaged_task", Severity::error, false)};
    diagnosis.findings[0].finding.cause = "task \033[31m: bad";
    diagnosis.findings[0].subject = "file\r\033c";
    diagnosis.facts = {sample("kernel", Severity::note, false)};
    diagnosis.facts[0].finding.cause = "\033]0;title\a";
    const std::string text = diagnosis_text(diagnosis, commands, {});
    EXPECT_EQ(text.find('\033'), std::string::npos);
    EXPECT_EQ(text.find('\r'), std::string::npos);
    EXPECT_NE(text.find("task \\x1b[31m: bad"), std::string::npos);
}

TEST(DiagnosisReport, JsonHasEveryKeyInOrder) {
    Diagnosis diagnosis;
    diagnosis.findings = {sample("torn_tail", Severity::note, true)};
    Value answer;
    set_diagnosis(answer, diagnosis, false);
    EXPECT_EQ(to_json_line(answer),
              R"({"state_directory":null,"store":null,"session_id":null,"applied":false,)"
              R"("task_count":null,"needs_attention_count":null,"counts":{"error":0,"warning":0,)"
              R"("note":1,"repairable":1,"repaired":0,"failed":0},"findings":[{"code":"torn_tail",)"
              R"("severity":"note","task_id":null,"subject":"store","cause":"cause of torn_tail",)"
              R"("fix":"fix of torn_tail","command":null,"repairable":true,"repair":"not_tried",)"
              R"("error":null}],"facts":[]})"
              "\n");
}

} // namespace
} // namespace loong::cli
