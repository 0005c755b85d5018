#include "file_watch.hpp"

#include "bell.hpp"
#include "errors.hpp"
#include "file_lock.hpp"
#include "leases.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace loong::store_common {

namespace {

using Kind = WatchTarget::Kind;

constexpr std::uint32_t task_mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_MOVE_SELF |
                                    IN_DELETE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW;
constexpr std::uint32_t bell_mask = IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW;
constexpr std::uint32_t lease_mask =
    IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_DONT_FOLLOW;
/// The watched file itself is no longer there under its name.
constexpr std::uint32_t lost_mask = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED;

} // namespace

Result<std::unique_ptr<Watch>> FileWatch::make(const std::shared_ptr<Root>& root,
                                               const std::vector<WatchTarget>& targets,
                                               FindChangedFile changed_file) {
    std::unique_ptr<FileWatch> watch(new FileWatch(root, changed_file));
    watch->inotify_ = Descriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    bool complete = watch->inotify_.is_open();
    for (const WatchTarget& target : targets) {
        if (complete && watch->add(target) != 0) complete = false;
    }
    int failed = complete ? 0 : watch->start_polling();
    if (failed == 0) failed = watch->join_descriptors();
    if (failed != 0) return io_error("watch", root->path(), failed);
    return std::unique_ptr<Watch>(std::move(watch));
}

int FileWatch::add(const WatchTarget& target) {
    switch (target.kind) {
    case Kind::task: {
        const ChangedFile file = changed_file_(target.name);
        if (file.directory.empty()) return add_bell(file.name, target);
        return watch_path(root_->path() + "/" + file.directory, task_mask, target);
    }
    case Kind::everything: return add_bell(bell_file, target);
    case Kind::lease: {
        Descriptor lease;
        const std::string name = lease_file_name(target.name);
        const int failed =
            open_or_create(root_->files(), root_->leases(), name, O_RDONLY | O_NONBLOCK, lease);
        if (failed != 0) return failed;
        return watch_path(root_->path() + "/leases/" + name, lease_mask, target);
    }
    }
    return EINVAL;
}

int FileWatch::add_bell(const std::string& name, const WatchTarget& target) {
    Descriptor bell;
    const int failed = open_or_create(root_->files(), root_->root(), name, O_RDONLY, bell);
    return failed != 0 ? failed : watch_path(root_->path() + "/" + name, bell_mask, target);
}

int FileWatch::watch_path(const std::string& path, std::uint32_t mask, const WatchTarget& target) {
    const int number = ::inotify_add_watch(inotify_.get(), path.c_str(), mask);
    if (number < 0) return errno;
    targets_.insert_or_assign(number, target);
    return 0;
}

int FileWatch::start_polling() {
    if (timer_.is_open()) return 0;
    timer_ = Descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!timer_.is_open()) return errno;
    itimerspec each_second{};
    each_second.it_value.tv_sec = 1;
    each_second.it_interval.tv_sec = 1;
    return ::timerfd_settime(timer_.get(), 0, &each_second, nullptr) == 0 ? 0 : errno;
}

int FileWatch::join_descriptors() {
    if (!inotify_.is_open() || both_.is_open()) return 0;
    // Always, since polling may become necessary later and the descriptor must stay the same.
    both_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    if (!both_.is_open()) return errno;
    for (const Descriptor* file : {&inotify_, &timer_}) {
        epoll_event event{};
        event.events = EPOLLIN;
        if (file->is_open() && ::epoll_ctl(both_.get(), EPOLL_CTL_ADD, file->get(), &event) != 0)
            return errno;
    }
    return 0;
}

int FileWatch::descriptor() const { return both_.is_open() ? both_.get() : timer_.get(); }

void FileWatch::wait_for_unlocking(const WatchTarget& target) const {
    Descriptor file;
    int failed = 0;
    LockRange range{0, 0};
    Milliseconds limit(5);
    switch (target.kind) {
    case Kind::task: {
        const ChangedFile changed = changed_file_(target.name);
        const std::string prefix = changed.directory.empty() ? "" : changed.directory + "/";
        failed = open_below(root_->root(), prefix + changed.name, O_RDONLY, file);
        break;
    }
    case Kind::everything:
        failed = open_below(root_->root(), bell_file, O_RDONLY, file);
        limit = Milliseconds(2);
        break;
    case Kind::lease:
        failed =
            open_below(root_->leases(), lease_file_name(target.name), O_RDONLY | O_NONBLOCK, file);
        limit = Milliseconds(20);
        break;
    }
    if (failed != 0) return;
    Pause pause(limit, Microseconds(500));
    while (ask_lock(file.get(), LockKind::exclusive, range).locked_from && pause.next()) {
    }
}

bool FileWatch::concerns(const WatchTarget& target, std::uint32_t mask, const char* name) {
    if (target.kind == Kind::task && (mask & lost_mask) == 0) {
        // In a directory there are other files as well.
        const ChangedFile file = changed_file_(target.name);
        if (!file.directory.empty() && file.name != name) return false;
    }
    if ((mask & IN_CLOSE_WRITE) != 0) wait_for_unlocking(target);
    return true;
}

int FileWatch::read_events(bool& any) {
    alignas(inotify_event) std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return errno == EAGAIN ? 0 : errno;
        if (size == 0) return 0;
        for (ssize_t at = 0; at < size;) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* name = event.len > 0 ? buffer.data() + at + sizeof event : "";
            at += static_cast<ssize_t>(sizeof event + event.len);
            if ((event.mask & IN_Q_OVERFLOW) != 0) any = true;
            const auto found = targets_.find(event.wd);
            if (found == targets_.end()) continue;
            const WatchTarget target = found->second;
            if (concerns(target, event.mask, name)) any = true;
            if ((event.mask & (lost_mask | IN_ATTRIB)) == 0) continue;
            // Something else may come in its place, of which this watch would not tell.
            targets_.erase(event.wd);
            if ((event.mask & IN_IGNORED) == 0)
                static_cast<void>(::inotify_rm_watch(inotify_.get(), event.wd));
            const bool again = target.kind != Kind::task && add(target) == 0;
            if (!again) static_cast<void>(poll_besides());
        }
    }
}

int FileWatch::poll_besides() {
    const int failed = start_polling();
    if (failed != 0 || !both_.is_open()) return failed;
    epoll_event joined{};
    joined.events = EPOLLIN;
    const int added = ::epoll_ctl(both_.get(), EPOLL_CTL_ADD, timer_.get(), &joined);
    return added == 0 || errno == EEXIST ? 0 : errno;
}

int FileWatch::drain(bool& changed) {
    if (inotify_.is_open() && read_events(changed) != 0) {
        // It would stay readable and tell nothing. What it had to tell is not known.
        changed = true;
        static_cast<void>(::epoll_ctl(both_.get(), EPOLL_CTL_DEL, inotify_.get(), nullptr));
        inotify_.close();
        if (const int failed = poll_besides(); failed != 0) return failed;
    }
    std::uint64_t ticks = 0;
    if (!timer_.is_open()) return 0;
    const ssize_t size = ::read(timer_.get(), &ticks, sizeof ticks);
    if (size > 0) changed = true;
    return size < 0 && errno != EAGAIN && errno != EINTR ? errno : 0;
}

Result<bool> FileWatch::wait(Milliseconds limit) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start = Clock::now();
    for (;;) {
        const auto gone = std::chrono::duration_cast<Milliseconds>(Clock::now() - start);
        const Milliseconds left = std::clamp(limit - gone, Milliseconds(0), Milliseconds(1 << 30));
        pollfd ready{descriptor(), POLLIN, 0};
        const int count = ::poll(&ready, 1, static_cast<int>(left.count()));
        // A signal may be what the caller waits for as well.
        if (count < 0 && errno == EINTR) return true;
        if (count < 0) return io_error("watch", root_->path(), errno);
        if (count == 0) {
            if (gone >= limit) return false;
            continue;
        }
        bool changed = false;
        if (const int failed = drain(changed); failed != 0) {
            return io_error("watch", root_->path(), failed);
        }
        if (changed) return true;
    }
}

} // namespace loong::store_common
