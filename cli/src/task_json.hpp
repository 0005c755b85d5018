#pragma once
/// Tasks as the JSON of the public contract: names, order and null where something is absent.

#include "loong/tasks.hpp"
#include "loong/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong::cli {

/// RFC 3339 in UTC with microseconds.
[[nodiscard]] Value time_value(Time time);
/// null where there is none.
[[nodiscard]] Value or_null(const std::string& text);
[[nodiscard]] Value or_null(const std::optional<int>& number);
[[nodiscard]] Value or_null(const std::optional<std::int64_t>& number);
[[nodiscard]] Value or_null(const std::optional<Time>& time);
[[nodiscard]] Value strings(const std::vector<std::string>& items);

[[nodiscard]] Value task_status_value(const TaskStatus& status);
[[nodiscard]] std::string_view to_string(Held held) noexcept;
[[nodiscard]] Value request_value(const RequestView& request);
/// Of the task's `lineage` with its outcome, as the carrier without.
[[nodiscard]] Value session_value(const SessionView& session, bool with_outcome);
[[nodiscard]] Value event_value(const Event& event);
[[nodiscard]] Value events_value(const std::vector<Event>& events);

[[nodiscard]] std::string_view request_state_word(RequestState state) noexcept;

/// A request of the inbox.
[[nodiscard]] Value request_row_value(const RequestRow& row, Time now);

/// A row of a listing. One that could not be read has its id and status and is null otherwise.
[[nodiscard]] Value row_value(const TaskRow& row);

/// One thing that the operator was to be told.
[[nodiscard]] Value notification_value(const NotificationView& notification);

/// A row's keys and everything else about the task.
[[nodiscard]] Value detail_value(const TaskDetail& detail);

/// `by status`, those that occur, and `needs_attention`.
[[nodiscard]] Value counts_value(const ListResult& list);

} // namespace loong::cli
