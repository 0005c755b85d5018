#include "output_repair.hpp"

#include "descriptor.hpp"
#include "system.hpp"
#include <loong/output_files.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>

namespace loong::local {
namespace {

struct Known {
    std::array<std::uint64_t, 2> lengths{};
    off_t index_size = 0;
};

Result<Known> read_index(const Descriptor& index) {
    Known known;
    std::array<unsigned char, 4096 * output_piece_size> chunk{};
    for (;;) {
        const ssize_t count = ::pread(index.get(), chunk.data(), chunk.size(), known.index_size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("output index", errno);
        const std::size_t whole = static_cast<std::size_t>(count) / output_piece_size;
        if (whole == 0) return known;
        for (std::size_t i = 0; i < whole; ++i) {
            OutputPieceBytes bytes{};
            std::memcpy(bytes.data(), chunk.data() + i * output_piece_size, bytes.size());
            const OutputPiece piece = decode(bytes);
            const bool counts = !piece.dropped && (piece.stream == 1 || piece.stream == 2);
            if (counts) known.lengths[piece.stream - 1U] += piece.length;
        }
        known.index_size += static_cast<off_t>(whole * output_piece_size);
    }
}

std::uint64_t file_size(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return 0;
    return static_cast<std::uint64_t>(status.st_size);
}

Result<void> add_piece(const Descriptor& index, Known& known, std::uint8_t stream,
                       std::uint64_t length) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto at = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    while (length > 0) {
        const auto part = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(length, std::numeric_limits<std::uint32_t>::max()));
        const OutputPieceBytes bytes = encode({at, part, stream, false});
        if (::pwrite(index.get(), bytes.data(), bytes.size(), known.index_size) !=
            static_cast<ssize_t>(bytes.size())) {
            return system_error("output index", errno);
        }
        known.index_size += static_cast<off_t>(bytes.size());
        length -= part;
    }
    return {};
}

} // namespace

Result<void> repair_output(const std::string& directory) {
    const std::string path = directory + "/" + output_index_file_name;
    const Descriptor index(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!index) {
        if (errno == ENOENT) return {};
        return system_error("output index " + path, errno);
    }
    auto known = read_index(index);
    if (!known) return std::move(known).error();
    const std::array<const char*, 2> names{stdout_file_name, stderr_file_name};
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::uint64_t size = file_size(directory + "/" + names[i]);
        if (size <= known->lengths[i]) continue;
        auto added =
            add_piece(index, *known, static_cast<std::uint8_t>(i + 1), size - known->lengths[i]);
        if (!added) return added;
    }
    return {};
}

} // namespace loong::local
