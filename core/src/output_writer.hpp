#pragma once
/// Writes the files of loong/output_files.hpp for runtimes that hand their output to loong.

#include "descriptor.hpp"
#include "loong/error.hpp"
#include "loong/session_context.hpp"

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace loong {

/// [any-thread]
class OutputWriter {
public:
    OutputWriter(std::string directory, std::uint64_t limit)
        : directory_(std::move(directory)),
          limit_(limit) {}

    Result<void> write(OutputStream stream, std::string_view bytes);
    [[nodiscard]] Result<std::uint64_t> size(OutputStream stream) const;

private:
    Result<void> open(OutputStream stream);
    Result<void> add_piece(OutputStream stream, std::size_t length, bool dropped);

    const std::string directory_;
    const std::uint64_t limit_;
    std::mutex mutex_;
    // Below is protected by mutex_.
    Descriptor streams_[2];
    Descriptor index_;
    std::uint64_t sizes_[2] = {0, 0};
};

} // namespace loong
