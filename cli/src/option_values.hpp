#pragma once
/// Words on the command line that stand for values.

#include "loong/error.hpp"
#include "loong/status.hpp"
#include "loong/summary.hpp"
#include "loong/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace loong::cli {

/// The words that there are.
[[nodiscard]] std::vector<std::string> status_words();
[[nodiscard]] std::vector<std::string> session_state_words();
[[nodiscard]] std::vector<std::string> progress_state_words();

/// Each fails with `invalid_argument`, naming `option` and what it takes, or the nearest word.
[[nodiscard]] Result<Status> read_status(const std::string& option, const std::string& word);
[[nodiscard]] Result<ProgressState> read_progress_state(const std::string& option,
                                                        const std::string& word);
[[nodiscard]] Result<std::int64_t> read_integer(const std::string& option, const std::string& word,
                                                std::int64_t least, std::int64_t greatest);
[[nodiscard]] Result<Seconds> read_duration(const std::string& option, const std::string& word);
[[nodiscard]] Result<std::uint64_t> read_size(const std::string& option, const std::string& word);

/// What to do about a word that is none of `words`: the nearest, or all of them.
[[nodiscard]] Error unknown_word(const std::string& what, const std::string& word,
                                 const std::vector<std::string>& words);

} // namespace loong::cli
