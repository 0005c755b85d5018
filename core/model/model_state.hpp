#pragma once
/// One state of the model: the tasks, the leases, the work, and where each actor stands.

#include "task_table.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace loong::model {

inline constexpr int most_tasks = 2;
inline constexpr int most_slots = 2;
inline constexpr int most_actors = 9;
inline constexpr std::uint8_t nobody = 0xff;

/// Where an actor stands: what it does next. Named after the code that it follows.
enum class At : std::uint8_t {
    gone,
    done,
    // create_tasks.cpp
    create_begin,
    create_append,
    create_release,
    create_withdraw,
    // hand_over.cpp, serve()
    serve_slots,
    serve_claimable,
    serve_start,
    serve_wait,
    // worker.cpp
    worker_slot,
    worker_ready,
    worker_list,
    worker_lease,
    worker_load,
    worker_keeper,
    worker_start,
    worker_handle,
    worker_go,
    worker_watch,
    // session_slot.cpp, by the worker's monitor
    worker_wait,
    worker_give,
    worker_wait_end,
    worker_finish,
    worker_append,
    worker_end_hand_over,
    worker_release,
    worker_way,
    worker_way_look,
    worker_leave,
    worker_look,
    worker_drop_slot,
    worker_bye,
    adopt_load,
    adopt_lease,
    adopt_slot,
    adopt_append,
    adopt_ready,
    adopt_work,
    // change_tasks.cpp, cancel
    cancel_load,
    cancel_begin,
    cancel_append,
    cancel_release,
    cancel_look,
    // recovery.cpp
    recover_load,
    recover_lease,
    recover_lost,
    probe_lock,
    probe_record,
    probe_alive,
    probe_mark,
    recover_take,
    recover_reload,
    recover_end_work,
    recover_begin,
    recover_append,
    recover_end_hand_over,
    recover_release,
    recover_adopt_begin,
    recover_adopt_start,
    recover_adopt_wait,
    recover_adopt_end,
    recover_ready,
    recover_ready_begin,
    recover_ready_start,
    recover_ready_wait,
    recover_ready_end,
    // observer.cpp
    observe_find,
    observe_lease,
    observe_hand_over,
    observe_waiting,
    observe_slots,
    observe_hand_over_again,
    observe_find_again,
    observe_report,
};

enum class Kind : std::uint8_t { none, creator, worker, canceller, recoverer, observer };
enum class Child : std::uint8_t { none, starting, ready, ended };
/// Whether a worker's session waits for the operator: it has a place among those that do, has given
/// its slot away, or was answered and wants one again.
enum class Place : std::uint8_t { none, taken, away, returning };
enum class Probed : std::uint8_t { none, alive, finished, lost, never_started, unreachable };

struct Actor {
    Kind kind = Kind::none;
    At at = At::gone;
    /// Where serve() returns to.
    At back = At::gone;
    std::uint8_t task = 0;
    std::uint8_t session = 0;
    std::uint8_t slot = nobody;
    std::uint8_t token = 0;
    std::uint8_t parent = nobody;
    Child child = Child::none;
    Probed probed = Probed::none;
    Place place = Place::none;
    // States are told apart by their bytes, so none may be left to chance.
    std::uint8_t unused = 0;
    /// A number that the step needs: candidates, workers to start, looks.
    std::uint8_t count = 0;
    /// Yes or no that the step needs: a second probe, a live worker beside, an adoption.
    std::uint8_t flag = 0;
    std::uint8_t lock_held = 0;
    std::uint8_t looks = 0;
    /// Session numbers of the rows that a worker listed.
    std::uint8_t listed[most_tasks]{};
    /// The history as this actor read it last.
    History read = 0;
};

enum class Keeper : std::uint8_t { none, waiting, working, recording, late_record, gone };
enum class Record : std::uint8_t { none, completed, failed, signalled };

enum class Question : std::uint8_t { none, open, answered };

/// The work of one session.
struct Work {
    Keeper keeper = Keeper::none;
    Record record = Record::none;
    /// What the work really did, recorded or not.
    Record truth = Record::none;
    bool alive = false;
    bool handle = false;
    bool marked = false;
    bool told_to_go = false;
    bool told_to_end = false;
    /// What it asked the operator, if it asks.
    Question question = Question::none;
    /// The worker at the other end of the keeper's control channel.
    std::uint8_t owner = nobody;
};

struct State {
    std::array<Actor, most_actors> actors{};
    Work work[most_tasks][most_sessions]{};
    /// Who holds the lease of a session, a slot, the hand-over.
    std::uint8_t lease[most_tasks][most_sessions];
    std::uint8_t token[most_tasks][most_sessions]{};
    std::uint8_t slot[most_slots];
    std::uint8_t hand_over = nobody;
    std::uint8_t kills_left = 0;
    History task[most_tasks]{};
    std::uint8_t work_starts[most_tasks]{};
    bool accepted[most_tasks]{};
    /// Tasks that the operator recovered when nothing moved any more.
    bool recovered[most_tasks]{};
    bool killed = false;
    /// A keeper or a work was killed, so that what it did may be unknown, or done again.
    bool work_killed = false;

    State() {
        std::memset(lease, nobody, sizeof(lease));
        std::memset(slot, nobody, sizeof(slot));
    }
};

static_assert(std::is_trivially_copyable_v<State>);
// States are told apart by their bytes.
static_assert(std::has_unique_object_representations_v<State>);

} // namespace loong::model
