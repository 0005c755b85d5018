#include "nasty_text.hpp"
#include "record.hpp"
#include "summary_codec.hpp"
#include "support/summary_text.hpp"
#include "task_machine.hpp"
#include "text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace loong {
namespace {

using test::write_summary_text;
using ::testing::HasSubstr;

/// Gives every field that visit_summary() shows a random value, or leaves it as it is.
class RandomField {
public:
    explicit RandomField(test::Random& random) : random_(random) {}

    void operator()(std::string& text) {
        if (!random_.chance(3)) text = random_valid_text();
    }
    void operator()(bool& flag) { flag = random_.chance(2); }
    void operator()(int& number) { number = static_cast<int>(random_.number(4000)) - 2000; }
    void operator()(std::int64_t& number) {
        number = static_cast<std::int64_t>(random_.number(1U << 31)) * (random_.chance(2) ? -1 : 1);
    }
    void operator()(std::uint64_t& number) { number = random_.number(1U << 31) + 1; }
    void operator()(double& number) { number = static_cast<double>(random_.number(1000)) / 8; }
    void operator()(Time& time) {
        time = Time(Microseconds(static_cast<std::int64_t>(random_.number(1U << 31)) * 999'983));
    }
    void operator()(SessionState& state) { state = static_cast<SessionState>(random_.number(6)); }
    void operator()(ProgressState& state) { state = static_cast<ProgressState>(random_.number(5)); }
    template <typename T>
    void operator()(std::optional<T>& value) {
        if (random_.chance(2)) return;
        (*this)(value.emplace());
    }
    template <typename T>
    void operator()(std::vector<T>& values) {
        for (std::size_t left = random_.number(4); left > 0; --left) (*this)(values.emplace_back());
    }
    void operator()(Dependency& dependency) { test::visit_dependency(dependency, *this); }
    void operator()(Progress& progress) { test::visit_progress(progress, *this); }
    void operator()(OpenRequest& request) { test::visit_request(request, *this); }

private:
    std::string random_valid_text() {
        std::string text = random_.text();
        while (!is_utf8(text)) text = random_.text();
        return text;
    }

    test::Random& random_;
};

TEST(SummaryCodec, RandomSummariesComeBack) {
    test::Random random(77);
    RandomField field(random);
    for (int round = 0; round < 5'000; ++round) {
        TaskSummary summary;
        test::visit_summary(summary, field);
        summary.task_id = test::task_id_of(static_cast<std::uint64_t>(round));
        const std::string text = encode_summary(summary);
        ASSERT_EQ(text.find('\n'), std::string::npos);
        const Result<TaskSummary> back = decode_summary(text);
        ASSERT_TRUE(back) << back.error().message << '\n' << text;
        ASSERT_EQ(write_summary_text(*back), write_summary_text(summary)) << text;
    }
}

TEST(SummaryCodec, IsShortForAnOrdinaryTask) {
    test::TaskMachine task;
    task.create();
    const std::string text = encode_summary(task.summary());
    EXPECT_THAT(text, ::testing::StartsWith(R"({"v":4,"id":"task-)"));
    EXPECT_LT(text.size(), 200U) << text;
    for (const char* key : {"scope", "visible_to", "created", "updated"}) {
        EXPECT_THAT(text, ::testing::Not(HasSubstr('"' + std::string(key) + '"')));
    }
}

// What is left out because another member says the same, together with all that is nearly so.
TEST(SummaryCodec, WhatOtherMembersSayComesBack) {
    const std::vector<std::vector<std::string>> seen_by = {{},    {""},       {"a"},
                                                           {"b"}, {"a", "b"}, {"a", "a"}};
    const std::vector<Time> times = {Time{}, test::test_time(1), test::test_time(2)};
    TaskSummary summary;
    summary.task_id = test::task_id_of(1);
    summary.revision = 1;
    const auto expect_back = [&] {
        const std::string text = encode_summary(summary);
        const Result<TaskSummary> back = decode_summary(text);
        ASSERT_TRUE(back) << back.error().message << text;
        EXPECT_EQ(write_summary_text(*back), write_summary_text(summary)) << text;
    };
    for (const char* owner : {"", "a", "b"}) {
        for (const char* scope : {"", "a", "b"}) {
            for (const auto& visible_to : seen_by) {
                summary.owner_session_id = owner;
                summary.scope_session_id = scope;
                summary.visible_to = visible_to;
                expect_back();
            }
        }
    }
    for (const Time since : times) {
        for (const Time created : times) {
            for (const Time updated : times) {
                summary.state_since = since;
                summary.created_at = created;
                summary.updated_at = updated;
                expect_back();
            }
        }
    }
}

TEST(SummaryCodec, VersionThreeIsReadStill) {
    const Result<TaskSummary> full = decode_summary(
        R"({"v":3,"id":"x","rev":3,"owner":"s","scope":"default","visible_to":["default","s"],)"
        R"("since":7,"created":5,"updated":9,"held":true})");
    ASSERT_TRUE(full);
    EXPECT_EQ(full->scope_session_id, "default");
    EXPECT_EQ(full->visible_to, (std::vector<std::string>{"default", "s"}));
    EXPECT_EQ(full->state_since, Time(Microseconds(7)));
    EXPECT_EQ(full->created_at, Time(Microseconds(5)));
    EXPECT_EQ(full->updated_at, Time(Microseconds(9)));
    EXPECT_TRUE(full->held);
    const Result<TaskSummary> empty =
        decode_summary(R"({"v":3,"id":"x","rev":3,"owner":"s","since":7})");
    ASSERT_TRUE(empty);
    EXPECT_EQ(empty->scope_session_id, "") << "nothing was left out because of another member";
    EXPECT_TRUE(empty->visible_to.empty());
    EXPECT_EQ(empty->created_at, Time{});
    EXPECT_EQ(empty->updated_at, Time{});
}

TEST(SummaryCodec, AnotherVersionIsToldAsSuch) {
    EXPECT_EQ(decode_summary(R"({"v":5,"anything":[]})").error().code, ErrorCode::store_version);
    EXPECT_EQ(decode_summary(R"({"v":2,"id":"x","rev":1})").error().code, ErrorCode::store_version);
    EXPECT_EQ(decode_summary(R"({"v":0})").error().code, ErrorCode::store_version);
    for (const char* text :
         {"", "{}", "[]", R"({"id":"x","v":4})", R"({"v":4})",
          R"({"v":4,"id":"x","rev":1,"unknown":1})", R"({"v":4,"rev":1,"id":"x"})",
          R"({"v":4,"id":1,"rev":1})", R"({"v":4,"id":"x","rev":1,"attempt":99999999999})",
          R"({"v":4,"id":"x","rev":1,"state":"walking"})",
          R"({"v":4,"id":"x","rev":1,"request":["r1"]})"}) {
        const Result<TaskSummary> summary = decode_summary(text);
        ASSERT_FALSE(summary) << text;
        EXPECT_EQ(summary.error().code, ErrorCode::store_corrupt) << text;
    }
}

TEST(SummaryCodec, DamageAtAnyPlaceIsAnErrorOrAnotherSummary) {
    test::Random random(8);
    RandomField field(random);
    TaskSummary summary;
    test::visit_summary(summary, field);
    const std::string text = encode_summary(summary);
    for (std::size_t at = 0; at < text.size(); ++at) {
        EXPECT_FALSE(decode_summary(text.substr(0, at)));
        for (int byte = 0; byte < 256; byte += 3) {
            std::string damaged = text;
            damaged[at] = static_cast<char>(byte);
            const Result<TaskSummary> decoded = decode_summary(damaged);
            EXPECT_TRUE(decoded || !decoded.error().message.empty());
        }
    }
}

// ---- folding a whole task -----------------------------------------------------------------------

class FoldTask : public ::testing::Test {
protected:
    FoldTask() {
        task.create(), task.start(), task.open("k");
        task.resolve("r1", RequestState::allowed);
        task.finish(OutcomeKind::failed);
        document = write_task_document(task.document());
        records = write_records(task.log);
    }

    test::TaskMachine task;
    std::string document;
    std::vector<std::string> records;
    const std::string id = test::task_id_of(1);
};

TEST_F(FoldTask, GivesWhatWasFoldedWhileItHappened) {
    const CoreStoreHost host;
    const Result<TaskSummary> summary = host.summarize(id, document, records);
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(write_summary_text(*summary), write_summary_text(task.summary()));
    EXPECT_EQ(write_summary_text(*host.decode(host.encode(*summary))),
              write_summary_text(*summary));
}

TEST_F(FoldTask, ToldWhatIsWrong) {
    const CoreStoreHost host;
    const auto why = [&](const std::string& of, const std::string& yaml,
                         const std::vector<std::string>& lines) {
        const Result<TaskSummary> summary = host.summarize(of, yaml, lines);
        EXPECT_FALSE(summary);
        EXPECT_EQ(summary.error().code, ErrorCode::store_corrupt);
        EXPECT_THAT(summary.error().message, HasSubstr("task " + of + ": "));
        return summary.error().message;
    };
    EXPECT_THAT(why(test::task_id_of(2), document, records), HasSubstr("document is that of"));
    TaskDocument given_away = task.document();
    given_away.owner_session_id = "somebody";
    EXPECT_THAT(why(id, write_task_document(given_away), records),
                HasSubstr("says that session somebody owns it, and its events that"));
    EXPECT_THAT(why(id, document, {}), HasSubstr("no events"));
    EXPECT_THAT(why(id, "x", records), HasSubstr("task document"));
    std::vector<std::string> gap = records;
    gap.erase(gap.begin() + 1);
    EXPECT_THAT(why(id, document, gap), HasSubstr("event 3 stands where event 2 has to be"));
    gap = records;
    gap[2] = "{";
    EXPECT_THAT(why(id, document, gap), HasSubstr("event record"));
}

} // namespace
} // namespace loong
