#include "json_writer.hpp"
#include "option_values.hpp"
#include "session_json.hpp"
#include "session_text.hpp"
#include "status_style.hpp"
#include "task_json.hpp"
#include "verbs.hpp"

namespace loong::cli {
namespace {

Result<std::size_t> read_limit(const std::optional<std::string>& word) {
    constexpr std::size_t usual = 20;
    if (!word) return usual;
    Result<std::int64_t> limit = read_integer("--limit", *word, 1, 10000);
    if (!limit) return std::move(limit).error();
    return static_cast<std::size_t>(*limit);
}

class SessionsList final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.value("--kind", "K", kind_, "root or delegate_child");
        table.words(kind_words());
        table.value("--state", "S", state_,
                    "ready, running, completed, failed, timed_out or cancelled");
        table.words(session_state_words());
        table.value("--parent-session-id", "ID", parent_, "only those that this one delegated to");
        table.value("--limit", "N", limit_, "at most that many, 1 to 10000 (default 20)");
        table.note("The sessions of the newest task first; every session that ever carried a task "
                   "is one. CREATED says how many tasks a session created.");
        table.example("loong sessions list --state running --all-sessions");
        table.exit_codes("0 done, 2 failure, 4 the parent not found or not visible");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<SessionListRequest> request = read_request();
        if (!request) return std::move(request).error();
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<SessionList> list = tasks->sessions(*request);
        if (!list) return std::move(list).error();
        if (invocation.globals.json) {
            invocation.out.print(json(invocation, *tasks, *request, *list));
        } else if (invocation.globals.quiet) {
            for (const SessionRow& row : list->sessions) {
                if (!row.session_id.empty()) invocation.out.print(row.session_id + "\n");
            }
        } else if (list->sessions.empty()) {
            invocation.out.print("No sessions match.\n");
        } else {
            invocation.out.print(sessions_text(*list, invocation.terminal, wall_clock()));
        }
        return ExitCode::done;
    }

private:
    static std::vector<std::string> kind_words() { return {"root", "delegate_child"}; }

    Result<SessionListRequest> read_request() const {
        SessionListRequest request;
        if (kind_) {
            if (*kind_ == to_string(SessionKind::root)) {
                request.kind = SessionKind::root;
            } else if (*kind_ == to_string(SessionKind::delegate_child)) {
                request.kind = SessionKind::delegate_child;
            } else {
                return unknown_word("kind for --kind", *kind_, kind_words());
            }
        }
        if (state_) {
            for (int i = 0; i <= static_cast<int>(last_session_state); ++i) {
                const auto state = static_cast<SessionState>(i);
                if (to_string(state) == *state_) request.state = state;
            }
            if (!request.state) {
                return unknown_word("state for --state", *state_, session_state_words());
            }
        }
        request.parent_session_id = parent_.value_or("");
        Result<std::size_t> limit = read_limit(limit_);
        if (!limit) return std::move(limit).error();
        request.limit = *limit;
        return request;
    }

    static std::string json(const Invocation& invocation, const Tasks& tasks,
                            const SessionListRequest& request, const SessionList& list) {
        Value filters;
        filters.set("kind", request.kind ? Value(to_string(*request.kind)) : Value());
        filters.set("state", request.state ? Value(to_string(*request.state)) : Value());
        filters.set("parent_session_id", or_null(request.parent_session_id));
        filters.set("limit", request.limit);
        Value::Array rows;
        for (const SessionRow& row : list.sessions) rows.push_back(session_row_value(row));
        Value answer = invocation.header(&tasks);
        answer.set("filters", std::move(filters));
        answer.set("returned_count", list.sessions.size());
        answer.set("has_more", list.has_more);
        answer.set("sessions", std::move(rows));
        return to_json(answer);
    }

    std::optional<std::string> kind_;
    std::optional<std::string> state_;
    std::optional<std::string> parent_;
    std::optional<std::string> limit_;
};

class SessionsStatus final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("SESSION", 1);
        table.note("SESSION is an id, a prefix of it, an ending of five characters or more, the "
                   "name of a root session, or `latest`. Without one it is the session that the "
                   "command works in.");
        table.example("loong sessions status k3f9qa");
        table.exit_codes("0 done, 2 failure, 4 not found or not visible");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<SessionDetail> detail =
            tasks->session_status(invocation.words.empty() ? "" : invocation.words.front());
        if (!detail) return std::move(detail).error();
        if (invocation.globals.json) {
            Value answer = invocation.header(&*tasks);
            answer.set("session", session_detail_value(*detail));
            invocation.out.print(to_json(answer));
        } else if (invocation.globals.quiet) {
            invocation.out.print(detail->row.session_id + "\n");
        } else {
            invocation.out.print(session_detail_text(*detail, invocation.terminal, wall_clock()));
        }
        return ExitCode::done;
    }
};

class SessionsTree final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("SESSION", 1);
        table.note("Without SESSION the tree below the session that the command works in. Where "
                   "the task's status says more than the session's state it stands behind it.");
        table.example("loong sessions tree");
        table.exit_codes("0 done, 2 failure, 4 not found or not visible");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<SessionNode> root =
            tasks->session_tree(invocation.words.empty() ? "" : invocation.words.front());
        if (!root) return std::move(root).error();
        if (invocation.globals.json) {
            Value answer = invocation.header(&*tasks);
            answer.set("tree", session_node_value(*root));
            invocation.out.print(to_json(answer));
        } else if (invocation.globals.quiet) {
            print_ids(invocation, *root);
        } else {
            invocation.out.print(session_tree_text(*root, invocation.terminal));
        }
        return ExitCode::done;
    }

private:
    static void print_ids(Invocation& invocation, const SessionNode& node) {
        if (!node.row.session_id.empty()) invocation.out.print(node.row.session_id + "\n");
        for (const SessionNode& child : node.children) print_ids(invocation, child);
    }
};

class SessionsHeadsVerb final : public Verb {
public:
    void declare(OptionTable& table) override {
        constexpr std::size_t any_number = 100000;
        table.positionals("[TASK...]", any_number);
        table.value("--limit", "N", limit_, "at most that many tasks, 1 to 10000 (default 20)");
        table.note("For each task every session that carried it; `*` marks the current one.");
        table.example("loong sessions heads k3f9qa");
        table.exit_codes("0 done, 2 failure, 4 a task not found or not visible");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        SessionHeadsRequest request;
        request.tasks = invocation.words;
        Result<std::size_t> limit = read_limit(limit_);
        if (!limit) return std::move(limit).error();
        request.limit = *limit;
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<std::vector<SessionHeads>> heads = tasks->session_heads(request);
        if (!heads) return std::move(heads).error();
        if (invocation.globals.json) {
            Value::Array items;
            for (const SessionHeads& one : *heads) items.push_back(session_heads_value(one));
            Value answer = invocation.header(&*tasks);
            answer.set("tasks", std::move(items));
            invocation.out.print(to_json(answer));
        } else if (invocation.globals.quiet) {
            for (const SessionHeads& one : *heads) {
                const std::string& id = one.sessions.back().session_id;
                if (!id.empty()) invocation.out.print(id + "\n");
            }
        } else {
            invocation.out.print(session_heads_text(*heads, invocation.terminal));
        }
        return ExitCode::done;
    }

private:
    std::optional<std::string> limit_;
};

} // namespace

std::unique_ptr<Verb> make_sessions_list() { return std::make_unique<SessionsList>(); }
std::unique_ptr<Verb> make_sessions_status() { return std::make_unique<SessionsStatus>(); }
std::unique_ptr<Verb> make_sessions_tree() { return std::make_unique<SessionsTree>(); }
std::unique_ptr<Verb> make_sessions_heads() { return std::make_unique<SessionsHeadsVerb>(); }

} // namespace loong::cli
