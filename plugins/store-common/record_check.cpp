#include "record_check.hpp"

#include "loong/ids.hpp"

#include <charconv>

namespace loong::store_common {

namespace {

constexpr std::string_view id_prefix = "{\"id\":";

constexpr std::size_t max_document_size = std::size_t{16} << 20;

Error refused(std::string_view why) {
    return {ErrorCode::invalid_argument, "records: " + std::string(why), {}};
}

Result<void> check_records(const std::vector<std::string>& records, std::uint64_t first_id,
                           bool one_group) {
    if (records.empty()) return refused("there are none");
    std::uint64_t id = first_id;
    for (const std::string& record : records) {
        const bool last = &record == &records.back();
        if (record_id(record) != id)
            return refused("record " + std::to_string(id) + " does not begin with its id");
        if (record.size() > max_record_size)
            return refused("record " + std::to_string(id) + " is larger than 1 MiB");
        if (record.find('\n') != std::string::npos || record.find('\0') != std::string::npos)
            return refused("record " + std::to_string(id) + " is not one line of text");
        if (record.back() != '}' || (last && !ends_group(record)) ||
            (one_group && !last && ends_group(record)))
            return refused("exactly the last record of a group ends in " +
                           std::string(group_end_mark));
        ++id;
    }
    return {};
}

} // namespace

std::uint64_t record_id(std::string_view record) {
    if (!record.starts_with(id_prefix)) return 0;
    const char* begin = record.data() + id_prefix.size();
    const char* end = record.data() + record.size();
    std::uint64_t id = 0;
    const std::from_chars_result read = std::from_chars(begin, end, id);
    if (read.ec != std::errc() || read.ptr == end || *read.ptr != ',' || *begin == '0') return 0;
    return id;
}

bool ends_group(std::string_view record) { return record.ends_with(group_end_mark); }

Result<void> check_group(const std::vector<std::string>& records, std::uint64_t first_id) {
    return check_records(records, first_id, true);
}

Result<void> check_groups(const std::vector<std::string>& records, std::uint64_t first_id) {
    return check_records(records, first_id, false);
}

Result<void> check_new_task(const NewTask& task) {
    if (!is_task_id(task.task_id)) {
        return Error{ErrorCode::invalid_argument, "task '" + task.task_id + "': not a task id", {}};
    }
    if (task.document.size() > max_document_size) {
        return Error{ErrorCode::invalid_argument,
                     "task " + task.task_id + ": its document is larger than 16 MiB",
                     {}};
    }
    return check_groups(task.records, 1);
}

} // namespace loong::store_common
