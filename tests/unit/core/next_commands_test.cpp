/// Whatever the derivation proposes can be done: in every state that random commands lead to, with
/// every lease that could be found, each proposed command is one that decide() carries out.

#include "derivation.hpp"
#include "random_commands.hpp"
#include "task_machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

namespace loong {
namespace {

using namespace std::chrono_literals;
using test::RandomCommands;
using test::TaskMachine;

struct Proposed {
    std::string verb;
    std::vector<std::string> options;
    std::string request_id;
    std::string task_id;
    std::string answer;
};

Proposed proposal(const std::string& line) {
    std::istringstream in(line);
    std::string loong;
    std::string noun;
    Proposed proposed;
    in >> loong >> noun;
    EXPECT_EQ(loong, "loong");
    if (noun != "tasks") {
        proposed.verb = noun;
        return proposed;
    }
    in >> proposed.verb;
    for (std::string word; in >> word;) {
        if (word == "--request") {
            in >> proposed.request_id;
        } else if (word.starts_with("--")) {
            proposed.options.push_back(word);
        } else if (proposed.task_id.empty()) {
            proposed.task_id = word;
        } else {
            proposed.answer = word;
        }
    }
    return proposed;
}

/// The request that a command without `--request` means: the only open one of its kind.
std::string request_of(const Proposed& proposed, const TaskState& state, RequestKind kind) {
    if (!proposed.request_id.empty()) return proposed.request_id;
    std::string found;
    for (const RequestFacts& request : state.requests) {
        if (request.state != RequestState::open || request.kind != kind) continue;
        if (!found.empty()) return "several";
        found = request.request_id;
    }
    return found;
}

Command recovery(const Proposed& proposed, const TaskState& state) {
    if (is_terminal(state.summary.session_state)) {
        EXPECT_THAT(proposed.options, ::testing::ElementsAre("--retry"));
        return command::Retry{"again"};
    }
    command::MarkEnded mark;
    mark.action = "marked_failed";
    return mark;
}

/// The command that the verb stands for; absent where it only looks.
std::optional<Command> command_of(const Proposed& proposed, const TaskState& state) {
    const std::string approval = request_of(proposed, state, RequestKind::approval);
    if (proposed.verb == "approve") {
        return command::ResolveRequest{approval, RequestState::allowed, {}, {}, false};
    }
    if (proposed.verb == "deny") {
        return command::ResolveRequest{approval, RequestState::denied, {}, {}, false};
    }
    if (proposed.verb == "answer") {
        return command::ResolveRequest{request_of(proposed, state, RequestKind::input),
                                       RequestState::answered,
                                       {},
                                       proposed.answer,
                                       false};
    }
    if (proposed.verb == "cancel") return command::Cancel{!proposed.options.empty(), {}};
    if (proposed.verb == "release") return command::Release{};
    if (proposed.verb == "archive") return command::Archive{};
    if (proposed.verb == "recover") return recovery(proposed, state);
    static const std::vector<std::string> looking = {"output", "events", "wait", "status",
                                                     "doctor"};
    EXPECT_THAT(looking, ::testing::Contains(proposed.verb));
    return std::nullopt;
}

/// All that could be found beside the events.
std::vector<Facts> surroundings(const TaskMachine& task) {
    std::vector<Facts> all;
    for (const Held lease : {Held::free, Held::held, Held::unknown}) {
        for (const Held served : {Held::free, Held::held}) {
            for (const DependencyState dependencies :
                 {DependencyState::met, DependencyState::pending, DependencyState::failed}) {
                Facts facts = facts_of(task.summary(), dependencies, task.now);
                facts.carrier_lease = lease;
                facts.work = served;
                facts.queue_served = served;
                all.push_back(facts);
            }
        }
    }
    return all;
}

TEST(NextCommandsWalk, WhatIsProposedIsAccepted) {
    std::map<int, int> rows;
    int carried_out = 0;
    for (std::uint32_t seed = 1; seed <= 150; ++seed) {
        RandomCommands commands(seed);
        TaskDocument document = test::sample_document();
        document.retry_limit = static_cast<int>(seed % 3);
        document.limits.timeout = 40s;
        document.start_within = 20s;
        TaskMachine task(document);
        for (int step = 0; step < 40; ++step) {
            task.apply(commands.next(task));
            task.advance(commands.pause());
            if (task.state.sessions.empty()) continue;
            for (const Facts& facts : surroundings(task)) {
                const FactDetails details =
                    details_of(task.summary(), test::task_id_of(2), task.now);
                const TaskStatus status = derive(facts, details);
                ++rows[derivation_row(facts).number];
                for (const std::string& line : status.next_commands) {
                    const Proposed proposed = proposal(line);
                    const auto command = command_of(proposed, task.state);
                    if (!command) continue;
                    const auto events = task.decide(*command);
                    // A request may have run out meanwhile; only its carrier can tell the events.
                    if (!events && events.error().message.ends_with("it has expired")) continue;
                    ASSERT_TRUE(events) << line << ": " << events.error().message;
                    ++carried_out;
                }
            }
        }
    }
    std::cout << carried_out << " proposed commands carried out\n";
    // Row 16 and all others came about.
    EXPECT_EQ(rows.size(), 16U);
}

} // namespace
} // namespace loong
