#pragma once
/// Watching for changes by inotify; where the system has no more of it to give, by looking once a
/// second.

#include "descriptor.hpp"
#include "loong/error.hpp"
#include "loong/store.hpp"
#include "root.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace loong::store_common {

/// The file that whoever changes a task holds open for writing meanwhile.
struct ChangedFile {
    /// Below the root; empty: `name` lies in the root itself, and is a bell, made where it is
    /// missing. A directory is not made: where it is missing the task is gone.
    std::string directory;
    std::string name;
};
using FindChangedFile = ChangedFile (*)(std::string_view task_id);

class FileWatch final : public Watch {
public:
    static Result<std::unique_ptr<Watch>> make(const std::shared_ptr<Root>& root,
                                               const std::vector<WatchTarget>& targets,
                                               FindChangedFile changed_file);

    Result<bool> wait(Milliseconds limit) override;
    [[nodiscard]] int descriptor() const override;

private:
    FileWatch(std::shared_ptr<Root> root, FindChangedFile changed_file)
        : root_(std::move(root)),
          changed_file_(changed_file) {}

    int add(const WatchTarget& target);
    int add_bell(const std::string& name, const WatchTarget& target);
    int watch_path(const std::string& path, std::uint32_t mask, const WatchTarget& target);
    int start_polling();
    int join_descriptors();
    /// Reads what inotify has to tell; `any` is set where some of it concerns a target.
    int read_events(bool& any);
    /// Looks each second from now on, beside what is watched already.
    int poll_besides();
    /// Takes what made the descriptor readable; `changed` is set where that may concern a target.
    int drain(bool& changed);
    bool concerns(const WatchTarget& target, std::uint32_t mask, const char* name);
    /// Waits for the locks to be dropped whose holder has just closed its file.
    void wait_for_unlocking(const WatchTarget& target) const;

    std::shared_ptr<Root> root_;
    FindChangedFile changed_file_;
    Descriptor inotify_;
    /// Fires once a second where something cannot be watched.
    Descriptor timer_;
    /// Both together, where there are both.
    Descriptor both_;
    std::unordered_map<int, WatchTarget> targets_;
};

} // namespace loong::store_common
