#include "output_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace loong {
namespace {

constexpr std::size_t block_size = std::size_t{64} << 10U;

OutputPiece piece_at(const std::vector<char>& block, std::size_t record) {
    OutputPieceBytes bytes{};
    std::memcpy(bytes.data(), block.data() + record * output_piece_size, bytes.size());
    return decode(bytes);
}

Error read_error(const std::string& directory, const char* name) {
    return {ErrorCode::store_io,
            "cannot read output " + directory + "/" + name + ": " + std::strerror(errno), ""};
}

} // namespace

/// Goes backwards through the bytes until it has seen the beginning of the last lines.
class OutputReader::TailFinder {
public:
    TailFinder(const OutputReader& reader, std::uint64_t lines) : reader_(reader), lines_(lines) {}

    /// Looks through one part, which comes before all parts looked through so far. Returns where
    /// in it the last lines begin, where they do.
    Result<std::optional<std::uint64_t>> look(const Stream& stream, std::uint64_t begin,
                                              std::uint64_t end) {
        if (lines_ == 0) return std::optional(end);
        while (end > begin) {
            const std::uint64_t start =
                end - std::min<std::uint64_t>(end - begin, std::uint64_t{block_size});
            Result<std::size_t> got = reader_.read_at(stream.file, stream.file_name, block_.data(),
                                                      static_cast<std::size_t>(end - start), start);
            if (!got) return std::move(got).error();
            for (std::size_t i = *got; i > 0; --i) {
                if (passes(block_[i - 1])) return std::optional(start + i);
            }
            end = start;
        }
        return std::optional<std::uint64_t>();
    }

private:
    // The newline that ends the last line is not one between lines.
    bool passes(char byte) {
        const bool is_last_byte = std::exchange(at_end_, false);
        return byte == '\n' && !is_last_byte && ++seen_ == lines_;
    }

    const OutputReader& reader_;
    std::uint64_t lines_;
    std::uint64_t seen_ = 0;
    bool at_end_ = true;
    std::vector<char> block_ = std::vector<char>(block_size);
};

OutputReader::OutputReader(std::string directory, OutputChoice choice)
    : directory_(std::move(directory)),
      choice_(choice) {
    out_.file_name = stdout_file_name;
    err_.stream = OutputStream::standard_error;
    err_.file_name = stderr_file_name;
}

OutputReader::Stream* OutputReader::single_stream() {
    switch (choice_) {
    case OutputChoice::standard_output: return &out_;
    case OutputChoice::standard_error: return &err_;
    case OutputChoice::both: return nullptr;
    }
    return nullptr;
}

Result<void> OutputReader::skip_to_tail(std::uint64_t lines) {
    if (Result<void> opened = open_files(); !opened) return opened;
    Stream* single = single_stream();
    return single != nullptr ? skip_single(*single, lines) : skip_merged(lines);
}

Result<void> OutputReader::read(const Sink& sink, bool final) {
    if (Result<void> opened = open_files(); !opened) return opened;
    Stream* single = single_stream();
    if (single == nullptr) {
        Result<void> done = read_index([&](const OutputPiece& piece) -> Result<void> {
            Stream& stream = piece.stream == 1 ? out_ : err_;
            return copy(stream, stream.indexed, sink);
        });
        if (!done || !final) return done;
    }
    for (Stream* stream : {&out_, &err_}) {
        if (single != nullptr && single != stream) continue;
        Result<std::uint64_t> size = size_of(*stream);
        if (!size) return std::move(size).error();
        if (Result<void> copied = copy(*stream, *size, sink); !copied) return copied;
    }
    return {};
}

Result<void> OutputReader::read_pieces(const PieceSink& sink) {
    if (Result<void> opened = open_files(); !opened) return opened;
    Result<void> done = read_index([&](const OutputPiece& piece) {
        Stream& stream = piece.stream == 1 ? out_ : err_;
        const std::optional<Time> at = Time(Microseconds(piece.at_microseconds));
        return copy(stream, stream.indexed, [&](OutputStream which, std::string_view bytes) {
            return sink(at, which, bytes);
        });
    });
    if (!done) return done;
    for (Stream* stream : {&out_, &err_}) {
        Result<std::uint64_t> size = size_of(*stream);
        if (!size) return std::move(size).error();
        done = copy(*stream, *size, [&](OutputStream which, std::string_view bytes) {
            return sink(std::nullopt, which, bytes);
        });
        if (!done) return done;
    }
    return {};
}

Result<void> OutputReader::open_files() {
    for (Stream* stream : {&out_, &err_}) {
        if (Result<void> opened = open_file(stream->file_name, stream->file); !opened) {
            return opened;
        }
    }
    return open_file(output_index_file_name, index_);
}

// A file that is not there is one that nothing was written to so far.
Result<void> OutputReader::open_file(const char* name, Descriptor& file) const {
    if (file) return {};
    const std::string path = directory_ + "/" + name;
    file = Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file && errno != ENOENT) return read_error(directory_, name);
    return {};
}

Result<std::size_t> OutputReader::read_at(const Descriptor& file, const char* name, char* bytes,
                                          std::size_t size, std::uint64_t offset) const {
    std::size_t total = 0;
    while (file && total < size) {
        const ssize_t got =
            pread(file.get(), bytes + total, size - total, static_cast<off_t>(offset + total));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return read_error(directory_, name);
        if (got == 0) break;
        total += static_cast<std::size_t>(got);
    }
    return total;
}

Result<std::uint64_t> OutputReader::size_of(const Stream& stream) const {
    struct stat status {};
    if (!stream.file) return std::uint64_t{0};
    if (fstat(stream.file.get(), &status) != 0) return read_error(directory_, stream.file_name);
    return static_cast<std::uint64_t>(status.st_size);
}

Result<void> OutputReader::read_index(const std::function<Result<void>(const OutputPiece&)>& take) {
    std::vector<char> block(block_size);
    while (true) {
        Result<std::size_t> got =
            read_at(index_, output_index_file_name, block.data(), block.size(), index_offset_);
        if (!got) return std::move(got).error();
        const std::size_t records = *got / output_piece_size;
        if (records == 0) return {};
        for (std::size_t i = 0; i < records; ++i) {
            const OutputPiece piece = piece_at(block, i);
            index_offset_ += output_piece_size;
            if (piece.dropped) continue;
            (piece.stream == 1 ? out_ : err_).indexed += piece.length;
            if (Result<void> taken = take(piece); !taken) return taken;
        }
    }
}

Result<void> OutputReader::copy(Stream& stream, std::uint64_t end, const Sink& sink) {
    // It may have got its first bytes since the files were opened.
    if (stream.read < end) {
        if (Result<void> opened = open_file(stream.file_name, stream.file); !opened) return opened;
    }
    std::array<char, block_size> block;
    while (stream.read < end) {
        const auto wanted = static_cast<std::size_t>(
            std::min<std::uint64_t>(end - stream.read, std::uint64_t{block_size}));
        Result<std::size_t> got =
            read_at(stream.file, stream.file_name, block.data(), wanted, stream.read);
        if (!got) return std::move(got).error();
        if (*got == 0) return {};
        stream.read += *got;
        if (Result<void> taken = sink(stream.stream, {block.data(), *got}); !taken) return taken;
    }
    return {};
}

Result<void> OutputReader::skip_single(Stream& stream, std::uint64_t lines) const {
    Result<std::uint64_t> size = size_of(stream);
    if (!size) return std::move(size).error();
    TailFinder finder(*this, lines);
    Result<std::optional<std::uint64_t>> start = finder.look(stream, 0, *size);
    if (!start) return std::move(start).error();
    stream.read = start->value_or(0);
    return {};
}

// The index is read twice: forwards for the places of the pieces, which are sums, and backwards as
// far as the lines reach.
Result<void> OutputReader::skip_merged(std::uint64_t lines) {
    Result<void> summed = read_index([](const OutputPiece&) -> Result<void> { return {}; });
    if (!summed) return summed;
    TailFinder finder(*this, lines);
    for (Stream* stream : {&err_, &out_}) {
        Result<std::uint64_t> size = size_of(*stream);
        if (!size) return std::move(size).error();
        Result<std::optional<std::uint64_t>> start = finder.look(*stream, stream->indexed, *size);
        if (!start) return std::move(start).error();
        stream->read = start->value_or(stream->indexed);
        if (*start && stream == &err_) {
            Result<std::uint64_t> all = size_of(out_);
            if (!all) return std::move(all).error();
            out_.read = *all;
        }
        if (*start) return {};
    }
    Result<bool> found = skip_indexed(finder);
    if (!found) return std::move(found).error();
    return {};
}

Result<bool> OutputReader::skip_indexed(TailFinder& finder) {
    std::vector<char> block(block_size);
    while (index_offset_ > 0) {
        const std::uint64_t size = std::min<std::uint64_t>(index_offset_, block_size);
        const std::uint64_t begin = index_offset_ - size;
        Result<std::size_t> got = read_at(index_, output_index_file_name, block.data(),
                                          static_cast<std::size_t>(size), begin);
        if (!got) return std::move(got).error();
        for (std::size_t record = *got / output_piece_size; record > 0; --record) {
            const OutputPiece piece = piece_at(block, record - 1);
            index_offset_ -= output_piece_size;
            if (piece.dropped) continue;
            Stream& stream = piece.stream == 1 ? out_ : err_;
            const std::uint64_t end = stream.indexed;
            stream.indexed -= std::min<std::uint64_t>(piece.length, end);
            stream.read = stream.indexed;
            Result<std::optional<std::uint64_t>> start = finder.look(stream, stream.indexed, end);
            if (!start) return std::move(start).error();
            if (*start) {
                stream.read = **start;
                return true;
            }
        }
        index_offset_ = begin;
    }
    return false;
}

DirectoryWatch::DirectoryWatch(const std::string& directory)
    : inotify_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (!inotify_) return;
    const int watch = inotify_add_watch(inotify_.get(), directory.c_str(),
                                        IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
    if (watch < 0) inotify_.close();
}

void DirectoryWatch::clear() const {
    std::array<char, 4096> events;
    while (read(inotify_.get(), events.data(), events.size()) > 0) {
    }
}

} // namespace loong
