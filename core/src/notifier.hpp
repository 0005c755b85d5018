#pragma once
/// Telling the operator: runs the notify command for everything that is owed, until nothing is.

#include "loong/error.hpp"
#include "loong/notification.hpp"
#include "tasks_implementation.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>

namespace loong {

/// One process at a time does this, the one that holds the `notifier` lease. It carries no session
/// and holds no slot, so whatever the command does, no task waits for it.
class Notifier {
public:
    using Describe = std::function<std::string(const Notification&)>;

    Notifier(Tasks::Implementation& tasks, Describe describe)
        : tasks_(tasks),
          describe_(std::move(describe)) {}

    /// See Tasks::notify().
    Result<void> run(const std::function<bool()>& ready);

private:
    /// Returns once nothing is owed.
    Result<void> tell_all();
    /// One look at everything that is owed. When the next attempt is due; absent where none is.
    Result<std::optional<Time>> tell_what_is_due();
    /// Writes down who needs the operator for a reason that is no event.
    Result<void> notice_others();
    /// Everything of one task that is due.
    Result<void> tell(const std::string& task_id);
    Result<std::optional<std::string>> attempt(const std::string& task_id,
                                               const NotificationFacts& facts);
    Result<bool> is_anything_left();

    Tasks::Implementation& tasks_;
    Describe describe_;
    /// Tasks that could not be read or written; they are somebody else's business.
    std::set<std::string> set_aside_;
};

} // namespace loong
