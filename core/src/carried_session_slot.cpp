// The part of CarriedSession that gives the slot to others while the session waits for the operator.

#include "carried_session.hpp"
#include "inside_request.hpp"

namespace loong {

RequestStatus CarriedSession::told_locked(const RequestFacts& facts) const {
    RequestStatus status = status_of(facts);
    const bool is_answer =
        facts.state != RequestState::open && facts.state != RequestState::withdrawn;
    if (!is_answer || !slot_.is_away()) return status;
    status = RequestStatus{};
    status.request_id = facts.request_id;
    return status;
}

bool CarriedSession::waits_locked() const {
    const TaskSummary& summary = task_.state.summary;
    return !is_ending_locked() && summary.open_approvals + summary.open_inputs > 0;
}

Result<CarriedSession::SlotWish> CarriedSession::slot_wish() {
    const std::lock_guard<std::mutex> guard(mutex_);
    const bool waits = waits_locked();
    if (slot_.is_away()) {
        if (!waits && !is_ending_locked()) return SlotWish::come_back;
        slot_.stop_returning();
        return SlotWish::none;
    }
    if (!waits) {
        slot_.leave_place();
        return SlotWish::none;
    }
    Result<bool> placed = slot_.take_place();
    if (!placed) return std::move(placed).error();
    return *placed ? SlotWish::give : SlotWish::none;
}

Result<bool> CarriedSession::give_slot() {
    const std::lock_guard<std::mutex> guard(mutex_);
    Result<void> fresh = refresh_locked();
    if (!fresh) return std::move(fresh).error();
    if (!waits_locked()) {
        slot_.leave_place();
        return false;
    }
    slot_.give();
    return true;
}

Result<bool> CarriedSession::come_back() {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (is_ending_locked()) {
        slot_.stop_returning();
        return false;
    }
    Result<bool> back = slot_.come_back();
    // Others have to see that the clock goes on standing still, or they would call this overdue.
    if (back && !*back && task_.state.timeout && !task_.state.awaits_slot) {
        Result<std::vector<Event>> told = apply_locked(command::AwaitSlot{spec_.task_session_id});
        if (!told) log("that a slot is awaited: " + told.error().message);
    }
    return back;
}

void CarriedSession::stop_returning() {
    const std::lock_guard<std::mutex> guard(mutex_);
    ended_ = true;
    slot_.stop_returning();
}

bool CarriedSession::has_slot() {
    const std::lock_guard<std::mutex> guard(mutex_);
    return slot_.has_worker_slot();
}

std::vector<WatchTarget> CarriedSession::slot_targets() {
    const std::lock_guard<std::mutex> guard(mutex_);
    return slot_.targets();
}

Slots CarriedSession::take_slots() {
    const std::lock_guard<std::mutex> guard(mutex_);
    ended_ = true;
    return slot_.take();
}

} // namespace loong
