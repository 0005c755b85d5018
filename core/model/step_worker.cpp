// The worker: worker.cpp and, for what happens to the work, runtime-local's session_runner.cpp.

#include "step.hpp"

namespace loong::model {

void Step::worker() {
    switch (self_->at) {
    case At::worker_slot:
        if (returning() == 0 || free_slots() > returning()) take_any_slot();
        return go(At::worker_ready, "takes a slot");
    case At::worker_ready:
        if (self_->parent != nobody && next_.actors[self_->parent].child == Child::starting) {
            next_.actors[self_->parent].child = Child::ready;
        }
        self_->parent = nobody;
        if (self_->slot != nobody) return go(At::worker_list, "says that it is ready");
        end_actor(next_, index_);
        return emit("finds no slot and ends");
    case At::worker_list:
        if (returning() > free_slots()) return go(At::worker_way, "finds one that returns");
        self_->count = 0;
        for (int task = 0; task < most_tasks; ++task) {
            if (!claimable(task)) continue;
            self_->count |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(task));
            self_->listed[task] = table_.session(next_.task[task]);
        }
        return go(At::worker_lease, "lists the queue");
    case At::worker_lease: {
        if (self_->count == 0) return go(At::worker_leave, "finds nothing to claim");
        const int task = (self_->count & 1U) != 0 ? 0 : 1;
        self_->count &= static_cast<std::uint8_t>(~(1U << static_cast<unsigned>(task)));
        self_->task = static_cast<std::uint8_t>(task);
        self_->session = self_->listed[task];
        if (is(Mutation::start_without_lease)) return go(At::worker_load, "takes no lease");
        if (lease() != nobody) return go(At::worker_lease, "finds the lease held");
        take_lease();
        return go(At::worker_load, "takes the session's lease");
    }
    case At::worker_load:
        self_->read = next_.task[self_->task];
        if (table_.session(self_->read) == self_->session && may_start()) {
            return go(starts_first() ? At::worker_start : At::worker_keeper, "loads it");
        }
        if (lease() == index_) lease() = nobody;
        return go(At::worker_lease, "finds another session, or one that has started");
    case At::worker_start: {
        const bool with_lease = !is(Mutation::start_without_lease);
        switch (append(Move::start, with_lease)) {
        case Appended::done:
            if (starts_first()) return go(At::worker_keeper, "appends delegate_started");
            work().handle = true;
            return go(is(Mutation::work_starts_before_handle) ? At::worker_watch : At::worker_go,
                      "appends delegate_started with the handle");
        case Appended::read_again: return go(At::worker_start, "reads again");
        default:
            // Its keeper hears the end of the file.
            if (work().owner == index_) work().owner = nobody;
            if (lease() == index_) lease() = nobody;
            return go(At::worker_lease, "may not start it");
        }
    }
    case At::worker_keeper:
    case At::worker_handle:
    case At::worker_go:
    case At::worker_watch:
    case At::worker_finish:
    case At::worker_append:
    case At::worker_end_hand_over:
    case At::worker_release: return carry();
    case At::worker_wait:
    case At::worker_give:
    case At::worker_wait_end: return wait_for_operator();
    case At::worker_way:
    case At::worker_way_look:
    case At::worker_leave:
    case At::worker_look:
    case At::worker_drop_slot:
    case At::worker_bye: return leave();
    default: return adopt();
    }
}

/// How a runtime does it that does not start with its handle.
bool Step::starts_first() const { return model_.setup_.start_before_handle; }

/// With the lease held nobody else can start it from here on.
bool Step::may_start() const {
    if (is(Mutation::keeper_starts_without_a_look)) return true;
    return table_.decide(self_->read, Move::start, self_->token).accepted;
}

void Step::carry() {
    const bool early_go = is(Mutation::work_starts_before_handle);
    const At saves = starts_first() ? At::worker_handle : At::worker_start;
    switch (self_->at) {
    case At::worker_keeper:
        // An earlier worker's, who was killed, has the work lock until it has left.
        if (work().keeper == Keeper::waiting) return;
        work().keeper = Keeper::waiting;
        work().owner = static_cast<std::uint8_t>(index_);
        return go(early_go ? At::worker_go : saves, "starts the keeper");
    case At::worker_handle:
        work().handle = true;
        return go(early_go ? At::worker_watch : At::worker_go, "saves the handle");
    case At::worker_go:
        work().told_to_go = true;
        return go(early_go ? saves : At::worker_watch, "says go");
    case At::worker_watch: {
        // The monitor's look at the task.
        if (table_.is_running(next_.task[self_->task]) &&
            table_.cancel_requested(next_.task[self_->task]) && !work().told_to_end) {
            self_->read = next_.task[self_->task];
            const bool told = append(Move::acknowledge, true) == Appended::done;
            work().told_to_end = true;
            emit(told ? "acknowledges the cancel, asks the work to end" : "asks the work to end");
        }
        const Work& now = work();
        if (now.keeper != Keeper::gone) return watch_question();
        if (now.record == Record::none && now.alive) {
            work().alive = false;
            return go(At::worker_watch, "ends what a killed keeper left");
        }
        if (is(Mutation::lease_released_before_outcome)) lease() = nobody;
        return go(At::worker_finish, "sees the end of the work");
    }
    case At::worker_finish: take_hand_over(At::worker_append, "takes the hand-over"); return;
    case At::worker_append: {
        // Ends, and wants no slot any more.
        if (self_->place == Place::returning) self_->place = Place::away;
        const bool with_lease = !is(Mutation::lease_released_before_outcome);
        switch (append(finish_move(), with_lease)) {
        case Appended::done:
            self_->back = At::worker_end_hand_over;
            return go(At::serve_slots, "appends the outcome");
        case Appended::read_again: return go(At::worker_append, "reads again");
        default: return go(At::worker_end_hand_over, "may not append the outcome");
        }
    }
    case At::worker_end_hand_over:
        if (next_.hand_over == index_) next_.hand_over = nobody;
        return go(At::worker_release, "ends the hand-over");
    default: break;
    }
    if (lease() == index_) lease() = nobody;
    if (work().owner == index_) work().owner = nobody;
    self_->token = 0;
    self_->read = 0;
    self_->place = Place::none;
    if (self_->slot != nobody) return go(At::worker_list, "gives the lease back");
    end_actor(next_, index_);
    emit("gives the lease back and ends");
}

/// What the monitor does while the work waits for the operator.
void Step::watch_question() {
    const Question question = work().question;
    const bool ends = work().told_to_end || table_.cancel_requested(next_.task[self_->task]);
    switch (self_->place) {
    case Place::none:
        if (is(Mutation::place_given_back_before_slot) && question == Question::answered &&
            self_->slot == nobody && take_any_slot()) {
            return emit("takes a slot again");
        }
        if (question != Question::open || ends) return;
        self_->place = Place::taken;
        return go(At::worker_wait, "takes a place among those that wait");
    case Place::taken: return;
    case Place::away:
        if (question != Question::answered || ends) return;
        self_->place = Place::returning;
        return emit("wants a slot again");
    case Place::returning: break;
    }
    if (ends && self_->slot == nobody) {
        self_->place = Place::away;
        return emit("wants no slot any more");
    }
    if (self_->slot != nobody || is(Mutation::place_given_back_before_slot)) {
        self_->place = Place::none;
        return emit("gives its place back");
    }
    if (take_any_slot()) emit("takes a slot again");
}

void Step::wait_for_operator() {
    switch (self_->at) {
    case At::worker_wait: take_hand_over(At::worker_give, "takes the hand-over to wait"); return;
    case At::worker_give:
        if (work().question != Question::open) {
            self_->place = Place::none;
            return go(At::worker_wait_end, "is answered already");
        }
        if (self_->slot != nobody) next_.slot[self_->slot] = nobody;
        self_->slot = nobody;
        self_->place = Place::away;
        self_->back = At::worker_wait_end;
        return go(At::serve_slots, "gives its slot away");
    default: break;
    }
    if (next_.hand_over == index_) next_.hand_over = nobody;
    go(At::worker_watch, "ends the hand-over");
}

Move Step::finish_move() {
    switch (work().record) {
    case Record::completed: return Move::finish_completed;
    case Record::failed:
        // decide() turns a failure into a cancel where one was requested.
        return table_.cancel_requested(self_->read) ? Move::finish_cancelled : Move::finish_failed;
    case Record::signalled: return Move::finish_cancelled;
    case Record::none: break;
    }
    return table_.cancel_requested(self_->read) ? Move::finish_cancelled : Move::finish_unknown;
}

void Step::leave() {
    switch (self_->at) {
    case At::worker_way: take_hand_over(At::worker_way_look, "takes the hand-over"); return;
    case At::worker_way_look:
        if (returning() > free_slots()) return go(At::worker_drop_slot, "gives way");
        next_.hand_over = nobody;
        return go(At::worker_list, "finds a slot free for it");
    case At::worker_leave:
        if (is(Mutation::worker_leaves_without_last_look))
            return go(At::worker_drop_slot, "leaves");
        take_hand_over(At::worker_look, "takes the hand-over to leave");
        return;
    case At::worker_look:
        for (int task = 0; task < most_tasks; ++task) {
            if (!claimable(task)) continue;
            const std::uint8_t session = table_.session(next_.task[task]);
            if (next_.lease[task][session] != nobody) continue;
            next_.hand_over = nobody;
            return go(At::worker_list, "finds something after all");
        }
        return go(At::worker_drop_slot, "looks once more");
    case At::worker_drop_slot:
        next_.slot[self_->slot] = nobody;
        self_->slot = nobody;
        return go(At::worker_bye, "gives the slot back");
    default: break;
    }
    end_actor(next_, index_);
    emit("ends");
}

void Step::adopt() {
    switch (self_->at) {
    case At::adopt_load:
        self_->read = next_.task[self_->task];
        self_->session = table_.session(self_->read);
        return go(At::adopt_lease, "loads the task");
    case At::adopt_lease:
        if (lease() != nobody) {
            end_actor(next_, index_);
            return emit("waits for the lease in vain and ends");
        }
        take_lease();
        return go(At::adopt_slot, "takes the lost session's lease");
    case At::adopt_slot:
        if (returning() == 0 || free_slots() > returning()) take_any_slot();
        return go(At::adopt_append, "takes a slot if there is one");
    case At::adopt_append:
        switch (append(Move::adopt, true)) {
        case Appended::done: return go(At::adopt_ready, "appends the adoption");
        case Appended::read_again: return go(At::adopt_append, "reads again");
        default: end_actor(next_, index_); return emit("may not adopt it and ends");
        }
    case At::adopt_ready:
        if (self_->parent != nobody && next_.actors[self_->parent].child == Child::starting) {
            next_.actors[self_->parent].child = Child::ready;
        }
        self_->parent = nobody;
        return go(At::adopt_work, "says that it is ready");
    default: break;
    }
    go(At::worker_watch, "watches the work");
}

} // namespace loong::model
