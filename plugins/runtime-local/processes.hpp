#pragma once
/// Other processes, found and signalled so that a number given to another process in the meantime
/// never hits the wrong one.

#include "descriptor.hpp"
#include <loong/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace loong::local {

/// A process for as long as the machine is up.
struct ProcessIdentity {
    pid_t pid = 0;
    /// Clock ticks from boot to its start.
    std::uint64_t start_time = 0;
};

/// A process that was looked for, and a descriptor of it.
struct FoundProcess {
    ProcessIdentity identity;
    Descriptor descriptor;
};

/// Changes with every boot; empty where the system does not tell it.
[[nodiscard]] std::string boot_id();

/// Whether what bears this boot id (empty: any) can still run. `store_io`: that cannot be told.
[[nodiscard]] Result<bool> is_of_this_boot(const std::string& id);

/// Microseconds since boot, time asleep included.
[[nodiscard]] std::int64_t boot_clock();

/// Absent where there is no such process.
[[nodiscard]] std::optional<ProcessIdentity> identify(pid_t pid);

/// A descriptor of that very process; empty where it is gone (a zombie is gone, too). `store_io`:
/// that cannot be told, which is no reason to take it for gone.
[[nodiscard]] Result<Descriptor> find_process(const ProcessIdentity& identity);

/// The same, empty also where it cannot be told.
[[nodiscard]] Descriptor open_process(const ProcessIdentity& identity);

/// Nothing happens where the process is gone. False: it may not be signalled.
bool send_signal(const Descriptor& process, int signal);

/// Every process of this user, besides the caller, that carries the session's id in its
/// environment; each descriptor was checked to belong to such a process. A session's keeper is among
/// them. Zombies are not. `store_io`: the processes cannot be listed.
[[nodiscard]] Result<std::vector<FoundProcess>> find_session_processes(std::string_view session_id);

/// True for workers, and for what belongs to another session: the keepers of tasks that a task has
/// created, say. They are no part of the work although it started them.
[[nodiscard]] Result<bool> carries_other_tasks(pid_t pid, std::string_view session_id);

} // namespace loong::local
