#pragma once
/// The inside of `Tasks`: the viewer, and one method a use case, spread over files by their names.

#include "hand_over.hpp"
#include "loong/diagnosis.hpp"
#include "loong/tasks.hpp"
#include "observer.hpp"
#include "task_store.hpp"
#include "workspace.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace loong {

class Tasks::Implementation {
public:
    static Result<std::unique_ptr<Implementation>> open(const OpenOptions& options);

    [[nodiscard]] Workspace& workspace() { return *workspace_; }
    [[nodiscard]] Store& store() { return workspace_->store(); }
    [[nodiscard]] const Config& config() const { return workspace_->config(); }
    [[nodiscard]] const std::string& session_id() const { return session_id_; }
    [[nodiscard]] const std::string& visible_to() const { return visible_to_; }
    [[nodiscard]] const std::vector<std::string>& command_options() const {
        return command_options_;
    }
    [[nodiscard]] const std::optional<ToolPolicy>& creator_policy() const {
        return creator_policy_;
    }
    /// Sessions above and including the viewer's, the root first.
    [[nodiscard]] const std::vector<std::string>& lineage() const { return lineage_; }

    Result<std::string> resolve(const std::string& task);
    Result<TaskDetail> status(const std::string& task);
    Result<TaskDetail> detail(const std::string& task_id);
    /// The same, with what was read for it.
    Result<TaskDetail> detail(const std::string& task_id, LoadedTask& task);
    /// For a task that was read just now.
    Result<TaskDetail> detail(const LoadedTask& task, Observer& observer);

    /// Whatever the task that creates says of itself: what it creates is held to this.
    void create_at_most(ToolPolicy policy) { creator_policy_ = std::move(policy); }

    // create_tasks.cpp
    Result<std::vector<Result<CreateResult>>> create(const std::vector<CreateRequest>& requests);
    // list_tasks.cpp
    Result<ListResult> list(const ListRequest& request);
    Result<std::vector<std::string>> select(const ListRequest& request);
    Result<std::vector<std::string>> prunable(Seconds older_than);
    /// The same of the tasks that `session_id` sees, and of all where it is empty.
    Result<ListResult> list_below(const std::string& session_id, const ListRequest& request);
    // wait_for_tasks.cpp
    Result<EventsResult> events(const EventsRequest& request);
    Result<WaitResult> wait(const WaitRequest& request);
    /// Nobody owns it from then on, on purpose.
    bool leave_watch_open() noexcept { return last_watch_.release() != nullptr; }
    // change_tasks.cpp
    Result<std::vector<ActionResult>> cancel(const std::string& task, const CancelOptions& options);
    Result<ActionResult> recover(const std::string& task, const RecoverOptions& options);
    Result<ActionResult> release(const std::string& task);
    Result<ActionResult> archive(const std::string& task);
    Result<ActionResult> remove(const std::string& task, bool dry_run);
    Result<TaskDetail> report(const std::string& task_id, const std::string& task_session_id,
                              const ReportRequest& request);
    // answer_requests.cpp
    Result<ActionResult> answer(const AnswerRequest& request);
    // list_requests.cpp
    Result<RequestsResult> requests(const RequestsRequest& request);
    Result<RequestRow> request(const std::string& task);
    // ask_operator.cpp
    Result<AskResult> ask(const std::string& task_id, const std::string& task_session_id,
                          const AskRequest& request);
    Result<std::vector<SessionDirectory>> session_directories(const std::string& task);
    // diagnosis.cpp
    Result<Diagnosis> heal(const std::string& session, bool apply);

private:
    [[nodiscard]] Error not_visible(const std::string& task) const;
    Result<void> find_viewer();
    /// At most as many rows as the request asks for, after `cursor`.
    Result<std::vector<TaskRow>> find_rows(const TaskFilter& filter, std::string cursor,
                                           const ListRequest& request, Observer& observer);
    Result<ActionResult> cancel_one(const std::string& task_id, const CancelOptions& options);
    Result<std::vector<std::string>> created_below(const std::string& task_id);

    std::unique_ptr<Workspace> workspace_;
    std::string session_id_;
    /// Empty where everything is visible.
    std::string visible_to_;
    std::vector<std::string> command_options_;
    std::vector<std::string> lineage_;
    std::optional<ToolPolicy> creator_policy_;
    /// What wait() has watched last. To close it can take the kernel 20 ms, which is not to pass
    /// between the end of a task and whoever waits for it.
    std::unique_ptr<TaskWatch> last_watch_;
};

/// Watches tasks as wait() does.
[[nodiscard]] Result<std::unique_ptr<TaskWatch>>
watch_tasks(Workspace& workspace, const std::vector<std::string>& task_ids);
[[nodiscard]] Result<std::unique_ptr<TaskWatch>> watch_all_tasks(Workspace& workspace);

} // namespace loong
