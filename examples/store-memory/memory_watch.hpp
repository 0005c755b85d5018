#pragma once
/// Who waits for changes of a MemoryStore.

#include <loong/store.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace store_memory {

using namespace loong;

class MemoryWatch;

/// The watches of one MemoryStoreState. Thread-safe.
class MemoryWatches : public std::enable_shared_from_this<MemoryWatches> {
public:
    Result<std::unique_ptr<Watch>> add(const std::vector<WatchTarget>& targets);

    void task_changed(std::string_view task_id);
    void lease_changed(std::string_view name);

private:
    friend class MemoryWatch;

    void wake(WatchTarget::Kind kind, std::string_view name);
    void forget(const MemoryWatch* watch);

    std::mutex mutex_;
    std::vector<MemoryWatch*> watches_;
};

} // namespace store_memory
