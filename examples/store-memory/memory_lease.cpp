#include "memory_lease.hpp"

#include <array>
#include <chrono>
#include <unistd.h>

namespace store_memory {
namespace {

class MemoryLease : public Lease {
public:
    MemoryLease(std::shared_ptr<MemoryLeases> owner, std::string name, std::uint64_t token)
        : owner_(std::move(owner)),
          name_(std::move(name)),
          token_(token) {}
    ~MemoryLease() override { owner_->give_back(name_, token_); }

    std::string_view name() const override { return name_; }
    std::uint64_t token() const override { return token_; }
    bool is_held() const override { return owner_->is_held(name_, token_); }

private:
    std::shared_ptr<MemoryLeases> owner_;
    std::string name_;
    std::uint64_t token_;
};

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

} // namespace

std::unique_ptr<Lease> MemoryLeases::take(std::string_view name, Milliseconds limit) {
    std::unique_lock lock(mutex_);
    Entry& entry = entries_[std::string(name)];
    if (!freed_.wait_for(lock, limit, [&] { return !entry.held; })) return nullptr;
    entry.held = true;
    entry.holder.token += 1;
    entry.holder.host = host_name();
    entry.holder.pid = ::getpid();
    entry.holder.since =
        std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    const std::uint64_t token = entry.holder.token;
    lock.unlock();
    watches_->lease_changed(name);
    return std::make_unique<MemoryLease>(shared_from_this(), std::string(name), token);
}

LeaseStatus MemoryLeases::status(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(name);
    if (found == entries_.end() || found->second.holder.token == 0) {
        return {LeaseState::free, std::nullopt};
    }
    return {found->second.held ? LeaseState::held : LeaseState::free, found->second.holder};
}

bool MemoryLeases::is_held(std::string_view name, std::uint64_t token) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(name);
    return found != entries_.end() && found->second.held && found->second.holder.token == token;
}

void MemoryLeases::give_back(std::string_view name, std::uint64_t token) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(name);
        if (found == entries_.end() || !found->second.held || found->second.holder.token != token) {
            return;
        }
        found->second.held = false;
    }
    freed_.notify_all();
    watches_->lease_changed(name);
}

void MemoryLeases::lose(std::string_view name) {
    std::uint64_t token = 0;
    {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(name);
        if (found == entries_.end()) return;
        token = found->second.holder.token;
    }
    give_back(name, token);
}

} // namespace store_memory
