#pragma once
/// Small things that everything here needs from the operating system.

#include <loong/error.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace loong::local {

/// What an error number means, as text.
[[nodiscard]] std::string error_text(int number);

/// `store_io`, `<what>: <why>`.
[[nodiscard]] Error system_error(std::string_view what, int number);

/// The content of a file of at most `limit` bytes; absent where there is no such file.
[[nodiscard]] Result<std::optional<std::string>> read_file(const std::string& path,
                                                           std::size_t limit);

/// Makes or replaces a file that only the user can read.
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view content);

/// `SIGTERM` for 15; `signal 64` where it has no name.
[[nodiscard]] std::string signal_name(int number);

/// The word of `words` (a list of strings) that is most like `word`; empty
/// where none is like it.
template <typename Words>
[[nodiscard]] std::string nearest_word(std::string_view word, const Words& words);

[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

template <typename Words>
std::string nearest_word(std::string_view word, const Words& words) {
    std::string best;
    // A third of the word wrong is still a slip; more is another word.
    std::size_t least = word.size() / 3 + 2;
    for (const std::string_view candidate : words) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < least) {
            least = distance;
            best = candidate;
        }
    }
    return best;
}

/// Waits until `descriptor` is readable, at most `milliseconds` (-1: for ever). False: it is not.
bool wait_readable(int descriptor, int milliseconds);

} // namespace loong::local
