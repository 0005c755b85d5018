#include "worker_threads.hpp"

#include "worker.hpp"
#include "workspace.hpp"

#include <csignal>
#include <future>
#include <optional>
#include <system_error>
#include <utility>

namespace loong {

namespace {

/// Keeps the promise once, whichever way the worker goes.
class Readiness {
public:
    explicit Readiness(std::promise<Result<void>> promise) : promise_(std::move(promise)) {}

    void tell(Result<void> how) {
        if (promise_) promise_->set_value(std::move(how));
        promise_.reset();
    }

private:
    std::optional<std::promise<Result<void>>> promise_;
};

Result<void> work(const OpenOptions& options, const std::string& adopt, bool redo,
                  WorkerThreads& threads, Readiness& readiness) {
    Result<std::unique_ptr<Workspace>> workspace = Workspace::open(options, &threads);
    if (!workspace) return std::move(workspace).error();
    const auto ready = [&readiness] {
        readiness.tell({});
        return true;
    };
    Worker worker(**workspace);
    return adopt.empty() ? worker.run(ready, nullptr) : worker.adopt(adopt, redo, ready);
}

} // namespace

WorkerThreads::~WorkerThreads() {
    while (true) {
        std::unique_ptr<Running> one;
        {
            const std::lock_guard guard(mutex_);
            if (running_.empty()) return;
            one = std::move(running_.back());
            running_.pop_back();
        }
        one->thread.join();
    }
}

void WorkerThreads::sweep() {
    const std::lock_guard guard(mutex_);
    std::erase_if(running_, [](const std::unique_ptr<Running>& one) {
        if (!one->left) return false;
        one->thread.join();
        return true;
    });
}

Result<void> WorkerThreads::start(const OpenOptions& options, const std::string& adopt, bool redo) {
    // As in a worker that is a process: a command that closes its input early must end its write
    // and nothing else.
    std::signal(SIGPIPE, SIG_IGN);
    sweep();
    std::promise<Result<void>> promise;
    std::future<Result<void>> answer = promise.get_future();
    auto running = std::make_unique<Running>();
    Running& shared = *running;
    try {
        running->thread = std::thread(
            [this, options, adopt, redo, &shared, promise = std::move(promise)]() mutable {
                Readiness readiness(std::move(promise));
                readiness.tell(work(options, adopt, redo, *this, readiness));
                shared.left = true;
            });
    } catch (const std::system_error& caught) {
        return Error{ErrorCode::worker_unavailable,
                     std::string("worker thread: could not be started: ") + caught.what(),
                     {}};
    }
    {
        const std::lock_guard guard(mutex_);
        running_.push_back(std::move(running));
    }
    return answer.get();
}

} // namespace loong
