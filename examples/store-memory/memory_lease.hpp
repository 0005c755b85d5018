#pragma once
/// The leases of a MemoryStore: names that one holder at a time has.

#include "memory_watch.hpp"
#include <loong/store.hpp>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace store_memory {

/// The leases of one MemoryStoreState. Thread-safe.
class MemoryLeases : public std::enable_shared_from_this<MemoryLeases> {
public:
    explicit MemoryLeases(std::shared_ptr<MemoryWatches> watches) : watches_(std::move(watches)) {}

    /// Null where it is held and stays so for `limit`.
    std::unique_ptr<Lease> take(std::string_view name, Milliseconds limit);
    LeaseStatus status(std::string_view name);

    /// Takes the lease from whoever holds it, as when its file vanishes.
    void lose(std::string_view name);

    [[nodiscard]] bool is_held(std::string_view name, std::uint64_t token);
    void give_back(std::string_view name, std::uint64_t token);

private:
    struct Entry {
        bool held = false;
        LeaseHolder holder;
    };

    std::shared_ptr<MemoryWatches> watches_;
    std::mutex mutex_;
    std::condition_variable freed_;
    std::map<std::string, Entry, std::less<>> entries_;
};

} // namespace store_memory
