#include "inside_request.hpp"
#include "request_names.hpp"
#include "task_machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace loong {
namespace {

using test::TaskMachine;
using ::testing::HasSubstr;

class RequestNames : public ::testing::Test {
protected:
    RequestNames() { task.create(), task.start(); }

    std::string only(RequestKind kind) {
        Result<std::string> id = only_open(task.state, kind);
        return id ? *id : std::string(to_string(id.error().code)) + ": " + id.error().message;
    }
    std::string named(const std::string& request_id) {
        Result<const RequestFacts*> request = find_named(task.state, request_id);
        return request ? (*request)->request_id : std::string(to_string(request.error().code));
    }
    std::string key_of(const std::string& key, const std::string& unique = "u") {
        AskRequest ask;
        ask.key = key;
        Result<NewRequest> request = inside_request(task.state, ask, unique);
        return request ? request->key : std::string(to_string(request.error().code));
    }

    TaskMachine task;
};

TEST_F(RequestNames, AreReadInOneWordOrTwo) {
    EXPECT_EQ(read_request_name("k3f9qa", "r1")->request_id, "r1");
    EXPECT_EQ(read_request_name("k3f9qa/r2", "")->task, "k3f9qa");
    EXPECT_EQ(read_request_name("k3f9qa/r2", "r2")->request_id, "r2");
    EXPECT_EQ(read_request_name("k3f9qa", "")->request_id, "");
    for (const auto& [text, id] : {std::pair("k3f9qa/", ""), std::pair("k3f9qa/r1", "r2")}) {
        EXPECT_EQ(read_request_name(text, id).error().code, ErrorCode::invalid_argument);
    }
}

TEST_F(RequestNames, TheOnlyOpenOneOfItsKindIsMeant) {
    EXPECT_THAT(only(RequestKind::approval), HasSubstr("request_not_found"));
    task.open("a");
    task.open("b", RequestKind::input);
    EXPECT_EQ(only(RequestKind::approval), "r1");
    EXPECT_EQ(only(RequestKind::input), "r2");
    EXPECT_EQ(named(""), "ambiguous_id");
    task.open("c");
    EXPECT_THAT(only(RequestKind::approval),
                HasSubstr("2 approvals are open: r1 \"May I?\", r3 \"May I?\""));
    task.resolve("r1", RequestState::allowed);
    EXPECT_EQ(only(RequestKind::approval), "r3");
    task.resolve("r3", RequestState::denied);
    EXPECT_THAT(only(RequestKind::approval),
                HasSubstr("request_already_resolved: request r3: it was denied already"));
    EXPECT_EQ(named(""), "r2");
    EXPECT_EQ(named("r1"), "r1");
    EXPECT_EQ(named("r7"), "request_not_found");
}

TEST_F(RequestNames, AQuestionFromInsideIsANewOneUnlessItHasAKey) {
    EXPECT_EQ(key_of("", "first"), "ask first");
    EXPECT_EQ(key_of("", "second"), "ask second");
    EXPECT_EQ(key_of("name"), "ask name/" + task.session());
    EXPECT_EQ(key_of(std::string(65, 'k')), "invalid_argument");
    EXPECT_EQ(key_of("\xff"), "invalid_argument");
}

TEST_F(RequestNames, AKeyIsOfTheAttempt) {
    const std::string first = key_of("name");
    task.apply(command::Supersede{"resumed", "goes on", "gone", true});
    task.start();
    EXPECT_EQ(key_of("name"), first);
    task.apply(command::Supersede{"retried", "again", "gone", false});
    task.start();
    EXPECT_NE(key_of("name"), first);
}

} // namespace
} // namespace loong
