#pragma once
/// One step of one actor, or of one keeper: from a state to those that follow it.

#include "hand_over_model.hpp"

#include <vector>

namespace loong::model {

class Step {
public:
    Step(HandOverModel& model, const State& before, std::vector<Successor>& found)
        : model_(model),
          table_(model.table_),
          before_(before),
          found_(found) {}

    void of_actor(int index);
    void of_keeper(int task, int session);

    /// The death of an actor: the kernel gives back what it held.
    static void end_actor(State& state, int index);

private:
    void creator();
    void serve();
    void worker();
    [[nodiscard]] bool starts_first() const;
    [[nodiscard]] bool may_start() const;
    void carry();
    void wait_for_operator();
    void watch_question();
    void leave();
    void adopt();
    void canceller();
    void recoverer();
    void probe();
    void settle();
    void recover_by_worker();
    void observer();

    bool is(Mutation mutation) const { return model_.setup_.mutation == mutation; }
    /// The state after, in which this actor stands elsewhere.
    void go(At at, const char* label);
    void emit(const char* label);

    bool claimable(int task) const {
        return table_.is_ready(next_.task[task]) && !model_.dependency_pending(next_, task);
    }
    int count_claimable() const;
    bool any_slot_held() const;
    int free_slots() const;
    int returning() const;
    bool take_any_slot();
    bool take_hand_over(At at, const char* label);
    /// Starts a worker that this actor waits for; false where the model has no room for one now.
    bool start_worker(At begin, int task);
    std::uint8_t& lease() { return next_.lease[self_->task][self_->session]; }
    Work& work() { return next_.work[self_->task][self_->session]; }
    void take_lease();
    /// Appends what decide() says, if this actor has read the newest history: as task_store.cpp.
    enum class Appended : std::uint8_t { done, refused, read_again, fenced };
    Appended append(Move move, bool needs_lease);
    void check_truth(Move move) const;
    Move finish_move();
    Move settle_move();

    HandOverModel& model_;
    TaskTable& table_;
    const State& before_;
    std::vector<Successor>& found_;
    State next_;
    int index_ = 0;
    Actor* self_ = nullptr;
};

} // namespace loong::model
