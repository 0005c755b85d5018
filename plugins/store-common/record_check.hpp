#pragma once
/// What a record has to look like for a store that keeps them as they are.
///
/// Ids are dense from 1, and `id` is the first member of a record. The last record of a group, and
/// no other, ends in `"end":true}`.

#include "loong/error.hpp"
#include "loong/store.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace loong::store_common {

inline constexpr std::string_view group_end_mark = "\"end\":true}";
inline constexpr std::size_t max_record_size = std::size_t{1} << 20;

/// The number in `{"id":N,…`; 0 where the text does not begin like that.
[[nodiscard]] std::uint64_t record_id(std::string_view record);

[[nodiscard]] bool ends_group(std::string_view record);

/// Whether the records form one group that begins with the id `first_id`; `invalid_argument`.
[[nodiscard]] Result<void> check_group(const std::vector<std::string>& records,
                                       std::uint64_t first_id);

/// As check_group, for one or more groups.
[[nodiscard]] Result<void> check_groups(const std::vector<std::string>& records,
                                        std::uint64_t first_id);

/// Whether a task can be created from this; `invalid_argument`.
[[nodiscard]] Result<void> check_new_task(const NewTask& task);

} // namespace loong::store_common
