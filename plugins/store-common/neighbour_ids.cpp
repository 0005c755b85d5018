#include "neighbour_ids.hpp"

#include "loong/ids.hpp"

namespace loong::store_common {

namespace {

constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";

/// `prefix` and the ULID after `ulid`, or before it. Absent beyond the first and the last.
std::optional<std::string> neighbour(std::string_view prefix, std::string_view ulid, bool after) {
    const char carrying = after ? digits.back() : digits.front();
    const char carried = after ? digits.front() : digits.back();
    const std::size_t last = ulid.find_last_not_of(carrying);
    if (last == std::string_view::npos) return {};
    std::string text(ulid.substr(0, last));
    const std::size_t digit = digits.find(ulid[last]);
    text += digits[after ? digit + 1 : digit - 1];
    text.append(ulid.size() - text.size(), carried);
    // The first digit has but three bits.
    if (!is_ulid(text)) return {};
    return text.insert(0, prefix);
}

} // namespace

std::optional<std::string> session_after(std::string_view task_id) {
    if (!is_task_id(task_id)) return {};
    return neighbour(child_session_id_prefix, task_id.substr(task_id_prefix.size()), true);
}

std::optional<std::string> task_before(std::string_view session_id) {
    if (!is_child_session_id(session_id)) return {};
    return neighbour(task_id_prefix, session_id.substr(child_session_id_prefix.size()), false);
}

} // namespace loong::store_common
