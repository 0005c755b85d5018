#pragma once
/// The files in which a session's output is kept, and the index that keeps its order.
///
/// In the session's directory: `stdout` and `stderr` hold the bytes of each stream, unchanged.
/// `output.index` tells in which order they were read, and when: fixed records of 16 bytes,
/// little-endian, one for each piece.
///
/// | bytes | what |
/// |---|---|
/// | 0 to 7 | when the piece was read, microseconds since 1970-01-01 UTC |
/// | 8 to 11 | its length in bytes; its place is the sum of the earlier lengths of its stream |
/// | 12 | 1 standard output, 2 standard error |
/// | 13 | 0 kept; 1 dropped, because the stream is longer than the limit (not counted in places) |
/// | 14, 15 | 0 |
///
/// A piece is written to its stream first and to the index after that, so an index never tells of
/// bytes that are not there. Bytes that the index does not know (their writer was killed between
/// the two) come last. An unfinished record at the end is ignored, and overwritten by the next.
///
/// `exit` is the exit record, written by loong-keeper (its README has the form). It is made under
/// another name and renamed, so it is whole or absent.

#include <array>
#include <cstddef>
#include <cstdint>

namespace loong {

inline constexpr const char* stdout_file_name = "stdout";
inline constexpr const char* stderr_file_name = "stderr";
inline constexpr const char* output_index_file_name = "output.index";
inline constexpr const char* exit_record_file_name = "exit";

struct OutputPiece {
    std::int64_t at_microseconds = 0;
    std::uint32_t length = 0;
    /// 1 standard output, 2 standard error.
    std::uint8_t stream = 1;
    bool dropped = false;
};

inline constexpr std::size_t output_piece_size = 16;
using OutputPieceBytes = std::array<unsigned char, output_piece_size>;

[[nodiscard]] constexpr OutputPieceBytes encode(const OutputPiece& piece) noexcept {
    OutputPieceBytes bytes{};
    const auto at = static_cast<std::uint64_t>(piece.at_microseconds);
    for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(at >> (8 * i));
    for (unsigned i = 0; i < 4; ++i) {
        bytes[8 + i] = static_cast<unsigned char>(piece.length >> (8 * i));
    }
    bytes[12] = piece.stream;
    bytes[13] = piece.dropped ? 1 : 0;
    return bytes;
}

[[nodiscard]] constexpr OutputPiece decode(const OutputPieceBytes& bytes) noexcept {
    std::uint64_t at = 0;
    std::uint32_t length = 0;
    for (unsigned i = 0; i < 8; ++i) at |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
    for (unsigned i = 0; i < 4; ++i) length |= static_cast<std::uint32_t>(bytes[8 + i]) << (8 * i);
    return {static_cast<std::int64_t>(at), length, bytes[12], bytes[13] != 0};
}

} // namespace loong
