#pragma once
/// The tasks of the model: real histories, made by the real decide() and evolve(), each known by a
/// small number so that a state of the model stays a few bytes.

#include "decide.hpp"
#include "task_state.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace loong::model {

inline constexpr int most_sessions = 3;

/// A history of one task; 0 is the task that does not exist.
using History = std::uint16_t;

/// The commands that the actors of the hand-over give, as far as the model tells them apart.
enum class Move : std::uint8_t {
    create,
    start,
    adopt,
    finish_completed,
    finish_failed,
    finish_unknown,
    finish_cancelled,
    collect_completed,
    collect_failed,
    collect_cancelled,
    spawn_failed,
    cancel,
    acknowledge,
    end_cancelled,
    end_completed,
    mark_failed,
    retry_never_started,
};

struct Decided {
    /// Whether decide() had no objection; `next` is the history with its events then.
    bool accepted = false;
    History next = 0;
};

class TaskTable {
public:
    TaskTable();

    /// What the real decide() says to it. Throws where a terminal session would change.
    Decided decide(History history, Move move, std::uint8_t token);

    const TaskState& state(History history) const { return entries_[history].state; }
    bool is_ready(History history) const;
    bool is_running(History history) const;
    bool is_ended(History history) const {
        return history != 0 && !is_ready(history) && !is_running(history);
    }
    bool cancel_requested(History history) const;
    /// Number of the current session, from 0.
    std::uint8_t session(History history) const {
        return static_cast<std::uint8_t>(entries_[history].state.sessions.size() - 1);
    }
    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        TaskState state;
        std::string records;
    };

    History intern(TaskState state, std::string records);

    std::vector<Entry> entries_;
    std::map<std::string, History> known_;
    std::map<std::pair<History, std::uint16_t>, Decided> decisions_;
};

} // namespace loong::model
