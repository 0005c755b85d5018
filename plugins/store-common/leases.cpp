#include "leases.hpp"

#include "errors.hpp"
#include "file_lock.hpp"
#include "text.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

namespace loong::store_common {

namespace {

/// The size of the content. Always the same, so that one write replaces all of it.
constexpr std::size_t content_size = 256;
/// Tokens of one start of the machine lie below those of the next: content that a loss of power
/// took back cannot make them smaller. 139 years of milliseconds fit.
constexpr unsigned boot_shift = 42;

bool is_lease_name(std::string_view name) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    return !name.empty() && name.size() <= 128 &&
           name.find_first_not_of(allowed) == std::string_view::npos;
}

bool has_name(const Root& root, int file, const std::string& name) {
    struct stat mine {};
    struct stat named {};
    return ::fstat(file, &mine) == 0 &&
           ::fstatat(root.leases(), name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
}

class FileLease final : public Lease {
public:
    FileLease(std::shared_ptr<Root> root, std::string_view name, Descriptor file,
              std::uint64_t token)
        : root_(std::move(root)),
          name_(name),
          file_(std::move(file)),
          token_(token) {}
    ~FileLease() override { unlock(file_.get(), {0, 0}); }

    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] std::uint64_t token() const override { return token_; }
    [[nodiscard]] bool is_held() const override {
        return has_name(*root_, file_.get(), lease_file_name(name_));
    }

private:
    std::shared_ptr<Root> root_;
    std::string name_;
    Descriptor file_;
    std::uint64_t token_;
};

std::uint64_t milliseconds_since_boot() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1000 +
           static_cast<std::uint64_t>(time.tv_nsec) / 1'000'000;
}

std::string content_of(const LeaseHolder& holder) {
    std::string text = "{\"token\":" + std::to_string(holder.token) +
                       ",\"pid\":" + std::to_string(holder.pid) + ",\"host\":\"" + holder.host +
                       "\",\"since\":\"" + format_time(holder.since) + "\"}";
    text.resize(std::max(text.size(), content_size - 1), ' ');
    return text + "\n";
}

std::optional<LeaseHolder> holder_in(std::string_view content) {
    if (!content.starts_with("{\"token\":") || content.find('}') == std::string_view::npos)
        return {};
    const auto token = json_number(content, "token");
    const auto pid = json_number(content, "pid");
    const auto host = json_member(content, "host");
    const auto since = json_member(content, "since");
    if (!token || *token == 0 || !pid || !host || !since) return {};
    const std::optional<Time> time = parse_time(*since);
    if (!time) return {};
    return LeaseHolder{*token, std::string(*host), static_cast<std::int64_t>(*pid), *time};
}

Error lease_error(const Root& root, std::string_view action, const std::string& name,
                  int error_number) {
    return io_error(action, root.path() + "/leases/" + name, error_number);
}

/// Writes into a lease file that was just locked who holds it now; the new token.
Result<std::uint64_t> tell_holder(Root& root, const std::string& name, int file) {
    auto boot = root.boot_number();
    if (!boot) return std::move(boot).error();
    std::string before;
    int failed = read_at(file, 0, 2 * content_size, before);
    if (failed != 0) return lease_error(root, "read", name, failed);
    const std::optional<LeaseHolder> last = holder_in(before);
    std::uint64_t least = *boot << boot_shift;
    if (!last && !before.empty()) {
        // Nobody knows the last token. Time goes on faster than leases are taken; the pause makes
        // two such cases in a row differ.
        std::this_thread::sleep_for(Milliseconds(2));
        least += milliseconds_since_boot();
    }
    LeaseHolder holder;
    holder.token = std::max(last ? last->token + 1 : 1, least);
    holder.host = host_name();
    holder.pid = ::getpid();
    holder.since = now();
    const std::string content = content_of(holder);
    failed = root.files().write_at(file, content, 0);
    if (failed == 0 && before.size() > content.size())
        failed = root.files().truncate(file, static_cast<off_t>(content.size()));
    if (failed != 0) return lease_error(root, "write", name, failed);
    return holder.token;
}

} // namespace

std::string lease_file_name(std::string_view lease_name) {
    const bool directory = lease_name == "." || lease_name == "..";
    return (directory ? "%" : "") + std::string(lease_name);
}

Result<std::unique_ptr<Lease>> Leases::take(std::string_view lease_name) {
    if (!is_lease_name(lease_name)) {
        return Error{ErrorCode::invalid_argument,
                     "lease '" + std::string(lease_name) + "': not a name for a lease",
                     {}};
    }
    const std::string name = lease_file_name(lease_name);
    // Again where the file was removed between opening and locking it.
    for (;;) {
        // Looked at first through a descriptor that cannot write: opening a file for writing in
        // vain would wake up everyone who watches it.
        Descriptor look;
        if (open_below(root_->leases(), name, O_RDONLY | O_NONBLOCK, look) == 0 &&
            ask_lock(look.get(), LockKind::shared, {lease_held_byte, 1}).locked_from)
            return std::unique_ptr<Lease>();
        Descriptor file;
        int failed =
            open_or_create(root_->files(), root_->leases(), name, O_RDWR | O_NONBLOCK, file);
        if (failed != 0) return lease_error(*root_, "open", name, failed);
        failed = try_lock(file.get(), LockKind::exclusive, {lease_held_byte, 1});
        if (failed == EAGAIN) return std::unique_ptr<Lease>();
        if (failed != 0) return lease_error(*root_, "lock", name, failed);
        if (!has_name(*root_, file.get(), name)) continue;
        auto token = tell_holder(*root_, name, file.get());
        if (!token) return std::move(token).error();
        failed = try_lock(file.get(), LockKind::exclusive, {lease_told_byte, 1});
        if (failed != 0) return lease_error(*root_, "lock", name, failed);
        return std::unique_ptr<Lease>(
            std::make_unique<FileLease>(root_, lease_name, std::move(file), *token));
    }
}

Result<std::unique_ptr<Lease>> Leases::wait_for(std::string_view name, Milliseconds limit) {
    auto taken = take(name);
    Pause pause(limit);
    while (taken && !*taken && pause.next()) taken = take(name);
    return taken;
}

LeaseStatus Leases::status(std::string_view lease_name) const {
    LeaseStatus status;
    const std::string name = lease_file_name(lease_name);
    Descriptor file;
    const int failed = open_below(root_->leases(), name, O_RDONLY | O_NONBLOCK, file);
    if (failed == ENOENT) status.state = LeaseState::free;
    if (failed != 0) return status;
    const LockAnswer lock = ask_lock(file.get(), LockKind::shared, {0, 0});
    if (lock.error_number != 0) return status;
    status.state = lock.locked_from ? LeaseState::held : LeaseState::free;
    // One who has just taken it has not told yet who it is.
    if (lock.locked_from && *lock.locked_from != lease_told_byte) return status;
    std::string content;
    if (read_at(file.get(), 0, content_size, content) == 0) status.holder = holder_in(content);
    return status;
}

void Leases::remove(std::string_view lease_name) {
    const std::string name = lease_file_name(lease_name);
    Descriptor file;
    if (open_below(root_->leases(), name, O_RDWR | O_NONBLOCK, file) != 0) return;
    if (try_lock(file.get(), LockKind::exclusive, {0, 0}) != 0) return;
    if (has_name(*root_, file.get(), name))
        static_cast<void>(root_->files().remove_file(root_->leases(), name));
    unlock(file.get(), {0, 0});
}

} // namespace loong::store_common
