#include "monitor.hpp"

#include "hand_over.hpp"
#include "idle_memory.hpp"
#include "lease_names.hpp"
#include "task_clock.hpp"

#include <algorithm>
#include <array>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace loong {

namespace {

using Clock = std::chrono::steady_clock;

// Every change is announced; this only bounds how long a fault of the announcing system lasts.
constexpr std::chrono::seconds longest_wait{30};
// Sessions that are over sooner are not looked after: to watch one costs as much as to start it.
constexpr Milliseconds short_session{10};
// Longer than most commands that make a worker come and go.
constexpr Milliseconds idle_after{100};
// Others are looked at so often, however short the sessions of this worker are.
constexpr Milliseconds longest_pause{100};
// A worker that was started claims its task sooner, unless the machine is very busy.
constexpr Milliseconds time_to_claim{50};

} // namespace

Result<std::unique_ptr<Monitor>> Monitor::make(Workspace& workspace) {
    std::unique_ptr<Monitor> monitor(new Monitor(workspace));
    Result<PluginObject<Store>> store = workspace.open_store();
    if (!store) return std::move(store).error();
    monitor->store_ = *std::move(store);
    Result<Bell> nudge = Bell::make("worker");
    if (!nudge) return std::move(nudge).error();
    monitor->nudge_ = *std::move(nudge);
    return monitor;
}

Result<void> Monitor::start() {
    try {
        thread_ = std::thread([this] { loop(); });
    } catch (const std::system_error& failure) {
        return Error{ErrorCode::store_io,
                     std::string("worker: no thread could be started: ") + failure.what(),
                     "raise the limit on processes"};
    }
    return {};
}

Monitor::~Monitor() {
    stopping_ = true;
    nudge_.ring();
    if (thread_.joinable()) thread_.join();
}

void Monitor::attend(std::shared_ptr<CarriedSession> session) {
    std::unique_lock<std::mutex> lock(mutex_);
    session_ = std::move(session);
    nudge_.ring();
    let_go_.wait(lock, [this] { return in_hand_ == nullptr || in_hand_ == session_; });
}

std::shared_ptr<CarriedSession> Monitor::take_in_hand() {
    const std::lock_guard<std::mutex> guard(mutex_);
    in_hand_ = session_;
    return in_hand_;
}

void Monitor::let_go() {
    const std::lock_guard<std::mutex> guard(mutex_);
    in_hand_.reset();
    let_go_.notify_all();
}

std::shared_ptr<CarriedSession> Monitor::attended() {
    const std::lock_guard<std::mutex> guard(mutex_);
    return session_;
}

Result<std::unique_ptr<Watch>> Monitor::watch(CarriedSession* session) {
    std::vector<WatchTarget> targets;
    if (session != nullptr) {
        targets = session->slot_targets();
        targets.push_back({WatchTarget::Kind::task, session->spec().task_id});
    }
    targets.push_back({WatchTarget::Kind::lease, lease_names::worker_wanted});
    for (int number = 0; session == nullptr && number < workspace_.config().max_parallel;
         ++number) {
        targets.push_back({WatchTarget::Kind::lease, lease_names::slot(number)});
    }
    return store_->watch(targets);
}

/// True where the session has its slot again, and so is to be told the answer.
bool Monitor::exchange_slot(CarriedSession& session) {
    const auto trouble = [&session](const Error& error) {
        session.log("the slot could not be given or got: " + error.message);
        return false;
    };
    Result<CarriedSession::SlotWish> wish = session.slot_wish();
    if (!wish) return trouble(wish.error());
    switch (*wish) {
    case CarriedSession::SlotWish::none: return false;
    case CarriedSession::SlotWish::come_back: {
        Result<bool> back = session.come_back();
        return back ? *back : trouble(back.error());
    }
    case CarriedSession::SlotWish::give: break;
    }
    Result<HandOver> hand_over = HandOver::begin(workspace_, *store_);
    if (!hand_over) return trouble(hand_over.error());
    Result<bool> given = session.give_slot();
    if (!given) return trouble(given.error());
    if (!*given) return false;
    // Where no worker can be started now, this one tries again as long as it waits (refill_slots).
    Result<void> served = hand_over->serve();
    return served ? false : trouble(served.error());
}

bool Monitor::is_asked() {
    Result<LeaseStatus> status = store_->lease_status(lease_names::worker_wanted);
    const std::uint64_t token = status && status->holder ? status->holder->token : asked_;
    return std::exchange(asked_, token) != token;
}

std::optional<Clock::time_point> Monitor::refill_slots() {
    const std::string last = std::exchange(unserved_, {});
    bool free = false;
    for (int number = 0; number < workspace_.config().max_parallel; ++number) {
        Result<LeaseStatus> status = store_->lease_status(lease_names::slot(number));
        free |= status && status->state == LeaseState::free;
    }
    if (!free) return std::nullopt;
    // A cheap look first: most slots are given back because nothing is left to do.
    Result<std::vector<ListedTask>> claimable = store_->claimable(now(), 1);
    if (!claimable || claimable->empty()) return std::nullopt;
    if (!is_asked()) {
        // Mostly a worker has just been started for it and has not claimed it yet.
        if (claimable->front().task_id != last) unserved_since_ = Clock::now();
        const Clock::time_point due = unserved_since_ + time_to_claim;
        if (Clock::now() < due) {
            unserved_ = std::move(claimable->front().task_id);
            return due;
        }
    }
    Result<HandOver> hand_over = HandOver::begin(workspace_, *store_);
    // Whoever holds the hand-over for so long does the same; this worker looks again later.
    if (hand_over) static_cast<void>(hand_over->serve());
    return std::nullopt;
}

void Monitor::tell_operator(const std::shared_ptr<CarriedSession>& session) {
    Result<void> started = notifier_.start_where_owed(*store_);
    if (started || !session) return;
    session->log("nobody could be started to run the notify command: " + started.error().message);
}

void Monitor::wait(Watch* watch, std::optional<Clock::time_point> until) {
    const Clock::time_point limit = Clock::now() + longest_wait;
    const auto left =
        std::chrono::ceil<Milliseconds>(std::min(until.value_or(limit), limit) - Clock::now());
    const int timeout = static_cast<int>(std::max<Milliseconds::rep>(left.count(), 0));
    const int descriptor = watch == nullptr ? -1 : watch->descriptor();
    std::array<pollfd, 2> watched{pollfd{nudge_.descriptor(), POLLIN, 0},
                                  pollfd{descriptor, POLLIN, 0}};
    // A watch without a descriptor can only be asked in turn with the nudge.
    const int patience = descriptor < 0 ? std::min(timeout, 200) : timeout;
    ::poll(watched.data(), watched.size(), patience);
    nudge_.silence();
    if (watch != nullptr && (watched[1].revents != 0 || descriptor < 0)) {
        // A watch that fails may stay readable, and must not keep this thread busy.
        if (!watch->wait(Milliseconds(0))) ::poll(watched.data(), 1, std::min(timeout, 1000));
    }
}

/// Whether this worker has nothing to do for long enough to be called idle. Not where it is a part of
/// a program that may have other things to do.
bool Monitor::stays_quiet(const Watch* watch, std::optional<Clock::time_point> until) const {
    if (workspace_.worker_threads() != nullptr) return false;
    if (until && *until < Clock::now() + idle_after) return false;
    std::array<pollfd, 2> watched{pollfd{nudge_.descriptor(), POLLIN, 0},
                                  pollfd{watch == nullptr ? -1 : watch->descriptor(), POLLIN, 0}};
    return ::poll(watched.data(), watched.size(), static_cast<int>(idle_after.count())) == 0;
}

void Monitor::loop_once(const std::shared_ptr<CarriedSession>& session) {
    // Watching starts before looking, so nothing falls between the two.
    Result<std::unique_ptr<Watch>> watching = watch(session.get());
    follow(session, watching ? watching->get() : nullptr);
    // Before the watch is closed, which takes the kernel longer than all else.
    let_go();
}

void Monitor::follow(const std::shared_ptr<CarriedSession>& session, Watch* watch) {
    bool idle = false;
    Clock::time_point failing_since = Clock::time_point::max();
    do {
        std::optional<Clock::time_point> next;
        if (session) {
            auto followed = session->follow();
            if (followed) {
                next = *followed;
                failing_since = Clock::time_point::max();
            } else {
                session->log("following the task failed: " + followed.error().message);
                const Clock::time_point at = Clock::now();
                next = at + std::chrono::seconds(1);
                failing_since = std::min(failing_since, at);
                // Whoever waits for an answer looks by itself then, and learns that it cannot come.
                SessionSignals look;
                look.answer = true;
                if (at - failing_since >= longest_unread) session->signal(look);
            }
            if (exchange_slot(*session)) continue;
        }
        if (const auto again = refill_slots()) next = std::min(next.value_or(*again), *again);
        tell_operator(session);
        if (stopping_ || attended() != session) return;
        if (!idle && stays_quiet(watch, next)) {
            idle = true;
            give_back_memory();
        }
        wait(watch, next);
    } while (!stopping_ && attended() == session);
}

/// Returns once what is to be looked after has lasted a moment.
void Monitor::await_lasting() {
    const Clock::time_point end = Clock::now() + longest_pause;
    while (!stopping_ && Clock::now() < end) {
        pollfd nudged{nudge_.descriptor(), POLLIN, 0};
        if (::poll(&nudged, 1, static_cast<int>(short_session.count())) == 0) break;
        nudge_.silence();
    }
}

void Monitor::loop() {
    while (!stopping_) {
        await_lasting();
        if (!stopping_) loop_once(take_in_hand());
    }
}

} // namespace loong
