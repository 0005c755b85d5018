#pragma once
/// The hand-over and the fencing as a transition system: which states follow a state.
///
/// Each step is one thing that others can see, or one look at what others do, in the order of the
/// code that it is named after. README.md says what is left out, and why that is no loss.

#include "loong/status.hpp"
#include "model_state.hpp"

#include <functional>
#include <stdexcept>
#include <string>

namespace loong::model {

/// A promise does not hold.
class Violation : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Rules that can be broken on purpose, to see that somebody would notice.
enum class Mutation : std::uint8_t {
    none,
    create_outside_of_hand_over,
    hand_over_ends_before_worker_is_ready,
    worker_leaves_without_last_look,
    lease_released_before_outcome,
    work_starts_before_handle,
    keeper_starts_without_a_look,
    recovery_without_fence,
    keeper_unlocks_before_record,
    observer_looks_once,
    start_without_lease,
    probe_takes_waiting_for_alive,
    place_given_back_before_slot,
};

struct Setup {
    int tasks = 1;
    /// The second task waits for the end of the first.
    bool dependent = false;
    int slots = 1;
    int cancellers = 0;
    int recoverers = 0;
    int observers = 0;
    int kills = 0;
    /// The work of the first task may ask the operator once.
    bool asks = false;
    /// The runtime saves its handle when the start is recorded already, instead of with it.
    bool start_before_handle = false;
    Mutation mutation = Mutation::none;
};

struct Successor {
    State state;
    std::string label;
};

class HandOverModel {
public:
    explicit HandOverModel(const Setup& setup) : setup_(setup) {}

    State initial() const;

    /// All states that one step leads to; kills among them. Throws Violation where a step does what
    /// must not be done.
    void successors(const State& state, std::vector<Successor>& found);

    /// What has to hold in every state.
    void check(const State& state) const;

    std::size_t histories() const { return table_.size(); }
    /// Kills among the successors given so far.
    std::uint64_t kill_points() const { return kill_points_; }

private:
    using Emit = std::function<void(State, const char*)>;
    friend class Step;

    bool dependency_pending(const State& state, int task) const;
    Facts facts(const State& state, int task) const;

    void answer(const State& state, std::vector<Successor>& found) const;
    void operate(const State& state, std::vector<Successor>& found);
    void kills(const State& state, std::vector<Successor>& found);

    const Setup setup_;
    TaskTable table_;
    std::uint64_t kill_points_ = 0;
};

} // namespace loong::model
