#include "faulty_store.hpp"

#include <filesystem>
#include <fstream>
#include <type_traits>
#include <utility>

namespace loong::test {

/// The leases taken through one FaultyStore, so that a power cut can free them.
class FaultyStore::Leases {
public:
    void add(FaultyLease* lease) {
        const std::lock_guard lock(mutex_);
        leases_.push_back(lease);
    }
    void forget(FaultyLease* lease) {
        const std::lock_guard lock(mutex_);
        std::erase(leases_, lease);
    }
    void free_all();

private:
    std::mutex mutex_;
    std::vector<FaultyLease*> leases_;
};

class FaultyStore::FaultyLease : public Lease {
public:
    FaultyLease(std::shared_ptr<Leases> owner, std::unique_ptr<Lease> inner)
        : owner_(std::move(owner)),
          name_(inner->name()),
          token_(inner->token()),
          inner_(std::move(inner)) {
        owner_->add(this);
    }
    ~FaultyLease() override { owner_->forget(this); }

    std::string_view name() const override { return name_; }
    std::uint64_t token() const override { return token_; }
    bool is_held() const override {
        const std::lock_guard lock(mutex_);
        return inner_ != nullptr && inner_->is_held();
    }

    /// What the store below knows this lease as; null after a power cut.
    [[nodiscard]] const Lease* inner() const {
        const std::lock_guard lock(mutex_);
        return inner_.get();
    }

    void free() {
        const std::lock_guard lock(mutex_);
        inner_.reset();
    }

private:
    std::shared_ptr<Leases> owner_;
    std::string name_;
    std::uint64_t token_;
    mutable std::mutex mutex_;
    std::unique_ptr<Lease> inner_;
};

void FaultyStore::Leases::free_all() {
    const std::lock_guard lock(mutex_);
    for (FaultyLease* lease : leases_) lease->free();
}

FaultyStore::FaultyStore(Store& inner) : inner_(inner), leases_(std::make_shared<Leases>()) {}

FaultyStore::~FaultyStore() = default;

std::uint64_t FaultyStore::calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
}

void FaultyStore::fail_at(std::uint64_t call) {
    const std::lock_guard lock(mutex_);
    fail_at_ = call;
}

void FaultyStore::cut_power_at(std::uint64_t call, Moment moment) {
    const std::lock_guard lock(mutex_);
    cut_at_ = call;
    moment_ = moment;
}

void FaultyStore::cut_power() {
    {
        const std::lock_guard lock(mutex_);
        powerless_ = true;
    }
    leases_->free_all();
}

void FaultyStore::hold_ends(std::string directory) {
    const std::lock_guard lock(mutex_);
    directory_ = std::move(directory);
}

void FaultyStore::enter(std::string_view method) {
    constexpr Milliseconds a_while{500};
    std::unique_lock lock(mutex_);
    if (directory_.empty()) return;
    if (inside_++ > 0) {
        std::ofstream(directory_ + "/overlap") << method << '\n';
        overlapped_.notify_all();
    }
    if (method == "watch") {
        std::ofstream(directory_ + "/held") << "held\n";
        for (Milliseconds waited{0}; waited < a_while; waited += Milliseconds(5)) {
            if (std::filesystem::exists(directory_ + "/erasing")) break;
            overlapped_.wait_for(lock, Milliseconds(5));
        }
    }
    if (method == "erase_secrets") {
        std::ofstream(directory_ + "/erasing") << "erasing\n";
        overlapped_.wait_for(lock, a_while, [this] { return inside_ > 1; });
    }
}

void FaultyStore::leave() {
    const std::lock_guard lock(mutex_);
    if (inside_ > 0) --inside_;
}

template <typename Call>
auto FaultyStore::faulty(const char* method, Call&& call) -> decltype(call()) {
    bool fails = false;
    bool cuts = false;
    Moment moment = Moment::before_effect;
    std::uint64_t number = 0;
    {
        const std::lock_guard lock(mutex_);
        number = ++calls_;
        fails = powerless_ || number == fail_at_;
        cuts = !powerless_ && number == cut_at_;
        moment = moment_;
    }
    const Error error{ErrorCode::store_io,
                      "store " + std::string(method) + ": made to fail at call " +
                          std::to_string(number),
                      {}};
    if (fails) return error;
    enter(method);
    const auto leaves = [this](void*) { leave(); };
    const std::unique_ptr<void, decltype(leaves)> inside(this, leaves);
    if (!cuts) return call();
    if (moment == Moment::after_effect) static_cast<void>(call());
    cut_power();
    return error;
}

Result<std::vector<Result<CreatedTask>>> FaultyStore::create(const std::vector<NewTask>& tasks) {
    return faulty("create", [&] { return inner_.create(tasks); });
}

Result<void> FaultyStore::append(std::string_view task_id, std::uint64_t expected_revision,
                                 const std::vector<std::string>& records,
                                 const TaskSummary& summary, const Lease* lease) {
    const auto* ours = dynamic_cast<const FaultyLease*>(lease);
    return faulty("append", [&]() -> Result<void> {
        const Lease* below = ours == nullptr ? lease : ours->inner();
        if (lease != nullptr && below == nullptr) {
            return Error{ErrorCode::conflict,
                         "task " + std::string(task_id) + ": the lease is no longer held",
                         {}};
        }
        return inner_.append(task_id, expected_revision, records, summary, below);
    });
}

Result<void> FaultyStore::write_secrets(std::string_view task_id, std::string_view secrets) {
    return faulty("write_secrets", [&] { return inner_.write_secrets(task_id, secrets); });
}

Result<void> FaultyStore::erase_secrets(std::string_view task_id) {
    return faulty("erase_secrets", [&] { return inner_.erase_secrets(task_id); });
}

Result<void> FaultyStore::remove(std::string_view task_id, std::uint64_t expected_revision) {
    return faulty("remove", [&] { return inner_.remove(task_id, expected_revision); });
}

Result<StoredTask> FaultyStore::read(std::string_view task_id) {
    return faulty("read", [&] { return inner_.read(task_id); });
}

Result<EventRecords> FaultyStore::read_events(std::string_view task_id, std::uint64_t after_id,
                                              std::size_t limit) {
    return faulty("read_events", [&] { return inner_.read_events(task_id, after_id, limit); });
}

Result<std::uint64_t> FaultyStore::revision(std::string_view task_id) {
    return faulty("revision", [&] { return inner_.revision(task_id); });
}

Result<std::optional<std::string>> FaultyStore::read_secrets(std::string_view task_id) {
    return faulty("read_secrets", [&] { return inner_.read_secrets(task_id); });
}

Result<ListedTask> FaultyStore::find(std::string_view task_id) {
    return faulty("find", [&] { return inner_.find(task_id); });
}

Result<ListPage> FaultyStore::list(const TaskFilter& filter, ListOrder order,
                                   std::string_view cursor, std::size_t limit) {
    return faulty("list", [&] { return inner_.list(filter, order, cursor, limit); });
}

Result<std::vector<CountGroup>> FaultyStore::count(const TaskFilter& filter) {
    return faulty("count", [&] { return inner_.count(filter); });
}

Result<std::vector<ListedTask>> FaultyStore::claimable(Time now, std::size_t limit) {
    return faulty("claimable", [&] { return inner_.claimable(now, limit); });
}

Result<std::optional<Time>> FaultyStore::next_due(Time now) {
    return faulty("next_due", [&] { return inner_.next_due(now); });
}

Result<std::vector<std::string>> FaultyStore::dependents(std::string_view task_id) {
    return faulty("dependents", [&] { return inner_.dependents(task_id); });
}

Result<std::optional<std::string>> FaultyStore::find_dedupe_key(std::string_view key) {
    return faulty("find_dedupe_key", [&] { return inner_.find_dedupe_key(key); });
}

Result<std::vector<std::string>> FaultyStore::resolve(std::string_view text, std::size_t limit) {
    return faulty("resolve", [&] { return inner_.resolve(text, limit); });
}

Result<std::optional<std::string>> FaultyStore::task_of_session(std::string_view session_id) {
    return faulty("task_of_session", [&] { return inner_.task_of_session(session_id); });
}

Result<std::unique_ptr<Lease>> FaultyStore::wrap(Result<std::unique_ptr<Lease>> taken) {
    if (!taken || *taken == nullptr) return taken;
    return std::unique_ptr<Lease>(std::make_unique<FaultyLease>(leases_, std::move(taken).value()));
}

Result<std::unique_ptr<Lease>> FaultyStore::take_lease(std::string_view name) {
    return faulty("take_lease", [&] { return wrap(inner_.take_lease(name)); });
}

Result<std::unique_ptr<Lease>> FaultyStore::wait_for_lease(std::string_view name,
                                                           Milliseconds limit) {
    return faulty("wait_for_lease", [&] { return wrap(inner_.wait_for_lease(name, limit)); });
}

Result<LeaseStatus> FaultyStore::lease_status(std::string_view name) {
    return faulty("lease_status", [&] { return inner_.lease_status(name); });
}

Result<std::unique_ptr<Watch>> FaultyStore::watch(const std::vector<WatchTarget>& targets) {
    return faulty("watch", [&] { return inner_.watch(targets); });
}

Result<std::string> FaultyStore::session_directory(std::string_view task_id,
                                                   std::string_view session_id) {
    return faulty("session_directory",
                  [&] { return inner_.session_directory(task_id, session_id); });
}

Result<std::string> FaultyStore::prepare_session_directory(std::string_view task_id,
                                                           std::string_view session_id) {
    return faulty("prepare_session_directory",
                  [&] { return inner_.prepare_session_directory(task_id, session_id); });
}

Result<std::string> FaultyStore::task_directory(std::string_view task_id) {
    return faulty("task_directory", [&] { return inner_.task_directory(task_id); });
}

Result<std::vector<Finding>> FaultyStore::verify() {
    return faulty("verify", [&] { return inner_.verify(); });
}

Result<void> FaultyStore::repair(const Finding& finding) {
    return faulty("repair", [&] { return inner_.repair(finding); });
}

} // namespace loong::test
