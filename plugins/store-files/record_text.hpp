#pragma once
/// The grammar of `events.yaml`: where records begin and end, and which of them count.
///
/// Every record is a line `- {"id":N,…}`; ids are dense from 1. The last record of a group ends in
/// `"end":true}`. Whole groups count; what follows the last one is either torn (an append that did
/// not come to its end, ignored and cut off later) or damage. Nothing here opens a file.

#include "common.hpp"
#include "record_check.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace loong::store_files {

inline constexpr std::string_view record_prefix = "- ";

/// What a stretch of `events.yaml` holds.
struct RecordScan {
    /// The records of the whole groups, without prefix and newline. They point into the text.
    std::vector<std::string_view> records;
    /// Where in the text the last whole group ends.
    std::size_t whole = 0;
    /// Something follows it that counts as torn.
    bool torn = false;
    /// Not empty: the text is damaged, and how.
    std::string damage;
};

/// Reads records from `text`, which begins with that of the id `first_id`.
[[nodiscard]] RecordScan scan_records(std::string_view text, std::uint64_t first_id);

/// What the end of a file tells of it.
struct RecordTail {
    /// False: the stretch was too short to tell.
    bool known = false;
    /// Id of the last record of the last whole group.
    std::uint64_t last_id = 0;
    /// Where in the stretch that group ends.
    std::size_t whole = 0;
    bool torn = false;
};

/// Finds the last whole group in the last bytes of a file without reading the rest of it.
[[nodiscard]] RecordTail find_tail(std::string_view end_of_file);

/// The records as they stand in the file.
[[nodiscard]] std::string as_lines(const std::vector<std::string>& records);

} // namespace loong::store_files
