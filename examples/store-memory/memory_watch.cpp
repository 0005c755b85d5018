#include "memory_watch.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace store_memory {

class MemoryWatch : public Watch {
public:
    MemoryWatch(std::shared_ptr<MemoryWatches> owner, std::vector<WatchTarget> targets,
                int descriptor)
        : owner_(std::move(owner)),
          targets_(std::move(targets)),
          descriptor_(descriptor) {}

    ~MemoryWatch() override {
        owner_->forget(this);
        ::close(descriptor_);
    }

    Result<bool> wait(Milliseconds limit) override {
        const auto until = std::chrono::steady_clock::now() + limit;
        while (true) {
            const auto left =
                std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
            pollfd polled{descriptor_, POLLIN, 0};
            const int ready =
                ::poll(&polled, 1, static_cast<int>(std::max<Milliseconds::rep>(0, left.count())));
            if (ready < 0 && errno != EINTR) {
                return Error{
                    ErrorCode::store_io, std::string("watch: ") + std::strerror(errno), {}};
            }
            if (ready == 0) return false;
            std::uint64_t count = 0;
            if (ready > 0 && ::read(descriptor_, &count, sizeof count) == sizeof count) return true;
        }
    }

    int descriptor() const override { return descriptor_; }

    [[nodiscard]] bool watches(WatchTarget::Kind kind, std::string_view name) const {
        return std::any_of(targets_.begin(), targets_.end(), [&](const WatchTarget& target) {
            if (target.kind == WatchTarget::Kind::everything)
                return kind == WatchTarget::Kind::task;
            return target.kind == kind && target.name == name;
        });
    }

    void wake() const {
        const std::uint64_t one = 1;
        // Fails only when the counter is full, and then it is readable anyway.
        [[maybe_unused]] const ssize_t written = ::write(descriptor_, &one, sizeof one);
    }

private:
    std::shared_ptr<MemoryWatches> owner_;
    std::vector<WatchTarget> targets_;
    int descriptor_;
};

Result<std::unique_ptr<Watch>> MemoryWatches::add(const std::vector<WatchTarget>& targets) {
    const int descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0) {
        return Error{
            ErrorCode::store_io, std::string("watch: eventfd: ") + std::strerror(errno), {}};
    }
    auto watch = std::make_unique<MemoryWatch>(shared_from_this(), targets, descriptor);
    const std::lock_guard lock(mutex_);
    watches_.push_back(watch.get());
    return std::unique_ptr<Watch>(std::move(watch));
}

void MemoryWatches::task_changed(std::string_view task_id) {
    wake(WatchTarget::Kind::task, task_id);
}

void MemoryWatches::lease_changed(std::string_view name) { wake(WatchTarget::Kind::lease, name); }

void MemoryWatches::wake(WatchTarget::Kind kind, std::string_view name) {
    const std::lock_guard lock(mutex_);
    for (const MemoryWatch* watch : watches_) {
        if (watch->watches(kind, name)) watch->wake();
    }
}

void MemoryWatches::forget(const MemoryWatch* watch) {
    const std::lock_guard lock(mutex_);
    std::erase(watches_, watch);
}

} // namespace store_memory
