// The canceller and the recoverer: change_tasks.cpp, recovery.cpp and runtime-local's probe_work.cpp.

#include "step.hpp"

namespace loong::model {

void Step::canceller() {
    switch (self_->at) {
    case At::cancel_load:
        if (next_.task[self_->task] == 0) return;
        self_->read = next_.task[self_->task];
        if (table_.is_ended(self_->read)) return go(At::done, "finds the task ended");
        return go(At::cancel_begin, "loads the task");
    case At::cancel_begin: take_hand_over(At::cancel_append, "takes the hand-over"); return;
    case At::cancel_append:
        switch (append(Move::cancel, false)) {
        case Appended::done: break;
        case Appended::read_again: return go(At::cancel_append, "reads again");
        default: return go(At::cancel_release, "may not cancel it");
        }
        self_->back = At::cancel_release;
        return go(table_.is_ended(self_->read) ? At::serve_slots : At::cancel_release, "cancels");
    case At::cancel_release:
        if (next_.hand_over == index_) next_.hand_over = nobody;
        return go(table_.is_ended(self_->read) ? At::done : At::cancel_look, "ends the hand-over");
    default: break;
    }
    // finish_cancel(): only where the carrier is lost.
    self_->read = next_.task[self_->task];
    if (!table_.is_running(self_->read) || !table_.cancel_requested(self_->read)) {
        return go(At::done, "finds nothing left to cancel");
    }
    self_->session = table_.session(self_->read);
    const bool lost = lease() == nobody;
    go(lost ? At::recover_lost : At::done,
       lost ? "finds the carrier lost" : "leaves it to the worker");
}

void Step::recoverer() {
    switch (self_->at) {
    case At::recover_load:
        if (next_.task[self_->task] == 0) return;
        self_->read = next_.task[self_->task];
        self_->flag = 0;
        if (table_.is_ended(self_->read)) return go(At::done, "finds the task ended");
        self_->session = table_.session(self_->read);
        return go(table_.is_ready(self_->read) ? At::recover_ready : At::recover_lease, "loads it");
    case At::recover_lease:
        return go(lease() == nobody ? At::recover_lost : At::done, "looks at the carrier's lease");
    case At::recover_lost:
        self_->read = next_.task[self_->task];
        if (!table_.is_running(self_->read) || table_.session(self_->read) != self_->session) {
            return go(At::done, "finds another session");
        }
        self_->flag = 0;
        return go(At::probe_lock, "loads it again");
    case At::recover_take:
        if (lease() != nobody && !is(Mutation::recovery_without_fence)) {
            return go(At::done, "finds the lease held");
        }
        if (!is(Mutation::recovery_without_fence)) take_lease();
        return go(At::recover_reload, "takes the lost session's lease");
    case At::recover_reload:
        self_->read = next_.task[self_->task];
        if (!table_.is_running(self_->read) || table_.session(self_->read) != self_->session) {
            return go(At::recover_release, "finds another session");
        }
        self_->flag = 1;
        return go(At::probe_lock, "loads it, fenced");
    case At::recover_end_work:
    case At::recover_begin:
    case At::recover_append:
    case At::recover_end_hand_over:
    case At::recover_release: return settle();
    default: return recover_by_worker();
    }
}

void Step::probe() {
    const Work& found = work();
    switch (self_->at) {
    case At::probe_lock: {
        if (!found.handle) {
            self_->probed = Probed::never_started;
            break;
        }
        const std::uint8_t holder = lease();
        const bool worker_holds = holder != nobody && holder != index_ &&
                                  before_.actors[holder].at >= At::worker_keeper &&
                                  before_.actors[holder].at <= At::worker_watch;
        const bool keeper_holds = found.keeper == Keeper::waiting ||
                                  found.keeper == Keeper::working ||
                                  found.keeper == Keeper::recording;
        self_->lock_held = worker_holds || keeper_holds ? 1 : 0;
        return go(At::probe_record, "asks for the work lock");
    }
    case At::probe_record:
        if (found.record == Record::none) return go(At::probe_alive, "finds no exit record");
        self_->probed = Probed::finished;
        break;
    case At::probe_alive:
        // Without its worker it is about to start the work or to leave, and is waited for.
        if (found.keeper == Keeper::waiting && !is(Mutation::probe_takes_waiting_for_alive)) return;
        if (found.alive || found.keeper == Keeper::waiting || found.keeper == Keeper::working ||
            found.keeper == Keeper::recording) {
            self_->probed = Probed::alive;
            break;
        }
        if (self_->lock_held == 0) return go(At::probe_mark, "finds no process");
        self_->probed = Probed::unreachable;
        break;
    default: self_->probed = found.marked ? Probed::lost : Probed::never_started; break;
    }
    const bool cancelled = table_.cancel_requested(self_->read);
    const bool fenced = self_->flag == 1;
    if (self_->probed == Probed::unreachable) {
        return go(fenced ? At::recover_release : At::done, "cannot tell");
    }
    if (!fenced && self_->probed == Probed::alive && !cancelled) {
        return go(At::recover_adopt_begin, "finds the work alive");
    }
    if (!fenced) return go(At::recover_take, "has probed");
    go(self_->probed == Probed::finished ? At::recover_begin : At::recover_end_work,
       "probed, fenced");
}

Move Step::settle_move() {
    const bool completed = self_->probed == Probed::finished && work().record == Record::completed;
    if (table_.cancel_requested(self_->read) && !completed) return Move::end_cancelled;
    if (self_->probed == Probed::finished) {
        if (completed) return Move::collect_completed;
        return work().record == Record::failed ? Move::collect_failed : Move::collect_cancelled;
    }
    return self_->probed == Probed::never_started ? Move::retry_never_started : Move::mark_failed;
}

void Step::settle() {
    switch (self_->at) {
    case At::recover_end_work:
        // The keeper is asked, then everything that bears the session's name is killed, then the
        // work lock has to be free; only the last matters to others.
        if (work().alive || work().keeper == Keeper::working || work().keeper == Keeper::waiting) {
            next_.work_killed = true;
        }
        if (work().keeper == Keeper::recording) {
            work().record = work().truth;
        } else if (work().keeper != Keeper::gone && work().keeper != Keeper::late_record) {
            work().truth = Record::none;
        }
        work().alive = false;
        if (work().keeper != Keeper::none && work().keeper != Keeper::late_record) {
            work().keeper = Keeper::gone;
        }
        return go(At::recover_begin, "ends what is left of the work");
    case At::recover_begin: take_hand_over(At::recover_append, "takes the hand-over"); return;
    case At::recover_append:
        switch (append(settle_move(), !is(Mutation::recovery_without_fence))) {
        case Appended::done:
            self_->back = At::recover_end_hand_over;
            return go(At::serve_slots, "appends what it found");
        case Appended::read_again: return go(At::recover_append, "reads again");
        default: return go(At::recover_end_hand_over, "may not append it");
        }
    case At::recover_end_hand_over:
        if (next_.hand_over == index_) next_.hand_over = nobody;
        return go(At::recover_release, "ends the hand-over");
    default: break;
    }
    if (lease() == index_) lease() = nobody;
    go(At::done, "gives the lease back");
}

void Step::recover_by_worker() {
    const bool adopts = self_->at >= At::recover_adopt_begin && self_->at <= At::recover_adopt_end;
    switch (self_->at) {
    case At::recover_ready:
        // The observer's looks are modelled by themselves; here they are one.
        if (next_.hand_over != nobody || any_slot_held()) return go(At::done, "finds it served");
        return go(At::recover_ready_begin, "finds no worker");
    case At::recover_adopt_begin:
    case At::recover_ready_begin:
        take_hand_over(adopts ? At::recover_adopt_start : At::recover_ready_start,
                       "takes the hand-over");
        return;
    case At::recover_adopt_start:
    case At::recover_ready_start:
        if (!start_worker(adopts ? At::adopt_load : At::worker_slot, self_->task)) return;
        return go(adopts ? At::recover_adopt_wait : At::recover_ready_wait, "starts a worker");
    case At::recover_adopt_wait:
    case At::recover_ready_wait:
        if (self_->child == Child::starting) return;
        self_->child = Child::none;
        return go(adopts ? At::recover_adopt_end : At::recover_ready_end, "hears of its worker");
    default: break;
    }
    if (next_.hand_over == index_) next_.hand_over = nobody;
    go(At::done, "ends the hand-over");
}

} // namespace loong::model
