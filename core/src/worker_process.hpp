#pragma once
/// Starting a worker as a process of its own.

#include "loong/error.hpp"

#include <string>
#include <vector>

namespace loong {

struct WorkerStart {
    /// Absolute.
    std::string program;
    /// After the program's name; `--ready-descriptor 3` is added.
    std::vector<std::string> arguments;
    /// Set for the worker, or removed where the value is empty.
    std::vector<std::pair<std::string, std::string>> environment;
};

/// Starts a detached worker: leader of its own session, without a terminal, reparented away from
/// this process, with no descriptor of ours, standard streams at /dev/null. Returns when it says
/// that it is ready. Where this process's control group may be ended with all that is in it, the
/// worker moves into a scope of the user's service manager, if there is one. `worker_unavailable` with what it printed where it ends or takes longer than
/// 10 s.
[[nodiscard]] Result<void> start_worker(const WorkerStart& start);

} // namespace loong
