#include "inside_message.hpp"

#include <gtest/gtest.h>

namespace loong::inside {
namespace {

template <typename T>
T read_back(const T& request) {
    Result<Request> read = read_request(write_request(request));
    EXPECT_TRUE(read) << (read ? "" : read.error().message);
    if (!read || !std::holds_alternative<T>(*read)) {
        ADD_FAILURE() << "another request came back";
        return {};
    }
    return std::get<T>(*read);
}

TEST(InsideMessage, a_report_comes_back) {
    ReportRequest report;
    report.percent = 40;
    report.note = "half\n\x1b[31m";
    report.state = ProgressState::blocked;
    const ReportRequest read = read_back(report);
    EXPECT_EQ(read.percent, 40);
    EXPECT_EQ(read.note, report.note);
    EXPECT_EQ(read.state, ProgressState::blocked);
    EXPECT_FALSE(read_back(ReportRequest()).percent);
}

TEST(InsideMessage, a_question_comes_back) {
    AskRequest ask;
    ask.kind = RequestKind::approval;
    ask.question = "May I?";
    ask.detail = "rm";
    ask.key = "k";
    ask.expires_after = Seconds(60);
    const AskRequest read = read_back(ask);
    EXPECT_EQ(read.kind, RequestKind::approval);
    EXPECT_EQ(read.question, "May I?");
    EXPECT_EQ(read.detail, "rm");
    EXPECT_EQ(read.key, "k");
    EXPECT_EQ(read.expires_after, Seconds(60));
}

TEST(InsideMessage, a_task_comes_back) {
    CreateRequest request;
    request.work = {WorkKind::command, {}, {"make", "-j4", "a b"}, {}};
    request.label = "child";
    request.timeout = Seconds(60);
    request.grace = Microseconds(1'500'000);
    request.working_directory = "/work";
    request.environment = {"A=1", "B"};
    request.submitter_environment = std::vector<EnvironmentVariable>{{"PATH", "/bin"}, {"E", ""}};
    request.after = {"task-x"};
    request.priority = -3;
    request.retry = 2;
    request.hold = true;
    request.dedupe_key = "k";
    request.max_output_bytes = 1024;
    request.tools.rules = {{"shell.exec", ToolDecision::ask, "git push"}};
    request.tools.read = {"/a"};
    request.tools.write = {"/b"};
    request.tools.no_network = true;
    const CreateRequest read = read_back(request);
    EXPECT_EQ(read.work.arguments, request.work.arguments);
    EXPECT_EQ(read.timeout, request.timeout);
    EXPECT_EQ(read.grace, request.grace);
    EXPECT_EQ(read.environment, request.environment);
    ASSERT_EQ(read.submitter_environment->size(), 2U);
    EXPECT_EQ(read.submitter_environment->front().value, "/bin");
    EXPECT_EQ(read.after, request.after);
    EXPECT_EQ(read.priority, -3);
    EXPECT_EQ(read.retry, 2);
    EXPECT_TRUE(read.hold);
    EXPECT_EQ(read.max_output_bytes, 1024U);
    ASSERT_EQ(read.tools.rules.size(), 1U);
    EXPECT_EQ(read.tools.rules.front().decision, ToolDecision::ask);
    EXPECT_EQ(read.tools.write, request.tools.write);
    EXPECT_TRUE(read.tools.no_network);
}

TEST(InsideMessage, the_worker_never_lends_its_environment) {
    const Result<Request> read = read_request(
        R"({"verb":"create","work":{"kind":"text","text":"x"},"working_directory":"/"})");
    ASSERT_TRUE(read);
    const auto& request = std::get<CreateRequest>(*read);
    ASSERT_TRUE(request.submitter_environment);
    EXPECT_TRUE(request.submitter_environment->empty());
}

TEST(InsideMessage, what_is_not_understood_is_refused) {
    for (const char* text :
         {"",
          "{",
          "[]",
          "7",
          "null",
          R"({"verb":"approve"})",
          R"({"verb":7})",
          R"({})",
          R"({"verb":"report","percent":"7"})",
          R"({"verb":"report","more":1})",
          R"({"verb":"report","state":"asleep"})",
          R"({"verb":"ask","question":[]})",
          R"({"verb":"create","working_directory":"relative"})",
          R"({"verb":"create"})",
          R"({"verb":"create","working_directory":"/","work":7})",
          R"({"verb":"create","working_directory":"/","work":{"kind":"x"}})",
          R"({"verb":"create","working_directory":"/","submitter_environment":["=x"]})",
          R"({"verb":"create","working_directory":"/","submitter_environment":["x"]})",
          R"({"verb":"create","working_directory":"/","tools":{"rules":[{"decision":"more"}]}})",
          R"({"verb":"create","working_directory":"/","session":"other"})",
          "{\"verb\":\"report\"} x"}) {
        const Result<Request> read = read_request(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code, ErrorCode::invalid_argument);
    }
    EXPECT_FALSE(read_request(std::string(longest_message + 1, ' ')));
}

TEST(InsideMessage, answers_and_errors_come_back) {
    Answered answer;
    answer.request.state = RequestState::answered;
    answer.request.text = "42";
    answer.request.request_id = "r1";
    const Result<Answered> answered = read_answer(write_answer(answer));
    ASSERT_TRUE(answered);
    EXPECT_EQ(answered->request.state, RequestState::answered);
    EXPECT_EQ(answered->request.text, "42");
    EXPECT_EQ(answered->request.request_id, "r1");
    const Result<Answered> error = read_answer(
        write_answer(Error{ErrorCode::delegate_depth_exceeded, "too deep", "raise it"}));
    ASSERT_FALSE(error);
    EXPECT_EQ(error.error().code, ErrorCode::delegate_depth_exceeded);
    EXPECT_EQ(error.error().hint, "raise it");
    EXPECT_FALSE(read_answer("{\"error\":7}"));
}

TEST(InsideMessage, a_created_task_comes_back) {
    CreateResult created;
    TaskSummary& summary = created.task.row.summary;
    summary.task_id = "task-01jd0000000000000000000000";
    summary.task_session_id = "session-01jd0000000000000000000000";
    summary.owner_session_id = summary.scope_session_id = "default";
    summary.visible_to = {"default"};
    summary.label = "x";
    // What was stored has one.
    summary.revision = 2;
    summary.runtime = "local";
    created.task.row.task_status.status = Status::queued;
    created.task.row.task_status.next_commands = {"loong tasks wait x"};
    created.existing = true;
    created.withheld_environment = {"GH_TOKEN"};
    Answered answer;
    answer.created = created;
    const Result<Answered> read = read_answer(write_answer(answer));
    ASSERT_TRUE(read);
    ASSERT_TRUE(read->created);
    EXPECT_EQ(read->created->task.row.task_id, created.task.row.summary.task_id);
    EXPECT_EQ(read->created->task.row.task_status.status, Status::queued);
    EXPECT_EQ(read->created->task.row.task_status.next_command, "loong tasks wait x");
    EXPECT_TRUE(read->created->existing);
    EXPECT_EQ(read->created->withheld_environment, created.withheld_environment);
}

TEST(InsideMessage, names) {
    EXPECT_TRUE(is_message_name("0123456789abcdef"));
    for (const char* bad : {"", "0123", "0123456789abcdeF", "../../0123456789ab",
                            "0123456789abcde/", "0123456789abcdef0123456789abcdef0"}) {
        EXPECT_FALSE(is_message_name(bad)) << bad;
    }
}

} // namespace
} // namespace loong::inside
