#include "option_values.hpp"

#include "text.hpp"

#include <array>
#include <charconv>

namespace loong::cli {
namespace {

constexpr std::array progress_states = {ProgressState::active, ProgressState::waiting,
                                        ProgressState::blocked, ProgressState::verifying};

template <typename Enumeration>
std::vector<std::string> words_up_to(Enumeration last) {
    std::vector<std::string> words;
    for (int i = 0; i <= static_cast<int>(last); ++i) {
        words.emplace_back(to_string(static_cast<Enumeration>(i)));
    }
    return words;
}

} // namespace

std::vector<std::string> status_words() { return words_up_to(last_status); }

std::vector<std::string> session_state_words() { return words_up_to(last_session_state); }

std::vector<std::string> progress_state_words() {
    std::vector<std::string> words;
    words.reserve(progress_states.size());
    for (const ProgressState state : progress_states) words.emplace_back(to_string(state));
    return words;
}

Error unknown_word(const std::string& what, const std::string& word,
                   const std::vector<std::string>& words) {
    return {ErrorCode::invalid_argument, "unknown " + what + " '" + word + "'",
            suggest(word, words)};
}

Result<Status> read_status(const std::string& option, const std::string& word) {
    for (int i = 0; i <= static_cast<int>(last_status); ++i) {
        const auto status = static_cast<Status>(i);
        if (to_string(status) == word) return status;
    }
    return unknown_word("status for " + option, word, status_words());
}

Result<ProgressState> read_progress_state(const std::string& option, const std::string& word) {
    for (const ProgressState state : progress_states) {
        if (to_string(state) == word) return state;
    }
    return unknown_word("state for " + option, word, progress_state_words());
}

Result<std::int64_t> read_integer(const std::string& option, const std::string& word,
                                  std::int64_t least, std::int64_t greatest) {
    std::int64_t number = 0;
    const auto end = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool whole = end.ec == std::errc() && end.ptr == word.data() + word.size();
    if (whole && number >= least && number <= greatest) return number;
    return Error{ErrorCode::invalid_argument, "option " + option + ": '" + word + "' does not fit",
                 "give a whole number from " + std::to_string(least) + " to " +
                     std::to_string(greatest)};
}

Result<Seconds> read_duration(const std::string& option, const std::string& word) {
    if (const std::optional<Seconds> duration = parse_duration(word)) return *duration;
    return Error{ErrorCode::invalid_argument,
                 "option " + option + ": '" + word + "' is no length of time",
                 "for example 90, 30s, 10m, 1h30m or 2d"};
}

Result<std::uint64_t> read_size(const std::string& option, const std::string& word) {
    if (const std::optional<std::uint64_t> size = parse_size(word)) return *size;
    return Error{ErrorCode::invalid_argument, "option " + option + ": '" + word + "' is no size",
                 "for example 4096, 10MiB or 1GiB"};
}

} // namespace loong::cli
