#include "output_reader.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <poll.h>

namespace loong {
namespace {

/// Writes a session's output as a keeper does.
class OutputReaderTest : public testing::Test {
protected:
    void append(const std::string& name, std::string_view bytes) const {
        std::ofstream(path(name), std::ios::app | std::ios::binary) << bytes;
    }
    void index(std::uint8_t stream, std::size_t length, bool dropped = false) const {
        OutputPiece piece;
        piece.length = static_cast<std::uint32_t>(length);
        piece.stream = stream;
        piece.dropped = dropped;
        const OutputPieceBytes bytes = encode(piece);
        append(output_index_file_name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    void write(std::uint8_t stream, std::string_view bytes) const {
        append(stream == 1 ? stdout_file_name : stderr_file_name, bytes);
        index(stream, bytes.size());
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return directory() + "/" + name;
    }
    [[nodiscard]] std::string directory() const { return directory_.path(); }

    /// Standard error in brackets.
    static std::string read(OutputReader& reader, bool final) {
        std::string text;
        const auto done = reader.read(
            [&](OutputStream stream, std::string_view bytes) -> Result<void> {
                const bool error = stream == OutputStream::standard_error;
                text += error ? "[" + std::string(bytes) + "]" : std::string(bytes);
                return {};
            },
            final);
        EXPECT_TRUE(done);
        return text;
    }

    [[nodiscard]] std::string tail(OutputChoice choice, std::uint64_t lines) const {
        OutputReader reader(directory(), choice);
        EXPECT_TRUE(reader.skip_to_tail(lines));
        return read(reader, true);
    }

private:
    test::TemporaryDirectory directory_;
};

TEST_F(OutputReaderTest, NothingWrittenYetIsNothingToRead) {
    OutputReader reader(directory(), OutputChoice::both);
    EXPECT_EQ(read(reader, false), "");
    write(1, "late\n");
    EXPECT_EQ(read(reader, true), "late\n");
}

TEST_F(OutputReaderTest, StreamsComeInTheOrderOfTheIndex) {
    write(1, "a\n");
    write(2, "b\n");
    index(1, 100, true);
    write(1, "c\n");
    OutputReader both(directory(), OutputChoice::both);
    EXPECT_EQ(read(both, true), "a\n[b\n]c\n");
    OutputReader out(directory(), OutputChoice::standard_output);
    EXPECT_EQ(read(out, true), "a\nc\n");
    OutputReader err(directory(), OutputChoice::standard_error);
    EXPECT_EQ(read(err, true), "[b\n]");
}

TEST_F(OutputReaderTest, WhatTheIndexDoesNotKnowComesLast) {
    append(stdout_file_name, "lost\n");
    write(2, "known\n");
    OutputReader reader(directory(), OutputChoice::both);
    EXPECT_EQ(read(reader, false), "[known\n]");
    EXPECT_EQ(read(reader, true), "lost\n");
}

TEST_F(OutputReaderTest, AnUnfinishedIndexRecordIsIgnoredUntilItIsWhole) {
    write(1, "a");
    append(output_index_file_name, "1234567");
    OutputReader reader(directory(), OutputChoice::both);
    EXPECT_EQ(read(reader, false), "a");
    EXPECT_EQ(read(reader, false), "");
}

TEST_F(OutputReaderTest, GoesOnWhereItStopped) {
    OutputReader reader(directory(), OutputChoice::both);
    std::string all;
    for (int i = 0; i < 100; ++i) {
        write(i % 3 == 0 ? 2 : 1, std::to_string(i) + "\n");
        all += read(reader, false);
    }
    OutputReader again(directory(), OutputChoice::both);
    EXPECT_EQ(read(again, true), all);
}

TEST_F(OutputReaderTest, LongOutputIsWhole) {
    const std::string long_text(300000, 'x');
    write(1, long_text);
    OutputReader reader(directory(), OutputChoice::both);
    EXPECT_EQ(read(reader, true), long_text);
}

TEST_F(OutputReaderTest, TailOfOneStream) {
    write(1, "1\n2\n3\n");
    EXPECT_EQ(tail(OutputChoice::standard_output, 0), "");
    EXPECT_EQ(tail(OutputChoice::standard_output, 1), "3\n");
    EXPECT_EQ(tail(OutputChoice::standard_output, 2), "2\n3\n");
    EXPECT_EQ(tail(OutputChoice::standard_output, 9), "1\n2\n3\n");
    append(stdout_file_name, "4");
    EXPECT_EQ(tail(OutputChoice::standard_output, 2), "3\n4");
}

TEST_F(OutputReaderTest, TailOfBothInTheirOrder) {
    write(1, "1\n2\n");
    write(2, "3\n");
    write(1, "4\n5\n");
    EXPECT_EQ(tail(OutputChoice::both, 0), "");
    EXPECT_EQ(tail(OutputChoice::both, 1), "5\n");
    EXPECT_EQ(tail(OutputChoice::both, 3), "[3\n]4\n5\n");
    EXPECT_EQ(tail(OutputChoice::both, 4), "2\n[3\n]4\n5\n");
    EXPECT_EQ(tail(OutputChoice::both, 99), "1\n2\n[3\n]4\n5\n");
    append(stderr_file_name, "6\n7\n");
    EXPECT_EQ(tail(OutputChoice::both, 1), "[7\n]");
    EXPECT_EQ(tail(OutputChoice::both, 3), "5\n[6\n7\n]");
}

TEST_F(OutputReaderTest, TailThenFollow) {
    write(1, "1\n2\n");
    write(2, "3\n");
    OutputReader reader(directory(), OutputChoice::both);
    ASSERT_TRUE(reader.skip_to_tail(2));
    EXPECT_EQ(read(reader, false), "2\n[3\n]");
    write(1, "4\n");
    EXPECT_EQ(read(reader, false), "4\n");
}

TEST_F(OutputReaderTest, TailOverManyBlocksOfTheIndex) {
    for (int i = 0; i < 10000; ++i) write(i % 2 == 0 ? 1 : 2, "x\n");
    std::string expected;
    for (int i = 0; i < 9001; ++i) expected += i % 2 == 0 ? "[x\n]" : "x\n";
    EXPECT_EQ(tail(OutputChoice::both, 9001), expected);
}

TEST_F(OutputReaderTest, AWatchTellsOfChanges) {
    DirectoryWatch watch(directory());
    if (watch.descriptor() < 0) GTEST_SKIP() << "no inotify instance is free";
    pollfd readable{watch.descriptor(), POLLIN, 0};
    EXPECT_EQ(poll(&readable, 1, 0), 0);
    write(1, "a");
    EXPECT_EQ(poll(&readable, 1, 5000), 1);
    watch.clear();
    EXPECT_EQ(poll(&readable, 1, 0), 0);
    EXPECT_LT(DirectoryWatch(path("nowhere")).descriptor(), 0);
}

} // namespace
} // namespace loong
