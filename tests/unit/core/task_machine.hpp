#pragma once
/// A task on which commands are carried out without a store: what they give is folded in at once.

#include "decide.hpp"
#include "support/test_ids.hpp"
#include "task_state.hpp"

#include <string>
#include <vector>

namespace loong::test {

[[nodiscard]] inline TaskDocument sample_document() {
    TaskDocument document;
    document.task_id = task_id_of(1);
    document.label = "build";
    document.created_at = test_time(0);
    document.owner_session_id = "default";
    document.scope_session_id = "default";
    document.visible_to = {"default"};
    document.runtime = "local";
    document.runtime_plugin = "runtime-local";
    document.work.text = "make";
    document.working_directory = "/home/user";
    document.limits.grace = std::chrono::seconds(10);
    return document;
}

class TaskMachine {
public:
    explicit TaskMachine(const TaskDocument& document = sample_document())
        : state(initial_state(document)),
          document_(document) {}

    [[nodiscard]] Result<std::vector<Event>> decide(const Command& command) {
        return loong::decide(
            state, command,
            {now, document_.owner_session_id, session_id_of(1, next_session_), clock_skew});
    }

    /// Empty where the command was carried out, else the error's code.
    std::string apply(const Command& command) {
        Result<std::vector<Event>> events = decide(command);
        if (!events) {
            error = events.error();
            return std::string(to_string(error.code));
        }
        last.clear();
        for (const Event& event : *events) {
            if (event.kind == EventKind::delegate_queued) ++next_session_;
            state = evolve(std::move(state), event);
            log.push_back(event);
            last.emplace_back(to_string(event.kind));
        }
        return {};
    }

    std::string create(bool hold = false) { return apply(command::Create{hold}); }
    std::string start(std::uint64_t token = 7) {
        return apply(command::Start{session(), token, "host", 4711});
    }
    std::string finish(OutcomeKind kind, std::uint64_t token = 7) {
        command::Finish finish{session(), token, {}, false};
        finish.outcome.kind = kind;
        if (kind == OutcomeKind::failed) finish.outcome.exit_code = 2;
        return apply(finish);
    }
    std::string open(const std::string& key, RequestKind kind = RequestKind::approval) {
        NewRequest request;
        request.kind = kind;
        request.key = key;
        request.question = "May I?";
        return apply(command::OpenRequest{session(), request});
    }
    std::string resolve(const std::string& id, RequestState how, const std::string& text = {}) {
        return apply(command::ResolveRequest{id, how, {}, text, false});
    }

    void advance(Microseconds by) { now += by; }
    [[nodiscard]] const TaskSummary& summary() const { return state.summary; }
    [[nodiscard]] std::string session() const { return state.summary.task_session_id; }
    [[nodiscard]] const TaskDocument& document() const { return document_; }

    TaskState state;
    /// The task clock, and how far the wall clock is ahead of it.
    Time now = test_time(0);
    Microseconds clock_skew{};
    /// All events so far, and the names of those that the last command gave.
    std::vector<Event> log;
    std::vector<std::string> last;
    Error error;

private:
    TaskDocument document_;
    std::uint64_t next_session_ = 1;
};

} // namespace loong::test
