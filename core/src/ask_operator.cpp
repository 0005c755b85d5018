#include "inside_request.hpp"
#include "lease_names.hpp"
#include "lease_pool.hpp"
#include "task_clock.hpp"
#include "tasks_implementation.hpp"
#include "text.hpp"
#include "watch_wait.hpp"

#include <algorithm>
#include <utility>

namespace loong {

namespace {

/// One question, from its opening to the answer.
class Asking {
public:
    Asking(Workspace& workspace, LoadedTask task, std::string session_id, std::string request_id)
        : workspace_(workspace),
          store_(workspace.store()),
          task_(std::move(task)),
          session_id_(std::move(session_id)),
          request_id_(std::move(request_id)) {}

    Result<RequestStatus> wait(int interrupt_descriptor) {
        while (true) {
            // Watching starts before looking, so nothing falls between the two.
            Result<std::string> place = find_place();
            if (!place) return std::move(place).error();
            std::vector<WatchTarget> targets{{WatchTarget::Kind::task, task_id()}};
            if (!place->empty()) targets.push_back({WatchTarget::Kind::lease, *place});
            Result<std::unique_ptr<Watch>> watch = store_.watch(targets);
            if (!watch) return std::move(watch).error();
            place = find_place();
            if (!place) return std::move(place).error();
            Result<const RequestFacts*> request = look();
            if (!request) return std::move(request).error();
            // The carrier has given its slot away: the work goes on when it has one again.
            const bool is_open = (*request)->state == RequestState::open;
            if (!is_open && place->empty()) return status_of(**request);
            Result<TaskWatch::Woken> woken =
                wait_for_watch(**watch, patience(**request), interrupt_descriptor);
            if (!woken) return std::move(woken).error();
            if (*woken == TaskWatch::Woken::interrupted) return status_of(**request);
        }
    }

    Result<void> withdraw() {
        Result<std::vector<Event>> done =
            apply(store_, task_,
                  command::WithdrawRequest{request_id_, "whoever asked does not wait any longer"},
                  session_id_);
        if (!done) return std::move(done).error();
        return {};
    }

private:
    [[nodiscard]] const std::string& task_id() const { return task_.document.task_id; }

    /// The request as it stands. What has expired is recorded here where no worker does it.
    Result<const RequestFacts*> look() {
        Result<std::uint64_t> revision = store_.revision(task_id());
        if (!revision) return std::move(revision).error();
        if (*revision != task_.state.summary.revision) {
            Result<LoadedTask> again = load_task(store_, task_id());
            if (!again) return std::move(again).error();
            task_ = *std::move(again);
        }
        const RequestFacts* request = find_request(task_.state, request_id_);
        if (request->state == RequestState::open && request->expires_at &&
            *request->expires_at <= now()) {
            command::ResolveRequest expired;
            expired.request_id = request_id_;
            expired.state = RequestState::expired;
            Result<std::vector<Event>> done = apply(store_, task_, expired, session_id_);
            // Somebody else was faster: `task_` was read anew.
            if (!done && done.error().code != ErrorCode::request_already_resolved) {
                return std::move(done).error();
            }
            request = find_request(task_.state, request_id_);
        }
        return request;
    }

    /// The lease by which the carrier shows that its session is without a slot; empty: it has one.
    Result<std::string> find_place() {
        const SessionFacts* carrier = current_session(task_.state);
        std::string place;
        const LeasePool waiting{lease_names::waiting, workspace_.config().max_waiting};
        Result<void> looked =
            look_through(store_, waiting, [&](int number, const LeaseStatus& status) {
                const bool is_held = status.state == LeaseState::held && status.holder;
                if (is_held && carrier != nullptr && status.holder->pid == carrier->pid)
                    place = lease_names::waiting(number);
                return place.empty();
            });
        if (!looked) return std::move(looked).error();
        return place;
    }

    static Milliseconds patience(const RequestFacts& request) {
        constexpr Milliseconds longest = std::chrono::hours(1);
        if (request.state != RequestState::open || !request.expires_at) return longest;
        const auto left = std::chrono::ceil<Milliseconds>(*request.expires_at - now());
        return std::clamp(left, Milliseconds(0), longest);
    }

    Workspace& workspace_;
    Store& store_;
    LoadedTask task_;
    const std::string session_id_;
    const std::string request_id_;
};

} // namespace

Result<AskResult> Tasks::Implementation::ask(const std::string& task_id,
                                             const std::string& task_session_id,
                                             const AskRequest& request) {
    Result<LoadedTask> task = load_task(store(), task_id);
    if (!task) return std::move(task).error();
    Result<NewRequest> asked = inside_request(task->state, request, new_ulid(now()));
    if (!asked) return std::move(asked).error();
    Result<std::vector<Event>> opened =
        apply(store(), *task, command::OpenRequest{task_session_id, *asked}, task_session_id);
    if (!opened) return std::move(opened).error();
    const RequestFacts* facts = find_request_by_key(task->state, asked->key);
    if (facts == nullptr) {
        return Error{
            ErrorCode::request_not_found, "request " + asked->key + ": it was not kept", {}};
    }
    Asking asking(*workspace_, *task, task_session_id, facts->request_id);
    Result<RequestStatus> status = asking.wait(request.interrupt_descriptor);
    if (!status) return std::move(status).error();
    if (status->state == RequestState::open && request.key.empty()) {
        Result<void> withdrawn = asking.withdraw();
        if (!withdrawn) return std::move(withdrawn).error();
    }
    return AskResult{*std::move(status)};
}

} // namespace loong
