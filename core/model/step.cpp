#include "step.hpp"

#include <algorithm>

namespace loong::model {

void Step::of_actor(int index) {
    next_ = before_;
    index_ = index;
    self_ = &next_.actors[static_cast<std::size_t>(index)];
    switch (self_->at) {
    case At::gone:
    case At::done: return;
    case At::serve_slots:
    case At::serve_claimable:
    case At::serve_start:
    case At::serve_wait: return serve();
    case At::probe_lock:
    case At::probe_record:
    case At::probe_alive:
    case At::probe_mark: return probe();
    default: break;
    }
    switch (self_->kind) {
    case Kind::creator: return creator();
    case Kind::worker: return worker();
    case Kind::canceller:
    case Kind::recoverer: return self_->at < At::recover_load ? canceller() : recoverer();
    case Kind::observer: return observer();
    case Kind::none: return;
    }
}

void Step::emit(const char* label) {
    found_.push_back({next_, std::to_string(index_) + " " + label});
    next_ = before_;
}

void Step::go(At at, const char* label) {
    self_->at = at;
    emit(label);
}

int Step::count_claimable() const {
    int count = 0;
    for (int task = 0; task < most_tasks; ++task) count += claimable(task) ? 1 : 0;
    return count;
}

int Step::free_slots() const {
    int count = 0;
    for (int slot = 0; slot < model_.setup_.slots; ++slot) {
        count += next_.slot[slot] == nobody ? 1 : 0;
    }
    return count;
}

int Step::returning() const {
    int count = 0;
    for (const Actor& actor : next_.actors) count += actor.place == Place::returning ? 1 : 0;
    return count;
}

bool Step::take_any_slot() {
    for (std::size_t slot = 0; slot < static_cast<std::size_t>(model_.setup_.slots); ++slot) {
        if (next_.slot[slot] != nobody) continue;
        next_.slot[slot] = static_cast<std::uint8_t>(index_);
        self_->slot = static_cast<std::uint8_t>(slot);
        return true;
    }
    return false;
}

bool Step::any_slot_held() const { return free_slots() < model_.setup_.slots; }

bool Step::take_hand_over(At at, const char* label) {
    if (next_.hand_over != nobody) return false;
    next_.hand_over = static_cast<std::uint8_t>(index_);
    go(at, label);
    return true;
}

void Step::take_lease() {
    lease() = static_cast<std::uint8_t>(index_);
    self_->token = ++next_.token[self_->task][self_->session];
}

bool Step::start_worker(At begin, int task) {
    for (std::size_t i = 0; i < next_.actors.size(); ++i) {
        Actor& candidate = next_.actors[i];
        if (candidate.kind != Kind::worker || candidate.at != At::gone) continue;
        candidate = Actor{};
        candidate.kind = Kind::worker;
        candidate.at = begin;
        candidate.task = static_cast<std::uint8_t>(task);
        candidate.parent = static_cast<std::uint8_t>(index_);
        candidate.flag = begin == At::adopt_load ? 1 : 0;
        self_->child = Child::starting;
        return true;
    }
    return false;
}

void Step::end_actor(State& state, int index) {
    Actor& actor = state.actors[static_cast<std::size_t>(index)];
    const auto self = static_cast<std::uint8_t>(index);
    if (state.hand_over == self) state.hand_over = nobody;
    for (std::uint8_t& slot : state.slot) {
        if (slot == self) slot = nobody;
    }
    for (auto& leases : state.lease) {
        for (std::uint8_t& lease : leases) {
            if (lease == self) lease = nobody;
        }
    }
    for (auto& sessions : state.work) {
        for (Work& work : sessions) {
            if (work.owner == self) work.owner = nobody;
        }
    }
    if (actor.parent != nobody && state.actors[actor.parent].child == Child::starting) {
        state.actors[actor.parent].child = Child::ended;
    }
    for (Actor& other : state.actors) {
        if (other.parent == self) other.parent = nobody;
    }
    const Kind kind = actor.kind;
    actor = Actor{};
    // The place of a worker can be taken by another one.
    actor.kind = kind;
    actor.at = kind == Kind::worker ? At::gone : At::done;
}

void Step::check_truth(Move move) const {
    const Work& work = next_.work[self_->task][self_->session];
    switch (move) {
    case Move::finish_completed:
    case Move::collect_completed:
    case Move::end_completed:
        if (work.truth != Record::completed) throw Violation("recorded completed, which is not so");
        break;
    case Move::finish_failed:
    case Move::collect_failed:
        if (work.truth != Record::failed) throw Violation("recorded failed, which is not so");
        break;
    case Move::finish_unknown:
    case Move::mark_failed:
        if (work.truth == Record::completed || work.truth == Record::failed) {
            throw Violation("recorded as unknown what is known");
        }
        if (work.alive) throw Violation("recorded an end while the work lives");
        if (!work.marked && !next_.work_killed) {
            throw Violation("given up although it had never started");
        }
        break;
    case Move::finish_cancelled:
    case Move::end_cancelled:
        if (!table_.cancel_requested(self_->read)) throw Violation("cancelled without a cancel");
        if (work.alive) throw Violation("recorded an end while the work lives");
        break;
    case Move::retry_never_started:
        if (work.marked || work.alive) throw Violation("tried again what had started");
        break;
    default: break;
    }
}

Step::Appended Step::append(Move move, bool needs_lease) {
    if (needs_lease && lease() != index_) return Appended::fenced;
    const Decided decided = table_.decide(self_->read, move, self_->token);
    if (!decided.accepted) return Appended::refused;
    if (next_.task[self_->task] != self_->read) {
        self_->read = next_.task[self_->task];
        return Appended::read_again;
    }
    check_truth(move);
    next_.task[self_->task] = decided.next;
    self_->read = decided.next;
    return Appended::done;
}

void Step::serve() {
    switch (self_->at) {
    case At::serve_slots:
        self_->count = static_cast<std::uint8_t>(std::max(free_slots() - returning(), 0));
        self_->flag = any_slot_held() ? 1 : 0;
        return go(self_->count == 0 ? self_->back : At::serve_claimable, "looks at the slots");
    case At::serve_claimable: {
        // A worker that serves comes back to the queue itself.
        const int own = self_->kind == Kind::worker && self_->slot != nobody ? 1 : 0;
        const int wanted = std::min<int>(self_->count, count_claimable() - own);
        self_->count = static_cast<std::uint8_t>(std::max(wanted, 0));
        return go(wanted > 0 ? At::serve_start : self_->back, "looks at the queue");
    }
    case At::serve_start:
        if (!start_worker(At::worker_slot, 0)) return;
        if (is(Mutation::hand_over_ends_before_worker_is_ready)) {
            next_.hand_over = nobody;
            self_->child = Child::ready;
        }
        return go(At::serve_wait, "starts a worker");
    default: break;
    }
    if (self_->child == Child::starting) return;
    const bool started = self_->child == Child::ready;
    self_->child = Child::none;
    if (started) self_->flag = 1;
    if (started && --self_->count > 0) return go(At::serve_start, "hears that it is ready");
    const bool failed = !started && self_->flag == 0;
    if (failed && self_->back == At::create_release) {
        return go(At::create_withdraw, "hears that no worker came");
    }
    go(self_->back, started ? "hears that it is ready" : "hears that it ended");
}

void Step::creator() {
    const bool outside = is(Mutation::create_outside_of_hand_over);
    self_->back = At::create_release;
    switch (self_->at) {
    case At::create_begin:
        // What a task is to wait for has to be there.
        if (model_.setup_.dependent && self_->task == 1 && next_.task[0] == 0) return;
        if (!outside) {
            take_hand_over(At::create_append, "takes the hand-over");
            return;
        }
        if (next_.task[self_->task] != 0) {
            take_hand_over(At::serve_slots, "takes the hand-over");
            return;
        }
        next_.task[self_->task] = table_.decide(0, Move::create, 0).next;
        self_->read = next_.task[self_->task];
        return go(At::create_begin, "creates the task outside of the hand-over");
    case At::create_append:
        next_.task[self_->task] = table_.decide(0, Move::create, 0).next;
        self_->read = next_.task[self_->task];
        return go(At::serve_slots, "creates the task");
    case At::create_withdraw: {
        const Appended appended = append(Move::spawn_failed, false);
        if (appended == Appended::read_again) return go(At::create_withdraw, "reads again");
        next_.hand_over = next_.hand_over == index_ ? nobody : next_.hand_over;
        return go(At::done, "withdraws the task");
    }
    default: break;
    }
    next_.accepted[self_->task] = true;
    if (next_.hand_over == index_) next_.hand_over = nobody;
    go(At::done, "ends the hand-over and returns");
}

void Step::of_keeper(int task, int session) {
    next_ = before_;
    index_ = 100 + task * 10 + session;
    Work& work = next_.work[task][session];
    switch (work.keeper) {
    case Keeper::waiting:
        if (work.told_to_go) {
            work.marked = true;
            work.alive = true;
            ++next_.work_starts[task];
            work.keeper = Keeper::working;
            return emit("keeper starts the work");
        }
        if (work.owner != nobody) return;
        work.keeper = Keeper::gone;
        return emit("keeper leaves without a go");
    case Keeper::working: {
        if (model_.setup_.asks && task == 0 && work.question == Question::none) {
            work.question = Question::open;
            emit("the work asks the operator");
        }
        const Work& now = next_.work[task][session];
        // It is told the answer by a worker that has a slot again, or finds it by itself.
        const bool has_slot = now.owner == nobody || next_.actors[now.owner].place == Place::none ||
                              next_.actors[now.owner].slot != nobody;
        const bool waits =
            now.question == Question::open || (now.question == Question::answered && !has_slot);
        for (const Record end : {Record::completed, Record::failed, Record::signalled}) {
            Work& again = next_.work[task][session];
            if (end == Record::signalled ? !again.told_to_end : waits) continue;
            again.alive = false;
            again.truth = end;
            again.keeper = is(Mutation::keeper_unlocks_before_record) ? Keeper::late_record
                                                                      : Keeper::recording;
            emit("the work ends");
        }
        return;
    }
    case Keeper::recording:
    case Keeper::late_record:
        work.record = work.truth;
        work.keeper = Keeper::gone;
        return emit("keeper writes the record and lets go of the lock");
    case Keeper::none:
    case Keeper::gone: break;
    }
    if (!work.alive) return;
    work.alive = false;
    emit("work without a keeper ends");
}

} // namespace loong::model
