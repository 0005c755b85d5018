// Somebody who asks for the status: observer.cpp, one read after the other.

#include "step.hpp"

namespace loong::model {

void Step::observer() {
    const bool served_by_hand_over = next_.hand_over != nobody;
    switch (self_->at) {
    case At::observe_find:
        self_->read = next_.task[self_->task];
        if (self_->read == 0 || table_.is_ended(self_->read)) return;
        if (table_.is_ready(self_->read) && !claimable(self_->task)) return;
        self_->session = table_.session(self_->read);
        self_->looks = 0;
        return go(table_.is_running(self_->read) ? At::observe_lease : At::observe_hand_over,
                  "reads the task");
    case At::observe_lease:
        return go(lease() == nobody ? At::observe_find_again : At::observe_find,
                  "looks at the carrier's lease");
    case At::observe_hand_over:
        return go(served_by_hand_over ? At::observe_find : At::observe_waiting,
                  "looks at the hand-over");
    case At::observe_waiting:
        for (const Actor& actor : next_.actors) {
            if (actor.place != Place::none) return go(At::observe_find, "finds one that waits");
        }
        return go(At::observe_slots, "finds none that waits");
    case At::observe_slots:
        self_->count = 0;
        if (any_slot_held()) return go(At::observe_find, "finds a slot held");
        return go(At::observe_hand_over_again, "finds no slot held");
    case At::observe_hand_over_again:
        if (served_by_hand_over) return go(At::observe_find, "finds the hand-over held");
        if (++self_->looks < 2 && !is(Mutation::observer_looks_once)) {
            return go(At::observe_hand_over, "looks once more");
        }
        return go(At::observe_find_again, "finds nobody who serves");
    case At::observe_find_again:
        if (next_.task[self_->task] == self_->read || is(Mutation::observer_looks_once)) {
            return go(At::observe_report, "reads the task again");
        }
        return go(At::observe_find, "finds that it moved");
    default: break;
    }
    if (!next_.killed) throw Violation("a task is shown as lost, and nobody was killed");
    go(At::observe_find, "shows the task as lost");
}

} // namespace loong::model
