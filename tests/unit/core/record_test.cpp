#include "nasty_text.hpp"
#include "record.hpp"
#include "task_machine.hpp"
#include "text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace loong {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Event sample_event() {
    Event event;
    event.id = 17;
    event.at = test::test_time(0) + Microseconds(6);
    event.kind = EventKind::task_progress;
    event.kind_name = "task_progress";
    event.session_id = "session-1";
    event.actor_session_id = "default";
    event.data.set("percent", 40);
    return event;
}

void expect_same(const Event& left, const Event& right) {
    EXPECT_EQ(left.id, right.id);
    EXPECT_EQ(left.at, right.at);
    EXPECT_EQ(left.clock_skew, right.clock_skew);
    EXPECT_EQ(left.kind, right.kind);
    EXPECT_EQ(left.kind_name, right.kind_name);
    EXPECT_EQ(left.session_id, right.session_id);
    EXPECT_EQ(left.actor_session_id, right.actor_session_id);
    EXPECT_EQ(left.data, right.data);
    EXPECT_EQ(left.handle, right.handle);
}

TEST(Record, KeepsWhatARuntimeSavedBesideTheData) {
    Event event = sample_event();
    EXPECT_THAT(write_records({event}).front(), Not(HasSubstr("handle")));
    for (const std::string& handle : {std::string("{\"pid\":7}"), std::string("a\n\0b\x7f", 5)}) {
        event.handle = handle;
        const Result<Event> read = read_record(write_records({event}).front());
        ASSERT_TRUE(read) << read.error().message;
        expect_same(*read, event);
    }
    EXPECT_FALSE(read_record(R"({"id":1,"at":"2026-01-02T03:04:05Z","kind":"x","session_id":"s",)"
                             R"("actor_session_id":"s","data":{},"handle":7,"end":true})"));
}

TEST(Record, TellsHowFarTheWallClockWasFromTheTaskClock) {
    Event event = sample_event();
    EXPECT_THAT(write_records({event}).front(), Not(HasSubstr("clock_skew_us")));
    for (const Microseconds skew : {Microseconds(3'600'000'000), Microseconds(-1)}) {
        event.clock_skew = skew;
        const Result<Event> read = read_record(write_records({event}).front());
        ASSERT_TRUE(read) << read.error().message;
        expect_same(*read, event);
    }
    const std::string record = write_records({event}).front();
    for (const char* wrong : {"null", "\"1\"", "1.5", "9223372036854775807"}) {
        std::string damaged = record;
        damaged.replace(damaged.find(":-1,") + 1, 2, wrong);
        EXPECT_FALSE(read_record(damaged)) << wrong;
    }
}

TEST(Record, IsOneLineWithIdFirstAndEndLast) {
    Event second = sample_event();
    second.id = 18;
    const std::vector<std::string> records = write_records({sample_event(), second});
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0], R"({"id":17,"at":"2026-01-02T02:46:40.000006Z","kind":"task_progress",)"
                          R"("session_id":"session-1","actor_session_id":"default",)"
                          R"("data":{"percent":40}})");
    EXPECT_THAT(records[1], StartsWith(R"({"id":18,)"));
    EXPECT_THAT(records[1], EndsWith(R"(,"end":true})"));
    EXPECT_TRUE(write_records({}).empty());
}

TEST(Record, EveryKindComesBack) {
    for (int at = 0; at <= static_cast<int>(last_event_kind); ++at) {
        Event event = sample_event();
        event.kind = static_cast<EventKind>(at);
        event.kind_name = std::string(to_string(event.kind));
        const Result<Event> back = read_record(write_records({event}).front());
        ASSERT_TRUE(back);
        expect_same(*back, event);
    }
}

TEST(Record, AnUnknownKindAndUnknownMembersAreKeptAndSkipped) {
    const Result<Event> event =
        read_record(R"({"id":1,"at":"2026-01-02T00:00:00Z","kind":"task_moved","session_id":"s",)"
                    R"("actor_session_id":"a","why":[1],"data":{"to":"mars"},"end":true})");
    ASSERT_TRUE(event);
    EXPECT_EQ(event->kind, EventKind::unknown);
    EXPECT_EQ(event->kind_name, "task_moved");
    EXPECT_EQ(event->data.string_or("to", ""), "mars");
    EXPECT_THAT(write_records({*event}).front(), HasSubstr(R"("kind":"task_moved")"));
}

TEST(Record, NastyTextNeverMakesAnUnreadableOne) {
    for (const std::string& text : test::nasty_texts()) {
        Event event = sample_event();
        event.kind = EventKind::unknown;
        event.kind_name = text;
        event.session_id = text;
        event.actor_session_id = text;
        event.data = Value::Object{{"text", text}, {"list", Value::Array{text}}};
        const std::string record = write_records({event}).front();
        EXPECT_THAT(record, Not(HasSubstr("\n")));
        const Result<Event> back = read_record(record);
        ASSERT_TRUE(back) << back.error().message;
        if (is_utf8(text)) {
            EXPECT_EQ(back->session_id, text);
            EXPECT_EQ(back->data, event.data);
        }
    }
}

TEST(Record, WhatIsNoneIsCorrupt) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", "byte 1"},
        {"[]", "not an object"},
        {"{}", "'id' is not its first member"},
        {R"({"at":"2026-01-02T00:00:00Z","id":1})", "'id' is not its first member"},
        {R"({"id":0})", "'id' is not"},
        {R"({"id":-1})", "'id' is not"},
        {R"({"id":1.0})", "'id' is not"},
        {R"({"id":"1"})", "'id' is not"},
        {R"({"id":1})", "'at' is missing"},
        {R"({"id":1,"at":"today"})", "'at' is not"},
        {R"({"id":1,"at":"2026-01-02T00:00:00Z"})", "'kind' is missing"},
        {R"({"id":1,"at":"2026-01-02T00:00:00Z","kind":""})", "'kind' is not"},
        {R"({"id":1,"at":"2026-01-02T00:00:00Z","kind":"x","data":[]})", "'data' is not"},
        {R"({"id":1,"at":"2026-01-02T00:00:00Z","kind":"x","session_id":1})",
         "'session_id' is not"},
        {R"({"id":1,"at":"2026-01-02T00:00:00Z","kind":"x","end":1})", "'end' is not"},
    };
    for (const auto& [text, why] : cases) {
        const Result<Event> event = read_record(text);
        ASSERT_FALSE(event) << text;
        EXPECT_EQ(event.error().code, ErrorCode::store_corrupt);
        EXPECT_THAT(event.error().message, HasSubstr(why)) << text;
    }
}

TEST(Record, DamageAtAnyPlaceIsAnErrorOrAnotherRecord) {
    Event event = sample_event();
    event.data = Value::Object{{"a", Value::Array{1, 2.5, "x\"y", nullptr}}, {"b", "\xc3\xbc"}};
    const std::string record = write_records({event}).front();
    int refused = 0;
    for (std::size_t at = 0; at < record.size(); ++at) {
        EXPECT_FALSE(read_record(record.substr(0, at))) << "cut at " << at;
        for (int byte = 0; byte < 256; ++byte) {
            std::string damaged = record;
            damaged[at] = static_cast<char>(byte);
            if (!read_record(damaged)) ++refused;
        }
    }
    EXPECT_GT(refused, 0);
    std::cout << record.size() * 256 << " damaged records read, " << refused << " refused\n";
}

TEST(Record, WhatDecideGivesStaysBelowOneMebibyte) {
    // The worst byte is written as six.
    const auto worst = [](std::size_t length) { return std::string(length, '\x01'); };
    constexpr std::size_t most = std::size_t{1} << 20;
    test::TaskMachine task;
    task.create(), task.start();
    NewRequest request;
    request.key = worst(128);
    request.tool = worst(128);
    request.rule = worst(1024);
    request.question = worst(4096);
    request.detail = worst(65536);
    for (char id = 'A'; id < 'A' + 32; ++id) {
        request.options.push_back({worst(127) + id, worst(9999), RequestOption::Kind::allow_once});
    }
    ASSERT_EQ(task.apply(command::OpenRequest{task.session(), request}), "");
    request = {};
    request.kind = RequestKind::input;
    request.key = "input";
    request.question = worst(4096);
    request.detail = worst(65536);
    ASSERT_EQ(task.apply(command::OpenRequest{task.session(), request}), "");
    ASSERT_EQ(task.resolve("r2", RequestState::answered, worst(65536)), "");
    Progress progress;
    progress.note = worst(most);
    ASSERT_EQ(task.apply(command::Report{task.session(), progress}), "");
    StepReport step{worst(most), 0, 1, StepRecord::State::failed, {}, {}, worst(most), {}, false};
    ASSERT_EQ(task.apply(command::ReportStep{task.session(), step}), "");
    ASSERT_EQ(
        task.apply(command::ReportDenied{task.session(), worst(most), worst(most), worst(most)}),
        "");
    ASSERT_EQ(task.apply(command::Cancel{true, worst(most)}), "");
    command::Finish finish{task.session(), 7, {}, false};
    finish.outcome.message = worst(most);
    finish.outcome.result = worst(most);
    ASSERT_EQ(task.apply(finish), "");
    finish.session_id = worst(most);
    ASSERT_EQ(task.apply(finish), "");
    for (const std::string& record : write_records(task.log)) EXPECT_LE(record.size(), most);
}

} // namespace
} // namespace loong
