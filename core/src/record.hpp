#pragma once
/// Events as records: one line of text each, in the JSON subset of YAML.
///
/// `{"id":17,"at":"2026-01-02T03:04:05.000006Z","kind":"task_progress","session_id":"…",
/// "actor_session_id":"…","data":{…},"handle":"…"}`; the last record of a group that was appended at once ends
/// in `"end":true}`. `id` is always the first member and `end` the last one: stores rely on it.

#include "loong/error.hpp"
#include "loong/event.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace loong {

/// The kind of that name; `unknown` where there is none.
[[nodiscard]] EventKind event_kind_of(std::string_view name) noexcept;

/// The records of a group of events; the last one is marked as its end. Text that is no UTF-8 is
/// made so. What decide() gives stays below a store's limit of 1 MiB a record.
[[nodiscard]] std::vector<std::string> write_records(const std::vector<Event>& group);

/// Whether it is the last record of a group.
[[nodiscard]] bool ends_group(std::string_view record) noexcept;

/// `store_corrupt` where the text is no record. An unknown kind is kept.
[[nodiscard]] Result<Event> read_record(std::string_view record);

} // namespace loong
