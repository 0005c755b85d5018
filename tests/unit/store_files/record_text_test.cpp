#include "record_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace loong::store_files {
namespace {

std::string record(std::uint64_t id, bool end, const std::string& more = {}) {
    return "{\"id\":" + std::to_string(id) + ",\"x\":\"" + more +
           (end ? "\",\"end\":true}" : "\"}");
}

std::string line(std::uint64_t id, bool end, const std::string& more = {}) {
    return "- " + record(id, end, more) + "\n";
}

TEST(RecordText, whole_groups_are_read) {
    const std::string text = line(1, true) + line(2, false) + line(3, true);
    const RecordScan scan = scan_records(text, 1);
    EXPECT_EQ(scan.records.size(), 3U);
    EXPECT_EQ(scan.records.back(), record(3, true));
    EXPECT_EQ(scan.whole, text.size());
    EXPECT_FALSE(scan.torn);
    EXPECT_TRUE(scan.damage.empty());
}

TEST(RecordText, every_prefix_is_older_or_torn_and_never_damaged) {
    const std::string text = line(1, true) + line(2, false) + line(3, true) + line(4, true);
    for (std::size_t size = 0; size <= text.size(); ++size) {
        const RecordScan scan = scan_records(std::string_view(text).substr(0, size), 1);
        EXPECT_TRUE(scan.damage.empty()) << size;
        EXPECT_EQ(scan.torn, scan.whole != size) << size;
        EXPECT_NE(scan.records.size(), 2U) << "half a group at " << size;
    }
}

TEST(RecordText, nul_bytes_at_the_end_are_torn) {
    const std::string whole = line(1, true);
    for (const std::string& rest :
         {std::string(10, '\0'), line(2, false) + std::string(5, '\0'),
          "- {\"id\":2," + std::string(4096, '\0') + ",\"end\":true}\n"}) {
        const RecordScan scan = scan_records(whole + rest, 1);
        EXPECT_TRUE(scan.damage.empty());
        EXPECT_TRUE(scan.torn);
        EXPECT_EQ(scan.whole, whole.size());
    }
}

TEST(RecordText, anything_else_is_damage) {
    const std::string whole = line(1, true);
    for (const std::string& rest :
         {line(3, true), line(1, true), std::string("nonsense\n"), line(2, true).substr(1),
          std::string("\n"), "- {\"id\":2 }\n" + line(3, true),
          // More than one append follows what is not readable: these were acknowledged.
          "x" + line(2, true) + line(3, true) + "- {\"id\":4",
          std::string("\0\0", 2) + line(2, true) + line(3, true)}) {
        const RecordScan scan = scan_records(whole + rest, 1);
        EXPECT_FALSE(scan.damage.empty()) << rest;
    }
}

TEST(RecordText, the_tail_tells_the_same_as_a_whole_scan) {
    std::string text;
    for (std::uint64_t id = 1; id <= 40; ++id) text += line(id, id % 3 == 1, std::string(id, 'p'));
    for (std::size_t size = 0; size <= text.size(); ++size) {
        const std::string_view file = std::string_view(text).substr(0, size);
        const RecordScan scan = scan_records(file, 1);
        const RecordTail tail = find_tail(file.substr(file.size() / 2));
        if (!tail.known) continue;
        EXPECT_EQ(tail.last_id, scan.records.size()) << size;
        EXPECT_EQ(file.size() / 2 + tail.whole, scan.whole) << size;
        EXPECT_EQ(tail.torn, scan.torn) << size;
    }
    EXPECT_TRUE(find_tail(std::string_view(text).substr(100)).known);
}

TEST(RecordText, ids_are_read_strictly) {
    EXPECT_EQ(record_id("{\"id\":17,\"x\":1}"), 17U);
    for (const char* wrong :
         {"", "{\"id\":", "{\"id\":1", "{\"id\":1}", "{\"id\":01,", "{\"id\":-1,", "{ \"id\":1,",
          "{\"id\":,", "{\"id\":99999999999999999999,"})
        EXPECT_EQ(record_id(wrong), 0U) << wrong;
}

TEST(RecordText, a_group_has_one_end_at_its_end) {
    EXPECT_TRUE(check_group({record(3, false), record(4, true)}, 3).has_value());
    EXPECT_FALSE(check_group({}, 1).has_value());
    EXPECT_FALSE(check_group({record(1, false)}, 1).has_value());
    EXPECT_FALSE(check_group({record(1, true), record(2, true)}, 1).has_value());
    EXPECT_TRUE(check_groups({record(1, true), record(2, true)}, 1).has_value());
    EXPECT_FALSE(check_group({record(2, true)}, 1).has_value());
    EXPECT_FALSE(check_group({record(1, true, "a\nb")}, 1).has_value());
    EXPECT_FALSE(check_group({record(1, true, std::string(max_record_size, 'x'))}, 1).has_value());
}

} // namespace
} // namespace loong::store_files
