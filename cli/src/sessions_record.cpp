#include "event_text.hpp"
#include "json_writer.hpp"
#include "option_values.hpp"
#include "session_json.hpp"
#include "session_text.hpp"
#include "status_style.hpp"
#include "task_json.hpp"
#include "verbs.hpp"

namespace loong::cli {
namespace {

Result<std::string> named_session(const Invocation& invocation) {
    if (!invocation.words.empty()) return invocation.words.front();
    return Error{ErrorCode::invalid_argument, "no session was named",
                 "usage: loong " + invocation.command + " SESSION"};
}

class SessionsEvents final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("SESSION", 1);
        table.value("--after-id", "N", after_id_,
                    "events after this one; without it the newest are shown");
        table.value("--limit", "N", limit_, "at most that many, 1 to 10000 (default 20)");
        table.note(
            "Ids are the task's, so they have gaps where other sessions carried it. Times are "
            "relative; JSON and `sessions history` have them exactly.");
        table.example("loong sessions events k3f9qa");
        table.exit_codes("0 done, 2 failure, 4 not found or not visible");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<SessionEventsRequest> request = read_request(invocation);
        if (!request) return std::move(request).error();
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<SessionEvents> events = tasks->session_events(*request);
        if (!events) return std::move(events).error();
        if (invocation.globals.json) {
            Value answer = invocation.header(&*tasks);
            answer.set("session_id", events->session_id);
            answer.set("task_id", events->task_id);
            answer.set("after_id", events->after_id);
            answer.set("next_after_id", events->next_after_id);
            answer.set("has_more", events->has_more);
            answer.set("events", events_value(events->events));
            invocation.out.print(to_json(answer));
            return ExitCode::done;
        }
        const Time now = wall_clock();
        for (const Event& event : events->events) {
            invocation.out.print((invocation.globals.quiet
                                      ? std::to_string(event.id)
                                      : event_text(event, invocation.terminal, now)) +
                                 "\n");
        }
        return ExitCode::done;
    }

private:
    Result<SessionEventsRequest> read_request(const Invocation& invocation) const {
        SessionEventsRequest request;
        Result<std::string> session = named_session(invocation);
        if (!session) return std::move(session).error();
        request.session = *std::move(session);
        if (after_id_) {
            Result<std::int64_t> id =
                read_integer("--after-id", *after_id_, 0, std::int64_t{1} << 53);
            if (!id) return std::move(id).error();
            request.after_id = static_cast<std::uint64_t>(*id);
        }
        if (limit_) {
            Result<std::int64_t> limit = read_integer("--limit", *limit_, 1, 10000);
            if (!limit) return std::move(limit).error();
            request.limit = static_cast<std::size_t>(*limit);
        }
        return request;
    }

    std::optional<std::string> after_id_;
    std::optional<std::string> limit_;
};

class SessionsHistory final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("SESSION", 1);
        table.note("Everything that the session recorded: its events, and what its work wrote, in "
                   "the order of their times. With --json one object a line, as they come.");
        table.example("loong sessions history k3f9qa");
        table.exit_codes("0 done, 2 failure, 4 not found or not visible");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<std::string> session = named_session(invocation);
        if (!session) return std::move(session).error();
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        const bool json = invocation.globals.json;
        Result<std::string> told =
            tasks->session_history(*session, [&](const HistoryItem& item) -> Result<void> {
                invocation.out.print(json ? to_json_line(history_item_value(item))
                                          : history_text(item, invocation.terminal));
                return {};
            });
        if (!told) return std::move(told).error();
        return ExitCode::done;
    }
};

} // namespace

std::unique_ptr<Verb> make_sessions_events() { return std::make_unique<SessionsEvents>(); }
std::unique_ptr<Verb> make_sessions_history() { return std::make_unique<SessionsHistory>(); }

} // namespace loong::cli
