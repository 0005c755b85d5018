#pragma once
/// Starting a worker as a process of its own.

#include "descriptor.hpp"
#include "loong/error.hpp"

#include <optional>
#include <string>
#include <vector>

namespace loong {

struct WorkerStart {
    /// Absolute.
    std::string program;
    /// After the program's name; `--ready-descriptor 3` is added, a stream socket.
    std::vector<std::string> arguments;
    /// Set for the worker, or removed where the value is empty.
    std::vector<std::pair<std::string, std::string>> environment;
};

/// What becomes of the process that starts a worker.
enum class Parent {
    /// The worker is made no child of it, which nobody would wait for.
    lives_on,
    /// The worker is its child until it ends. It takes one process less: the one in between often
    /// gets a processor only when the worker has got ready, and its parent goes on only then.
    ends_soon,
};

/// A detached worker that gets ready and then waits until it is told to begin: leader of its own
/// session, without a terminal, with no descriptor of ours, standard streams at /dev/null. Where this
/// object goes, or this process dies, before it was told, the worker ends and has done nothing.
class WaitingWorker {
public:
    /// `worker_unavailable`.
    static Result<WaitingWorker> start(const WorkerStart& start, Parent parent = Parent::lives_on);

    /// Tells it to begin, and returns when it says that it holds its slot. `worker_unavailable` with
    /// what it printed where it ends or takes longer than 10 s.
    Result<void> begin();

private:
    WaitingWorker(std::string program, Descriptor socket)
        : program_(std::move(program)),
          socket_(std::move(socket)) {}

    std::string program_;
    Descriptor socket_;
};

/// Both at once. Where this process's control group may be ended with all that is in it, the worker
/// moves into a scope of the user's service manager, if there is one.
[[nodiscard]] Result<void> start_worker(const WorkerStart& start);

} // namespace loong
