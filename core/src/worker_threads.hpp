#pragma once
/// Workers as threads of this process, for programs that carry their tasks themselves.

#include "loong/error.hpp"
#include "loong/tasks.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace loong {

/// [any-thread]
class WorkerThreads {
public:
    WorkerThreads() = default;
    WorkerThreads(const WorkerThreads&) = delete;
    WorkerThreads& operator=(const WorkerThreads&) = delete;
    /// Waits until every worker has left, those too that were started meanwhile.
    ~WorkerThreads();

    /// Starts a worker with a workspace of its own; returns once it holds its slot.
    /// `adopt` names a task to be taken over first; empty: none; `redo` as for Worker::adopt().
    /// `worker_unavailable`.
    Result<void> start(const OpenOptions& options, const std::string& adopt, bool redo);

private:
    struct Running {
        std::atomic<bool> left = false;
        std::thread thread;
    };

    /// Joins those that have left.
    void sweep();

    std::mutex mutex_;
    // Below is protected by mutex_.
    std::vector<std::unique_ptr<Running>> running_;
};

} // namespace loong
