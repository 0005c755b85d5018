#pragma once
/// Reading what a session wrote, while it is being written or later.

#include "descriptor.hpp"
#include "loong/error.hpp"
#include "loong/output_files.hpp"
#include "loong/session_context.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace loong {

enum class OutputChoice : std::uint8_t { standard_output, standard_error, both };

/// Reads the files of loong/output_files.hpp in one session's directory.
///
/// Both streams come in the order of the index; one stream alone comes straight from its file. The
/// files may appear and grow at any time; a reader goes on where it stopped. `store_io` where a
/// file is there and cannot be read.
class OutputReader {
public:
    /// Takes the next bytes of a stream. Its errors end the read and are passed on.
    using Sink = std::function<Result<void>(OutputStream stream, std::string_view bytes)>;

    OutputReader(std::string directory, OutputChoice choice);

    /// Starts at the last `lines` lines instead of the first byte. Before the first read only. A
    /// last line without newline counts as one. Reads the index, and of the streams no more than
    /// these lines.
    Result<void> skip_to_tail(std::uint64_t lines);

    /// Hands over everything that is there by now and was not handed over before. Bytes that the
    /// index does not know (yet) come only with `final`: a writer that lives will still index them.
    Result<void> read(const Sink& sink, bool final);

    /// As read() of both streams to their end, with the time at which each piece was read; absent
    /// for bytes that the index does not know. Pieces may come in parts.
    using PieceSink = std::function<Result<void>(const std::optional<Time>& at, OutputStream stream,
                                                 std::string_view bytes)>;
    Result<void> read_pieces(const PieceSink& sink);

private:
    struct Stream {
        OutputStream stream = OutputStream::standard_output;
        const char* file_name = "";
        Descriptor file;
        /// How far it was handed over, and how far the part of the index that was read knows it.
        std::uint64_t read = 0;
        std::uint64_t indexed = 0;
    };
    class TailFinder;

    Result<void> open_files();
    Result<void> open_file(const char* name, Descriptor& file) const;
    Result<void> read_index(const std::function<Result<void>(const OutputPiece&)>& take);
    Result<void> copy(Stream& stream, std::uint64_t end, const Sink& sink);
    Result<std::uint64_t> size_of(const Stream& stream) const;
    Result<void> skip_single(Stream& stream, std::uint64_t lines) const;
    Result<void> skip_merged(std::uint64_t lines);
    Result<bool> skip_indexed(TailFinder& finder);
    Result<std::size_t> read_at(const Descriptor& file, const char* name, char* bytes,
                                std::size_t size, std::uint64_t offset) const;
    [[nodiscard]] Stream* single_stream();

    std::string directory_;
    OutputChoice choice_;
    Stream out_;
    Stream err_;
    Descriptor index_;
    std::uint64_t index_offset_ = 0;
};

/// Tells when files in a directory change, without looking again and again.
class DirectoryWatch {
public:
    /// Works in any case: where the system gives no watch (there are few per user), descriptor()
    /// is -1 and the caller has to look about once a second.
    explicit DirectoryWatch(const std::string& directory);

    [[nodiscard]] int descriptor() const noexcept { return inotify_.get(); }

    /// Makes the descriptor unreadable until there is more.
    void clear() const;

private:
    Descriptor inotify_;
};

} // namespace loong
