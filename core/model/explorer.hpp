#pragma once
/// Breadth-first search through everything that can happen.

#include "hand_over_model.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace loong::model {

struct Exploration {
    std::size_t states = 0;
    std::uint64_t transitions = 0;
    std::uint64_t kill_points = 0;
    std::size_t histories = 0;
    /// States in which nothing can happen any more.
    std::size_t ends = 0;
    /// What was violated, with the shortest way to it; absent where everything holds.
    std::optional<std::string> violation;
    std::vector<std::string> steps;
};

/// Visits every state that can be reached; stops at the first violation.
Exploration explore(const Setup& setup);

} // namespace loong::model
