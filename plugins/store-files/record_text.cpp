#include "record_text.hpp"

namespace loong::store_files {

namespace {

/// What follows the last whole group counts as torn where it can be the remains of one append:
/// without its last newline, or with blocks that were never written (NUL bytes). Where the end of
/// a group stands before its last line it is more than one append, and thus damaged.
bool is_torn(std::string_view rest) {
    const bool has_newline = rest.back() == '\n';
    const std::string_view lines = has_newline ? rest.substr(0, rest.size() - 1) : rest;
    const std::size_t last_line = lines.rfind('\n');
    const std::string_view before =
        last_line == std::string_view::npos ? std::string_view() : rest.substr(0, last_line + 1);
    std::string mark(group_end_mark);
    mark += '\n';
    if (before.find(mark) != std::string_view::npos) return false;
    return !has_newline || rest.find('\0') != std::string_view::npos;
}

} // namespace

RecordScan scan_records(std::string_view text, std::uint64_t first_id) {
    RecordScan scan;
    std::size_t whole_count = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t newline = text.find('\n', at);
        if (newline == std::string_view::npos) break;
        const std::string_view line = text.substr(at, newline - at);
        const std::string_view record =
            line.starts_with(record_prefix) ? line.substr(record_prefix.size()) : line;
        const std::uint64_t id = first_id + scan.records.size();
        if (record.size() == line.size() || record_id(record) != id || record.back() != '}' ||
            record.find('\0') != std::string_view::npos) {
            if (!is_torn(text.substr(scan.whole)))
                scan.damage = "record " + std::to_string(id) + " is not readable";
            scan.records.resize(whole_count);
            scan.torn = scan.damage.empty();
            return scan;
        }
        scan.records.push_back(record);
        at = newline + 1;
        if (ends_group(record)) {
            scan.whole = at;
            whole_count = scan.records.size();
        }
    }
    scan.records.resize(whole_count);
    scan.torn = scan.whole < text.size();
    return scan;
}

RecordTail find_tail(std::string_view end_of_file) {
    std::string mark(group_end_mark);
    mark += '\n';
    RecordTail tail;
    const std::size_t last = end_of_file.rfind(mark);
    if (last == std::string_view::npos) return tail;
    tail.whole = last + mark.size();
    tail.torn = tail.whole < end_of_file.size();
    const std::string_view line = end_of_file.substr(0, tail.whole - 1);
    const std::size_t before = line.rfind('\n');
    if (before == std::string_view::npos) return tail;
    std::string_view record = line.substr(before + 1);
    if (!record.starts_with(record_prefix)) return tail;
    record.remove_prefix(record_prefix.size());
    if (record.find('\0') != std::string_view::npos) return tail;
    // What follows has to be an unfinished append; whether it is one, or damage, takes a whole scan.
    if (tail.torn && end_of_file.find('\n', tail.whole) != std::string_view::npos) return tail;
    tail.last_id = record_id(record);
    tail.known = tail.last_id != 0;
    return tail;
}

std::string as_lines(const std::vector<std::string>& records) {
    std::size_t size = 0;
    for (const std::string& record : records) size += record.size() + record_prefix.size() + 1;
    std::string text;
    text.reserve(size);
    for (const std::string& record : records)
        text.append(record_prefix).append(record).append("\n");
    return text;
}

} // namespace loong::store_files
