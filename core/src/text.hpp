#pragma once
/// Small conversions between text and values that more than one part of core needs.

#include "loong/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

/// RFC 3339 in UTC with microseconds: `2026-01-02T03:04:05.000006Z`.
[[nodiscard]] std::string format_time(Time time);
/// The same back; other offsets and fewer digits are accepted.
[[nodiscard]] std::optional<Time> parse_time(std::string_view text);

/// `90`, `30s`, `10m`, `1h30m`, `2d`; not negative. Absent where it is none, or out of range.
[[nodiscard]] std::optional<Seconds> parse_duration(std::string_view text);
/// For people, at most two units: `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
[[nodiscard]] std::string format_duration(Microseconds duration);
/// `1024`, `10KiB`, `1GiB`, `5MB`.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

/// Quoted so that a POSIX shell reads back exactly this word; plain words stay as they are.
[[nodiscard]] std::string shell_quote(std::string_view word);

/// Control characters, DEL, bytes that are no UTF-8, and characters that change the direction of
/// text written as escapes (`\x1b`, `\n`, `\u202e`), so that a terminal shows and does not obey them.
[[nodiscard]] std::string escape_controls(std::string_view text);
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// At most `limit` bytes, cut at a character's boundary, with `…` where something was cut.
[[nodiscard]] std::string shorten(std::string_view text, std::size_t limit);

/// The word nearest to `word` (by edit distance), where one is near enough to be meant.
[[nodiscard]] std::optional<std::string> nearest_word(std::string_view word,
                                                      const std::vector<std::string>& words);

/// `did you mean 'X'?` or, where nothing is near, `one of: A, B, C`.
[[nodiscard]] std::string suggest(std::string_view word, const std::vector<std::string>& words);

/// A new ULID of now and randomness; later ones of one process sort after earlier ones.
[[nodiscard]] std::string new_ulid(Time now);

} // namespace loong
