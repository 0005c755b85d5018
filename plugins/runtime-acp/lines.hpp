#pragma once
/// Bytes as they come, made into lines. Real agents write lines of half a megabyte; one that never ends
/// its line must not eat all memory.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace loong::acp {

class Lines {
public:
    explicit Lines(std::size_t longest = std::size_t{32} << 20U) : longest_(longest) {}

    void add(std::string_view bytes) {
        // What has been taken is dropped once in a while only: moving the rest for every line would
        // cost the square of a burst.
        if (begin_ > buffer_.size() / 2) {
            buffer_.erase(0, begin_);
            searched_ -= begin_;
            begin_ = 0;
        }
        buffer_ += bytes;
    }

    /// The next whole line without its newline; absent where there is none yet. A line that is too
    /// long is given as far as it was kept, and `overlong()` says so until the next call.
    std::optional<std::string> next() {
        overlong_ = false;
        while (true) {
            const std::size_t end = buffer_.find('\n', searched_);
            if (end == std::string::npos) {
                searched_ = buffer_.size();
                return drop_overlong();
            }
            std::string line = buffer_.substr(begin_, end - begin_);
            begin_ = searched_ = end + 1;
            if (skipping_) {
                skipping_ = false;
                continue;
            }
            if (!line.empty() && line.back() == '\r') line.pop_back();
            if (line.size() > longest_) {
                overlong_ = true;
                line.resize(longest_);
            }
            return line;
        }
    }

    [[nodiscard]] bool overlong() const noexcept { return overlong_; }

private:
    std::optional<std::string> drop_overlong() {
        const std::size_t length = buffer_.size() - begin_;
        if (skipping_) {
            buffer_.clear();
            begin_ = searched_ = 0;
            return std::nullopt;
        }
        if (length <= longest_) return std::nullopt;
        std::string line = buffer_.substr(begin_, longest_);
        buffer_.clear();
        begin_ = searched_ = 0;
        skipping_ = overlong_ = true;
        return line;
    }

    const std::size_t longest_;
    std::string buffer_;
    std::size_t begin_ = 0;
    std::size_t searched_ = 0;
    bool skipping_ = false;
    bool overlong_ = false;
};

} // namespace loong::acp
