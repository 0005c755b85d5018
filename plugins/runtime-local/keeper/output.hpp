#pragma once
/// Copies what the command writes into the session's files, and keeps the index of its order.

#include <cstdint>
#include <sys/types.h>

namespace loong::keeper {

/// One of the two streams.
struct Stream {
    /// The end of the pipe that is read; -1 once the last writer has closed the other.
    int pipe = -1;
    int file = -1;
    std::uint8_t number = 0;
    off_t size = 0;
    /// Of this command alone.
    std::uint64_t kept = 0;
    std::uint64_t dropped = 0;
    /// Where the index tells of dropped bytes: one record, which grows.
    off_t drop_record = -1;
    std::uint32_t drop_record_length = 0;
    bool pipe_is_large = false;
};

class Output {
public:
    /// Opens the files that are there below `directory` and goes on at their ends. The others are
    /// made when there is something to put into them: most commands leave at least one stream alone,
    /// and a file costs more than all else that is done for a short command. Returns 0 or an error
    /// number. `directory` stays open.
    int open(int directory, std::uint64_t max_bytes);

    /// Makes the pipes; the command's ends go to `ends`. Returns 0 or an error number.
    int make_pipes(int (&ends)[2]);

    /// Copies what is there now, at most once around. Never waits for the writer. False: nothing
    /// was there.
    bool copy(Stream& stream);

    /// Copies what the pipes still hold. A writer that goes on for ever does not hold it up.
    void drain();

    Stream streams[2];
    /// The first error number that made bytes get lost; 0 where none did.
    int error = 0;

private:
    int open_index(int more);
    /// False, with `error` set: its bytes cannot be kept.
    bool open_stream(Stream& stream);
    /// Whether there is anything to be read; closes a pipe that has ended without.
    static bool has_begun(Stream& stream);
    /// False: there was nothing. Each of these closes the pipe that has ended.
    bool keep(Stream& stream, std::uint32_t room);
    bool keep_by_basin(Stream& stream, std::uint32_t room);
    bool drop(Stream& stream);
    /// As drop(), because of the error in errno.
    bool lose(Stream& stream);
    static bool ends(Stream& stream);
    /// False where there can be none.
    bool make_basin();
    void count_kept(Stream& stream, std::uint32_t length);
    void count_dropped(Stream& stream, std::uint32_t length);
    bool write_record(off_t place, std::int64_t at, std::uint32_t length, std::uint8_t stream,
                      bool dropped);
    void pace();

    int directory_ = -1;
    int index_ = -1;
    /// A pipe of the keeper's own, for much output; empty between two calls.
    int basin_[2] = {-1, -1};
    bool basin_is_refused_ = false;
    off_t index_size_ = 0;
    std::uint64_t max_bytes_ = 0;
    /// How many small pieces may be read before reading slows down.
    int small_pieces_left_ = small_piece_burst;
    std::int64_t last_pace_ = 0;

    static constexpr int small_piece_burst = 4096;
};

} // namespace loong::keeper
