#pragma once
/// What core does for stores: folding whole tasks, and summaries as text.

#include "loong/store.hpp"
#include "task_document.hpp"
#include "task_state.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

/// The version of the text form of a summary. It grows with every change of TaskSummary or of what
/// evolve() makes of the same events, so that a store folds again what an older loong has left.
inline constexpr int summary_format = 4;
/// The oldest that says the same in other words, and so is read still: nothing has to be folded
/// again for it. Version 3 left no member out because of another one.
inline constexpr int oldest_summary_format = 3;

/// One line of JSON, `{"v":4,…}`; members at their default, or as another one has it already, are
/// left out.
[[nodiscard]] std::string encode_summary(const TaskSummary& summary);
/// `store_version` where it is of a version that is not read, `store_corrupt` where it is none.
[[nodiscard]] Result<TaskSummary> decode_summary(std::string_view text);

/// A task as it was kept, read and folded.
struct FoldedTask {
    TaskDocument document;
    std::vector<Event> events;
    TaskState state;
};

/// `store_corrupt` where the document is another task's, the records are none, or their ids have a
/// gap; `store_version` where the document is of a newer format.
[[nodiscard]] Result<FoldedTask> fold_task(std::string_view task_id, std::string_view document,
                                           const std::vector<std::string>& records);

class CoreStoreHost final : public StoreHost {
public:
    Result<TaskSummary> summarize(std::string_view task_id, std::string_view document,
                                  const std::vector<std::string>& records) const override;
    std::string encode(const TaskSummary& summary) const override;
    Result<TaskSummary> decode(std::string_view text) const override;
    void tell_progress(std::uint64_t done, std::uint64_t total, bool by_other) const override;

    std::function<void(std::uint64_t done, std::uint64_t total, bool by_other)> on_progress;
};

} // namespace loong
