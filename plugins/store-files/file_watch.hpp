#pragma once
/// Watching for changes by inotify; where the system has no more of it to give, by looking once a
/// second.

#include "descriptor.hpp"
#include "loong/error.hpp"
#include "loong/store.hpp"
#include "root.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace loong::store_files {

class FileWatch final : public Watch {
public:
    static Result<std::unique_ptr<Watch>> make(const std::shared_ptr<Root>& root,
                                               const std::vector<WatchTarget>& targets);

    Result<bool> wait(Milliseconds limit) override;
    [[nodiscard]] int descriptor() const override;

private:
    explicit FileWatch(std::shared_ptr<Root> root) : root_(std::move(root)) {}

    int add(const WatchTarget& target);
    int watch_path(const std::string& path, std::uint32_t mask, const WatchTarget& target);
    int start_polling();
    int join_descriptors();
    /// Reads what inotify has to tell; whether any of it concerns a target.
    bool read_events();
    bool concerns(const WatchTarget& target, std::uint32_t mask, const char* name);
    /// Waits for the locks to be dropped whose holder has just closed its file.
    void wait_for_unlocking(const WatchTarget& target) const;

    std::shared_ptr<Root> root_;
    Descriptor inotify_;
    /// Fires once a second where something cannot be watched.
    Descriptor timer_;
    /// Both together, where there are both.
    Descriptor both_;
    std::unordered_map<int, WatchTarget> targets_;
};

} // namespace loong::store_files
