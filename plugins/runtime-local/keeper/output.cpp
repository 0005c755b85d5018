#include "output.hpp"

#include "clock.hpp"
#include <loong/output_files.hpp>

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace loong::keeper {
namespace {

constexpr std::uint32_t largest_piece = 1U << 20;
constexpr std::uint32_t usual_pipe_size = 1U << 16;
constexpr std::uint32_t small_piece = 512;
constexpr std::uint64_t drain_limit = std::uint64_t{4} << 20;
/// Open on /dev/null for reading and writing.
constexpr int null_descriptor = 0;

/// Only for file systems that cannot splice: the pages stay untouched, and cost nothing, elsewhere.
char buffer[usual_pipe_size];

const char* name_of(const Stream& stream) {
    return stream.number == 1 ? stdout_file_name : stderr_file_name;
}

/// 0 or an error number. A file that is not there stays closed, unless `more` flags make it.
int open_at_end(int directory, const char* name, int more, int& file, off_t& size) {
    const int opened =
        openat(directory, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | more, 0600);
    if (opened < 0) return errno == ENOENT && more == 0 ? 0 : errno;
    size = lseek(opened, 0, SEEK_END);
    if (size < 0) return errno;
    file = opened;
    return 0;
}

/// Moves bytes from a pipe to a file; as splice(2) otherwise.
ssize_t move(int pipe, int file, off_t* place, std::size_t limit) {
    for (;;) {
        const ssize_t moved = splice(pipe, nullptr, file, place, limit, SPLICE_F_NONBLOCK);
        if (moved < 0 && errno == EINTR) continue;
        if (moved >= 0 || errno != EINVAL) return moved;
        break;
    }
    if (limit > sizeof(buffer)) limit = sizeof(buffer);
    const ssize_t count = read(pipe, buffer, limit);
    if (count <= 0) return count;
    for (ssize_t done = 0; done < count;) {
        const auto left = static_cast<std::size_t>(count - done);
        const ssize_t written = place == nullptr ? write(file, buffer + done, left)
                                                 : pwrite(file, buffer + done, left, *place + done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            // The rest is read already and cannot go back.
            if (done == 0) return -1;
            if (place != nullptr) *place += done;
            return done;
        }
        done += written;
    }
    if (place != nullptr) *place += count;
    return count;
}

} // namespace

int Output::open(int directory, std::uint64_t max_bytes) {
    directory_ = directory;
    max_bytes_ = max_bytes;
    for (int i = 0; i < 2; ++i) {
        streams[i].number = static_cast<std::uint8_t>(i + 1);
        const int failed =
            open_at_end(directory, name_of(streams[i]), 0, streams[i].file, streams[i].size);
        if (failed != 0) return failed;
    }
    return open_index(0);
}

int Output::open_index(int more) {
    const int failed = open_at_end(directory_, output_index_file_name, more, index_, index_size_);
    // An unfinished record is overwritten by the next.
    index_size_ -= index_size_ % static_cast<off_t>(output_piece_size);
    return failed;
}

bool Output::open_stream(Stream& stream) {
    int failed = 0;
    if (stream.file < 0) {
        failed = open_at_end(directory_, name_of(stream), O_CREAT, stream.file, stream.size);
    }
    if (failed == 0 && index_ < 0) failed = open_index(O_CREAT);
    if (failed != 0 && error == 0) error = failed;
    return failed == 0;
}

int Output::make_pipes(int (&ends)[2]) {
    for (int i = 0; i < 2; ++i) {
        int both[2];
        if (pipe2(both, O_CLOEXEC) != 0) return errno;
        if (fcntl(both[0], F_SETFL, O_NONBLOCK) != 0) return errno;
        streams[i].pipe = both[0];
        ends[i] = both[1];
    }
    return 0;
}

bool Output::write_record(off_t place, std::int64_t at, std::uint32_t length, std::uint8_t stream,
                          bool dropped) {
    const OutputPieceBytes bytes = encode({at, length, stream, dropped});
    ssize_t written = 0;
    do {
        written = pwrite(index_, bytes.data(), bytes.size(), place);
    } while (written < 0 && errno == EINTR);
    if (written == static_cast<ssize_t>(bytes.size())) return true;
    if (error == 0) error = written < 0 ? errno : ENOSPC;
    return false;
}

bool Output::lose(Stream& stream) {
    // The disk is full, or worse: the work must not hang on it, so the bytes are dropped, and the
    // index says so.
    if (error == 0) error = errno;
    return drop(stream);
}

bool Output::ends(Stream& stream) {
    close(stream.pipe);
    stream.pipe = -1;
    return false;
}

bool Output::keep(Stream& stream, std::uint32_t room) {
    if (stream.pipe_is_large && make_basin()) return keep_by_basin(stream, room);
    off_t end = stream.size;
    const ssize_t moved = move(stream.pipe, stream.file, &end, room);
    if (moved < 0) return errno == EAGAIN ? false : lose(stream);
    if (moved == 0) return ends(stream);
    const auto length = static_cast<std::uint32_t>(moved);
    count_kept(stream, length);
    if (length >= usual_pipe_size && !stream.pipe_is_large) {
        // Much is coming: fewer and larger pieces. Refused where the user has too many such pipes.
        stream.pipe_is_large = true;
        static_cast<void>(fcntl(stream.pipe, F_SETPIPE_SZ, largest_piece));
    }
    if (length < small_piece) pace();
    return true;
}

/// While a pipe is emptied nobody can write into it. From pipe to pipe only pages change hands, and the
/// work goes on writing while they get into the file.
bool Output::keep_by_basin(Stream& stream, std::uint32_t room) {
    const ssize_t gathered = move(stream.pipe, basin_[1], nullptr, room);
    if (gathered < 0) return errno == EAGAIN ? false : lose(stream);
    if (gathered == 0) return ends(stream);
    auto left = static_cast<std::uint32_t>(gathered);
    while (left > 0) {
        off_t end = stream.size;
        const ssize_t moved = move(basin_[0], stream.file, &end, left);
        if (moved <= 0) {
            if (error == 0) error = moved < 0 ? errno : ENOSPC;
            break;
        }
        count_kept(stream, static_cast<std::uint32_t>(moved));
        left -= static_cast<std::uint32_t>(moved);
    }
    if (left > 0) count_dropped(stream, left);
    while (left > 0) {
        const ssize_t moved = move(basin_[0], null_descriptor, nullptr, left);
        if (moved <= 0) break;
        left -= static_cast<std::uint32_t>(moved);
    }
    return true;
}

bool Output::make_basin() {
    if (basin_[0] >= 0 || basin_is_refused_) return basin_[0] >= 0;
    int both[2];
    basin_is_refused_ = pipe2(both, O_CLOEXEC) != 0;
    if (basin_is_refused_) return false;
    static_cast<void>(fcntl(both[1], F_SETPIPE_SZ, largest_piece));
    // Users with too many large pipes get small ones, which are of no use here.
    basin_is_refused_ = fcntl(both[1], F_GETPIPE_SZ) < static_cast<int>(usual_pipe_size);
    if (basin_is_refused_) {
        close(both[0]);
        close(both[1]);
        return false;
    }
    basin_[0] = both[0];
    basin_[1] = both[1];
    return true;
}

void Output::count_kept(Stream& stream, std::uint32_t length) {
    if (!write_record(index_size_, wall_clock(), length, stream.number, false)) {
        // A piece that the index does not know would shift all that come after it.
        if (ftruncate(stream.file, stream.size) == 0) stream.dropped += length;
        return;
    }
    index_size_ += static_cast<off_t>(output_piece_size);
    stream.size += length;
    stream.kept += length;
}

bool Output::drop(Stream& stream) {
    const ssize_t moved = move(stream.pipe, null_descriptor, nullptr, largest_piece);
    if (moved < 0) return false;
    if (moved == 0) return ends(stream);
    count_dropped(stream, static_cast<std::uint32_t>(moved));
    return true;
}

void Output::count_dropped(Stream& stream, std::uint32_t length) {
    stream.dropped += length;
    // The record of what was dropped grows in place, so that endless output does not become an
    // endless index.
    const bool extends =
        stream.drop_record >= 0 && stream.drop_record_length < 0xffffffffU - length;
    const off_t place = extends ? stream.drop_record : index_size_;
    const std::uint32_t total = extends ? stream.drop_record_length + length : length;
    if (!write_record(place, wall_clock(), total, stream.number, true)) return;
    if (!extends) index_size_ += static_cast<off_t>(output_piece_size);
    stream.drop_record = place;
    stream.drop_record_length = total;
}

bool Output::has_begun(Stream& stream) {
    pollfd there{stream.pipe, POLLIN, 0};
    if (poll(&there, 1, 0) <= 0) return false;
    return (there.revents & POLLIN) != 0 || ends(stream);
}

bool Output::copy(Stream& stream) {
    if (stream.file < 0 || index_ < 0) {
        if (!has_begun(stream)) return false;
        if (!open_stream(stream)) return drop(stream);
    }
    const auto size = static_cast<std::uint64_t>(stream.size);
    if (size >= max_bytes_) return drop(stream);
    const std::uint64_t room = max_bytes_ - size;
    return keep(stream, room < largest_piece ? static_cast<std::uint32_t>(room) : largest_piece);
}

void Output::pace() {
    // A writer of single bytes would get an index sixteen times as long as its output. After a
    // burst, small pieces are read a thousand times a second at most; more bytes gather meanwhile.
    if (small_pieces_left_ > 0) {
        --small_pieces_left_;
        return;
    }
    const std::int64_t now = steady_clock();
    const std::int64_t earned = (now - last_pace_) / 1000;
    last_pace_ = now;
    if (earned > 0) {
        small_pieces_left_ =
            earned < small_piece_burst ? static_cast<int>(earned) : small_piece_burst;
        return;
    }
    usleep(1000);
}

void Output::drain() {
    for (Stream& stream : streams) {
        const std::uint64_t before = stream.kept + stream.dropped;
        while (stream.pipe >= 0 && stream.kept + stream.dropped - before < drain_limit) {
            if (!copy(stream)) break;
        }
    }
}

} // namespace loong::keeper
