#include "recovery_probe.hpp"

#include "session_files.hpp"
#include "session_spec_of.hpp"

#include <utility>

namespace loong {

Result<LostSession> lost_session(Workspace& workspace, const LoadedTask& task) {
    const SessionFacts* session = current_session(task.state);
    if (session == nullptr) {
        return Error{ErrorCode::store_corrupt,
                     "task " + task.document.task_id + ": it has no session", "run 'loong doctor'"};
    }
    LostSession lost;
    // What is needed to find the work holds no secret.
    lost.spec = session_spec_of(task.document, session->session_id, session->attempt, {}, workspace,
                                find_places(workspace));
    Result<std::string> directory =
        workspace.store().session_directory(task.document.task_id, session->session_id);
    if (!directory) return std::move(directory).error();
    lost.directory = *std::move(directory);
    Result<std::string> handle = session_files::load_handle(lost.directory, session->handle);
    if (!handle) return std::move(handle).error();
    lost.handle = *std::move(handle);
    return lost;
}

Probe probe_work(Workspace& workspace, const LoadedTask& task) {
    Probe probe;
    Result<Runtime*> runtime = workspace.runtime(task.document);
    if (!runtime) {
        probe.message = runtime.error().message;
        return probe;
    }
    DurableRuntime* able = durable(**runtime);
    if (able == nullptr) {
        probe.state = Probe::State::gone;
        probe.message = "the runtime's work ends with its worker";
        return probe;
    }
    Result<LostSession> lost = lost_session(workspace, task);
    Result<Probe> found = lost ? able->probe(*lost) : std::move(lost).error();
    if (found) return *std::move(found);
    probe.message = found.error().message;
    return probe;
}

Held probe_work(Workspace& workspace, const std::string& task_id) {
    Result<LoadedTask> task = load_task(workspace.store(), task_id);
    if (!task) return Held::unknown;
    switch (probe_work(workspace, *task).state) {
    case Probe::State::alive: return Held::held;
    case Probe::State::finished:
    case Probe::State::gone:
    case Probe::State::never_started: return Held::free;
    case Probe::State::unreachable: break;
    }
    return Held::unknown;
}

} // namespace loong
