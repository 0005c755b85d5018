#include "explorer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <unordered_map>

namespace loong::model {
namespace {

/// 128 bits of a state stand for it: with a few million states the chance that two of them fall
/// together is below one in 10^24.
struct Mark {
    std::uint64_t one = 0;
    std::uint64_t two = 0;
    bool operator==(const Mark&) const = default;
};

struct HashMark {
    std::size_t operator()(const Mark& mark) const { return mark.one; }
};

std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31U);
}

Mark mark_of(const State& state) {
    std::array<std::uint64_t, (sizeof(State) + 7) / 8> words{};
    std::memcpy(words.data(), &state, sizeof(State));
    Mark mark{0x9e3779b97f4a7c15ULL, 0xc2b2ae3d27d4eb4fULL};
    for (const std::uint64_t word : words) {
        mark.one = mix(mark.one ^ word);
        mark.two = mix(mark.two + word * 0x9e3779b97f4a7c15ULL + 0x632be59bd9b4e019ULL);
    }
    return mark;
}

/// How a state was reached first.
struct Origin {
    std::uint32_t before = 0;
    std::uint16_t choice = 0;
};

class Explorer {
public:
    explicit Explorer(const Setup& setup) : model_(setup) {}

    Exploration run() {
        visit(model_.initial(), {});
        while (!open_.empty() && !result_.violation) {
            const auto [state, index] = open_.front();
            open_.pop_front();
            expand(state, index);
        }
        result_.states = origins_.size();
        result_.kill_points = model_.kill_points();
        result_.histories = model_.histories();
        return result_;
    }

private:
    void expand(const State& state, std::uint32_t index) {
        std::vector<Successor> found;
        try {
            model_.successors(state, found);
        } catch (const std::exception& violation) {
            return report(violation.what(), index);
        }
        if (found.empty()) ++result_.ends;
        result_.transitions += found.size();
        for (std::size_t i = 0; i < found.size() && !result_.violation; ++i) {
            visit(found[i].state, {index, static_cast<std::uint16_t>(i)});
        }
    }

    void visit(const State& state, Origin origin) {
        const auto index = static_cast<std::uint32_t>(origins_.size());
        if (!known_.emplace(mark_of(state), index).second) return;
        origins_.push_back(origin);
        open_.emplace_back(state, index);
        try {
            model_.check(state);
        } catch (const Violation& violation) {
            report(violation.what(), index);
        }
    }

    void report(const std::string& what, std::uint32_t index) {
        result_.violation = what;
        std::vector<std::uint16_t> choices;
        for (; index != 0; index = origins_[index].before) {
            choices.push_back(origins_[index].choice);
        }
        std::reverse(choices.begin(), choices.end());
        State state = model_.initial();
        std::vector<Successor> found;
        for (const std::uint16_t choice : choices) {
            model_.successors(state, found);
            result_.steps.push_back(found.at(choice).label);
            state = found.at(choice).state;
        }
    }

    HandOverModel model_;
    std::unordered_map<Mark, std::uint32_t, HashMark> known_;
    std::vector<Origin> origins_;
    std::deque<std::pair<State, std::uint32_t>> open_;
    Exploration result_;
};

} // namespace

Exploration explore(const Setup& setup) { return Explorer(setup).run(); }

} // namespace loong::model
