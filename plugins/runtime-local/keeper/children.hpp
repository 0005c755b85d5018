#pragma once
/// Finding and ending what the command leaves behind. The keeper is a subreaper: an orphan among
/// its descendants becomes its child, so that the list of its children cannot be escaped from.

#include <sys/types.h>

namespace loong::keeper {

/// What is left besides the command itself (which stays unreaped, so that neither its number nor
/// that of its process group can be given to others).
struct Remains {
    /// Still to be ended.
    int to_end = 0;
    /// Cannot be signalled: they belong to another user.
    int beyond_reach = 0;
};

class Children {
public:
    /// `spare_others`: what says that it carries another task is not part of the work. Narrowed work
    /// cannot start workers, and is not believed.
    Children(pid_t leader, const char* session_id, bool spare_others)
        : leader_(leader),
          session_id_(session_id),
          spare_others_(spare_others) {}

    /// Reaps the orphans that have ended.
    void reap() const;

    /// Reaps what has ended and counts what is left.
    Remains look();

    /// TERM to the command's process group.
    void ask_group() const;

    /// TERM to everything that is left, however deep.
    void ask_all();

    /// KILL to everything that is left. What is orphaned by this becomes a child: look and call
    /// again until nothing is left.
    void force_all();

private:
    /// As a process's environment says it. Unknown: none could be read.
    enum class Owner { unknown, nobody, other };

    [[nodiscard]] Owner owner_of(pid_t pid) const;
    [[nodiscard]] bool spared(pid_t pid) const;
    void ask_tree(pid_t child);

    pid_t leader_;
    const char* session_id_;
    bool spare_others_;
};

} // namespace loong::keeper
