#include "session_json.hpp"

#include "error_report.hpp"
#include "task_json.hpp"

namespace loong::cli {

Value session_row_value(const SessionRow& row) {
    Value value;
    value.set("session_id", or_null(row.session_id));
    value.set("kind", to_string(row.kind));
    value.set("parent_session_id", or_null(row.parent_session_id));
    value.set("scope_session_id", or_null(row.scope_session_id));
    value.set("task_id", or_null(row.task_id));
    value.set("label", or_null(row.label));
    value.set("attempt", row.attempt == 0 ? Value() : Value(row.attempt));
    value.set("is_current", row.kind == SessionKind::root ? Value() : Value(row.is_current));
    value.set("state", row.state ? Value(to_string(*row.state)) : Value());
    value.set("lease", row.lease ? Value(to_string(*row.lease)) : Value());
    value.set("host", or_null(row.host));
    value.set("pid", row.pid == 0 ? Value() : Value(row.pid));
    value.set("created_at", or_null(row.created_at));
    value.set("state_since", or_null(row.state_since));
    value.set("task_count", row.task_count);
    value.set("error", row.unreadable ? error_value(*row.unreadable) : Value());
    return value;
}

Value session_detail_value(const SessionDetail& detail) {
    Value value = session_row_value(detail.row);
    value.set("session", detail.session ? session_value(*detail.session, true) : Value());
    value.set("task", detail.task ? row_value(*detail.task) : Value());
    Value::Array requests;
    for (const RequestView& request : detail.requests) requests.push_back(request_value(request));
    value.set("requests", std::move(requests));
    value.set("directory", or_null(detail.directory));
    value.set("below", counts_value(detail.below));
    return value;
}

Value session_node_value(const SessionNode& node) {
    Value value = session_row_value(node.row);
    value.set("task_status", node.task_status ? task_status_value(*node.task_status) : Value());
    Value::Array children;
    for (const SessionNode& child : node.children) children.push_back(session_node_value(child));
    value.set("children", std::move(children));
    return value;
}

Value session_heads_value(const SessionHeads& heads) {
    Value value;
    value.set("task_id", heads.task_id);
    value.set("label", or_null(heads.sessions.empty() ? "" : heads.sessions.back().label));
    value.set("task_session_id",
              or_null(heads.sessions.empty() ? "" : heads.sessions.back().session_id));
    value.set("task_status", task_status_value(heads.task_status));
    Value::Array sessions;
    for (const SessionRow& row : heads.sessions) sessions.push_back(session_row_value(row));
    value.set("sessions", std::move(sessions));
    return value;
}

Value history_item_value(const HistoryItem& item) {
    Value value;
    value.set("at", or_null(item.at));
    if (item.event != nullptr) {
        value.set("kind", "event");
        value.set("event", event_value(*item.event));
        value.set("text", Value());
        return value;
    }
    const bool is_output = item.stream == OutputStream::standard_output;
    value.set("kind", is_output ? "stdout" : "stderr");
    value.set("event", Value());
    value.set("text", std::string(item.bytes));
    return value;
}

} // namespace loong::cli
