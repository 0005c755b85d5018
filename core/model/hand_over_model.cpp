#include "hand_over_model.hpp"

#include "step.hpp"

#include <algorithm>
#include <iterator>

namespace loong::model {
namespace {

// One more than there can be slots: a worker that adopts works without one.
constexpr int most_workers = 3;

} // namespace

bool HandOverModel::dependency_pending(const State& state, int task) const {
    return setup_.dependent && task == 1 && !table_.is_ended(state.task[0]);
}

Facts HandOverModel::facts(const State& state, int task) const {
    const History history = state.task[task];
    Facts facts = facts_of(
        table_.state(history).summary,
        dependency_pending(state, task) ? DependencyState::pending : DependencyState::met, Time{});
    const std::uint8_t session = table_.session(history);
    facts.carrier_lease = state.lease[task][session] == nobody ? Held::free : Held::held;
    bool served = state.hand_over != nobody;
    for (const std::uint8_t slot : state.slot) served |= slot != nobody;
    for (const Actor& actor : state.actors) served |= actor.place != Place::none;
    facts.queue_served = served ? Held::held : Held::free;
    facts.work = state.work[task][session].alive ? Held::held : Held::free;
    return facts;
}

State HandOverModel::initial() const {
    State state;
    std::size_t next = 0;
    const auto add = [&](Kind kind, At at, int task) {
        Actor& actor = state.actors.at(next++);
        actor.kind = kind;
        actor.at = at;
        actor.task = static_cast<std::uint8_t>(task);
    };
    for (int task = 0; task < setup_.tasks; ++task) add(Kind::creator, At::create_begin, task);
    for (int i = 0; i < setup_.cancellers; ++i) add(Kind::canceller, At::cancel_load, 0);
    for (int i = 0; i < setup_.recoverers; ++i) add(Kind::recoverer, At::recover_load, 0);
    for (int i = 0; i < setup_.observers; ++i) {
        add(Kind::observer, At::observe_find, setup_.tasks - 1);
    }
    // One that waits for the operator has no slot either.
    const int workers = std::min(most_workers, setup_.slots + 1) + (setup_.asks ? 1 : 0);
    for (int i = 0; i < workers; ++i) {
        add(Kind::worker, At::gone, 0);
    }
    // The operator, who recovers when nothing moves any more.
    add(Kind::recoverer, At::done, 0);
    state.kills_left = static_cast<std::uint8_t>(setup_.kills);
    return state;
}

void HandOverModel::successors(const State& state, std::vector<Successor>& found) {
    found.clear();
    Step step(*this, state, found);
    for (int i = 0; i < most_actors; ++i) step.of_actor(i);
    for (int task = 0; task < setup_.tasks; ++task) {
        for (int session = 0; session < most_sessions; ++session) step.of_keeper(task, session);
    }
    answer(state, found);
    bool still = true;
    for (const Successor& successor : found) {
        // An observer looks for ever.
        const int actor = std::stoi(successor.label);
        still &= actor < most_actors &&
                 state.actors[static_cast<std::size_t>(actor)].kind == Kind::observer;
    }
    if (still) operate(state, found);
    if (state.kills_left > 0) kills(state, found);
}

void HandOverModel::answer(const State& state, std::vector<Successor>& found) const {
    for (std::size_t session = 0; session < most_sessions; ++session) {
        if (state.work[0][session].question != Question::open) continue;
        Successor next{state, std::to_string(most_actors) + " operator answers"};
        next.state.work[0][session].question = Question::answered;
        found.push_back(next);
    }
}

void HandOverModel::operate(const State& state, std::vector<Successor>& found) {
    for (int task = 0; task < setup_.tasks; ++task) {
        const History history = state.task[task];
        if (history == 0 || table_.is_ended(history)) continue;
        if (!state.killed) throw Violation("a task stays behind although nobody was killed");
        if (derive_status(facts(state, task)) != Status::recoverable) {
            throw Violation("nothing moves, and the status does not say that it is recoverable");
        }
        if (state.recovered[task]) {
            throw Violation("one recover did not bring the task to its end");
        }
        Successor next{state, "operator recovers task " + std::to_string(task)};
        next.label = std::to_string(most_actors) + " " + next.label;
        next.state.recovered[task] = true;
        for (std::size_t i = most_actors; i-- > 0;) {
            Actor& actor = next.state.actors[i];
            if (actor.kind != Kind::recoverer) continue;
            actor = Actor{};
            actor.kind = Kind::recoverer;
            actor.at = At::recover_load;
            actor.task = static_cast<std::uint8_t>(task);
            break;
        }
        found.push_back(next);
        return;
    }
}

void HandOverModel::kills(const State& state, std::vector<Successor>& found) {
    const auto add = [&](State next, std::string label) {
        --next.kills_left;
        next.killed = true;
        std::fill(std::begin(next.recovered), std::end(next.recovered), false);
        ++kill_points_;
        found.push_back({next, std::move(label)});
    };
    for (int i = 0; i < most_actors; ++i) {
        const Actor& actor = state.actors[static_cast<std::size_t>(i)];
        if (actor.at == At::gone || actor.at == At::done || actor.kind == Kind::observer) continue;
        State next = state;
        Step::end_actor(next, i);
        add(next, std::to_string(i) + " is killed");
    }
    for (std::size_t task = 0; task < most_tasks; ++task) {
        for (std::size_t session = 0; session < most_sessions; ++session) {
            State next = state;
            Work& work = next.work[task][session];
            const bool lives = work.keeper == Keeper::waiting || work.keeper == Keeper::working ||
                               work.keeper == Keeper::recording ||
                               work.keeper == Keeper::late_record;
            if (!lives) continue;
            work.keeper = Keeper::gone;
            // What it saw and did not write down nobody will know.
            work.truth = Record::none;
            next.work_killed = true;
            add(next, "keeper of task " + std::to_string(task) + " is killed");
        }
    }
}

void HandOverModel::check(const State& state) const {
    for (int task = 0; task < setup_.tasks; ++task) {
        const int index = task;
        int alive = 0;
        for (const Work& work : state.work[index]) alive += work.alive ? 1 : 0;
        if (alive > 1) throw Violation("two carriers at the same time");
        if (state.work_starts[index] > 1 && !state.work_killed) {
            throw Violation("the work ran twice although nobody killed it");
        }
        const History history = state.task[index];
        if (history == 0) continue;
        if (table_.is_ended(history) && alive > 0) throw Violation("ended, and its work lives");
        if (state.killed || !state.accepted[index]) continue;
        if (derive_status(facts(state, task)) == Status::recoverable) {
            throw Violation("an accepted task has no owner although nobody was killed");
        }
    }
}

} // namespace loong::model
