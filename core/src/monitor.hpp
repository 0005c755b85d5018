#pragma once
/// What a worker does besides carrying its session: it passes on what others tell the session, and
/// sees to it that slots which other workers lost are filled again.

#include "bell.hpp"
#include "carried_session.hpp"
#include "loong/error.hpp"
#include "loong/store.hpp"
#include "notifier_start.hpp"
#include "workspace.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace loong {

/// Runs a thread of its own, with a store object of its own, from start() to destruction.
class Monitor {
public:
    /// One that does nothing yet.
    static Result<std::unique_ptr<Monitor>> make(Workspace& workspace);

    /// Once.
    Result<void> start();

    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;
    ~Monitor();

    /// The session to look after from now on; null for none. Returns once the one before is let go:
    /// its store is the caller's alone again. That takes no longer than what the monitor is just
    /// doing for it, which may be to wait for the hand-over.
    void attend(std::shared_ptr<CarriedSession> session);

private:
    explicit Monitor(Workspace& workspace) : workspace_(workspace), notifier_(workspace) {}

    void loop();
    void loop_once(const std::shared_ptr<CarriedSession>& session);
    void follow(const std::shared_ptr<CarriedSession>& session, Watch* watch);
    Result<std::unique_ptr<Watch>> watch(CarriedSession* session);
    bool exchange_slot(CarriedSession& session);
    /// True once for each time that somebody asked for a worker.
    bool is_asked();
    /// Sees to tasks that could be started and are not. When to look again, where that is soon.
    std::optional<std::chrono::steady_clock::time_point> refill_slots();
    void tell_operator(const std::shared_ptr<CarriedSession>& session);
    [[nodiscard]] bool
    stays_quiet(const Watch* watch,
                std::optional<std::chrono::steady_clock::time_point> until) const;
    void wait(Watch* watch, std::optional<std::chrono::steady_clock::time_point> until);
    std::shared_ptr<CarriedSession> attended();
    std::shared_ptr<CarriedSession> take_in_hand();
    void let_go();
    void await_lasting();

    Workspace& workspace_;
    PluginObject<Store> store_;
    NotifierStart notifier_;
    Bell nudge_;
    // The thread's own: the task that stood first in the queue while a slot was free, since when,
    // and the token of whoever asked for a worker last.
    std::string unserved_;
    std::chrono::steady_clock::time_point unserved_since_;
    std::uint64_t asked_ = 0;
    std::atomic<bool> stopping_ = false;
    std::mutex mutex_;
    std::condition_variable let_go_;
    // Below is protected by mutex_.
    std::shared_ptr<CarriedSession> session_;
    /// What the thread works with; it is behind session_ for a moment.
    std::shared_ptr<CarriedSession> in_hand_;
    // Constant after start().
    std::thread thread_;
};

} // namespace loong
