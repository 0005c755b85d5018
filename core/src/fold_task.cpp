#include "record.hpp"
#include "summary_codec.hpp"
#include "text.hpp"

#include <utility>

namespace loong {
namespace {

Error about(std::string_view task_id, Error error) {
    error.message = "task " + std::string(task_id) + ": " + error.message;
    return error;
}

Error corrupt(std::string_view task_id, const std::string& why) {
    return about(task_id, {ErrorCode::store_corrupt, why, "`loong doctor` tells what can be done"});
}

} // namespace

Result<FoldedTask> fold_task(std::string_view task_id, std::string_view document,
                             const std::vector<std::string>& records) {
    Result<TaskDocument> read = read_task_document(document);
    if (!read) return about(task_id, std::move(read).error());
    if (read->task_id != task_id) {
        return corrupt(task_id, "its document is that of task " + read->task_id);
    }
    if (records.empty()) return corrupt(task_id, "it has no events");
    FoldedTask task{std::move(*read), {}, {}};
    task.state = initial_state(task.document);
    task.events.reserve(records.size());
    const std::string& owner = task.document.owner_session_id;
    for (const std::string& record : records) {
        Result<Event> event = read_record(record);
        if (!event) return about(task_id, std::move(event).error());
        const std::uint64_t expected = task.state.summary.revision + 1;
        if (event->id != expected) {
            return corrupt(task_id, "event " + std::to_string(event->id) + " stands where event " +
                                        std::to_string(expected) + " has to be");
        }
        // Who may see the task hangs on its owner, who is the one that created it.
        if (event->kind == EventKind::task_created && event->actor_session_id != owner) {
            return corrupt(task_id, "its document says that session " + escape_controls(owner) +
                                        " owns it, and its events that " +
                                        escape_controls(event->actor_session_id) + " created it");
        }
        task.state = evolve(std::move(task.state), *event);
        task.events.push_back(std::move(*event));
    }
    return task;
}

Result<TaskSummary> CoreStoreHost::summarize(std::string_view task_id, std::string_view document,
                                             const std::vector<std::string>& records) const {
    Result<FoldedTask> task = fold_task(task_id, document, records);
    if (!task) return std::move(task).error();
    return std::move(task->state.summary);
}

std::string CoreStoreHost::encode(const TaskSummary& summary) const {
    return encode_summary(summary);
}

void CoreStoreHost::tell_progress(std::uint64_t done, std::uint64_t total, bool by_other) const {
    if (on_progress) on_progress(done, total, by_other);
}

Result<TaskSummary> CoreStoreHost::decode(std::string_view text) const {
    return decode_summary(text);
}

} // namespace loong
