#include "text.hpp"

#include <algorithm>
#include <numeric>

namespace loong {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](char c) { return lower(c); });
    return result;
}

/// How many letters have to be inserted, removed, replaced or swapped with their neighbour.
std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> before(right.size() + 1);
    std::vector<std::size_t> above(right.size() + 1);
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(above.begin(), above.end(), std::size_t{0});
    for (std::size_t i = 1; i <= left.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t replaced = above[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
            const bool swapped =
                i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, above);
        std::swap(above, row);
    }
    return above[right.size()];
}

/// Longer words are nobody's typing error, and would cost the product of their lengths.
constexpr std::size_t longest_word = 64;
constexpr std::size_t shortest_beginning = 3;

} // namespace

std::optional<std::string> nearest_word(std::string_view word,
                                        const std::vector<std::string>& words) {
    if (word.empty() || word.size() > longest_word) return std::nullopt;
    const std::string wanted = lower(word);
    const std::string* nearest = nullptr;
    const std::string* longer = nullptr;
    std::size_t nearest_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string& candidate : words) {
        if (candidate.empty() || candidate.size() > longest_word) continue;
        const std::string other = lower(candidate);
        const std::size_t distance = edit_distance(wanted, other);
        // A word with no letter in common is not near, however short it is.
        if (distance < nearest_distance && distance < std::max(wanted.size(), other.size())) {
            nearest = &candidate;
            nearest_distance = distance;
        }
        if (longer == nullptr && wanted.size() >= shortest_beginning && other.starts_with(wanted)) {
            longer = &candidate;
        }
    }
    if (nearest != nullptr) return *nearest;
    if (longer != nullptr) return *longer;
    return std::nullopt;
}

std::string suggest(std::string_view word, const std::vector<std::string>& words) {
    if (const auto nearest = nearest_word(word, words)) return "did you mean '" + *nearest + "'?";
    std::string list;
    for (const std::string& known : words) {
        list += list.empty() ? "one of: " : ", ";
        list += known;
    }
    return list;
}

} // namespace loong
