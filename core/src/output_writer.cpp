#include "output_writer.hpp"

#include "loong/output_files.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace loong {

namespace {

const char* name_of(OutputStream stream) {
    return stream == OutputStream::standard_output ? stdout_file_name : stderr_file_name;
}

std::size_t number_of(OutputStream stream) {
    return stream == OutputStream::standard_output ? 0 : 1;
}

Error output_failed(const std::string& path, const char* what) {
    return {ErrorCode::store_io, "output " + path + ": " + what + ": " + std::strerror(errno),
            "check the file system that holds the state directory"};
}

bool write_all(int descriptor, const void* data, std::size_t size) {
    const char* next = static_cast<const char*>(data);
    while (size > 0) {
        const ssize_t written = ::write(descriptor, next, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        next += written;
        size -= static_cast<std::size_t>(written);
    }
    return true;
}

} // namespace

Result<void> OutputWriter::open(OutputStream stream) {
    constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
    Descriptor& file = streams_[number_of(stream)];
    if (!file) {
        const std::string path = directory_ + '/' + name_of(stream);
        file = Descriptor(::open(path.c_str(), flags, 0600));
        struct stat info {};
        if (!file || ::fstat(file.get(), &info) != 0)
            return output_failed(path, "cannot be opened");
        sizes_[number_of(stream)] = static_cast<std::uint64_t>(info.st_size);
    }
    if (!index_) {
        const std::string path = directory_ + '/' + output_index_file_name;
        index_ = Descriptor(::open(path.c_str(), flags, 0600));
        struct stat info {};
        if (!index_ || ::fstat(index_.get(), &info) != 0)
            return output_failed(path, "cannot be opened");
        // A writer that was killed may have left half a record, which the next one replaces.
        const off_t torn = info.st_size % static_cast<off_t>(output_piece_size);
        if (torn != 0 && ::ftruncate(index_.get(), info.st_size - torn) != 0) {
            return output_failed(path, "cannot be cut");
        }
    }
    return {};
}

Result<void> OutputWriter::add_piece(OutputStream stream, std::size_t length, bool dropped) {
    if (length == 0) return {};
    OutputPiece piece;
    piece.at_microseconds = std::chrono::duration_cast<std::chrono::microseconds>(
                                std::chrono::system_clock::now().time_since_epoch())
                                .count();
    piece.length = static_cast<std::uint32_t>(length);
    piece.stream = stream == OutputStream::standard_output ? 1 : 2;
    piece.dropped = dropped;
    const OutputPieceBytes bytes = encode(piece);
    if (!write_all(index_.get(), bytes.data(), bytes.size())) {
        return output_failed(directory_ + '/' + output_index_file_name, "cannot be written");
    }
    return {};
}

Result<void> OutputWriter::write(OutputStream stream, std::string_view bytes) {
    const std::lock_guard<std::mutex> guard(mutex_);
    Result<void> opened = open(stream);
    if (!opened) return opened;
    constexpr std::size_t largest_piece = std::size_t{1} << 24;
    while (!bytes.empty()) {
        const std::string_view piece = bytes.substr(0, largest_piece);
        std::uint64_t& size = sizes_[number_of(stream)];
        const std::uint64_t room = limit_ > size ? limit_ - size : 0;
        const std::size_t kept =
            static_cast<std::size_t>(std::min<std::uint64_t>(room, piece.size()));
        if (!write_all(streams_[number_of(stream)].get(), piece.data(), kept)) {
            return output_failed(directory_ + '/' + name_of(stream), "cannot be written");
        }
        size += kept;
        Result<void> added = add_piece(stream, kept, false);
        if (added) added = add_piece(stream, piece.size() - kept, true);
        if (!added) return added;
        bytes.remove_prefix(piece.size());
    }
    return {};
}

Result<std::uint64_t> OutputWriter::size(OutputStream stream) const {
    const std::string path = directory_ + '/' + name_of(stream);
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0) return static_cast<std::uint64_t>(info.st_size);
    if (errno == ENOENT) return std::uint64_t{0};
    return output_failed(path, "cannot be looked at");
}

} // namespace loong
