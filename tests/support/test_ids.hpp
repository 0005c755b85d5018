#pragma once
/// Ids and times by number: larger numbers are younger.

#include <loong/ids.hpp>
#include <loong/time.hpp>

#include <cstdint>
#include <string>

namespace loong::test {

/// The number in the alphabet of ULIDs, spread over the text so that neighbours differ both at
/// the start of the random part and at the end.
[[nodiscard]] inline std::string ulid_of(std::uint64_t number) {
    constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    std::string text(ulid_length, '0');
    text[0] = '0';
    text[1] = '1';
    std::uint64_t rest = number;
    for (std::size_t i = 12; i-- > 2;) {
        text[i] = alphabet[rest % 32];
        rest /= 32;
    }
    std::uint64_t mixed = number * 0x9e3779b97f4a7c15;
    for (std::size_t i = 12; i < ulid_length; ++i) {
        text[i] = alphabet[(mixed >> 59) & 31];
        mixed = mixed * 6364136223846793005 + 1442695040888963407;
    }
    return text;
}

[[nodiscard]] inline std::string task_id_of(std::uint64_t number) {
    return std::string(task_id_prefix) + ulid_of(number);
}

[[nodiscard]] inline std::string session_id_of(std::uint64_t number) {
    return std::string(child_session_id_prefix) + ulid_of(number);
}

/// A second, third, … session of the task with that number.
[[nodiscard]] inline std::string session_id_of(std::uint64_t number, std::uint64_t attempt) {
    return session_id_of(number + attempt * 1'000'000'000);
}

/// The session id that follows the id of a task, as that of a task's first session mostly does.
[[nodiscard]] inline std::string session_id_after(std::string_view task_id) {
    constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    std::string text(task_id.substr(task_id_prefix.size()));
    std::size_t last = text.size() - 1;
    while (text[last] == 'z') text[last--] = '0';
    text[last] = alphabet[alphabet.find(text[last]) + 1];
    return text.insert(0, child_session_id_prefix);
}

/// `number` seconds after a fixed point.
[[nodiscard]] inline Time test_time(std::uint64_t number) {
    return Time(Seconds(1'767'322'000) + Seconds(static_cast<std::int64_t>(number)));
}

} // namespace loong::test
