#pragma once
/// Text put together in a fixed buffer; what does not fit is left out.

#include "protocol.hpp"

#include <cstdint>
#include <cstring>

namespace loong::keeper {

class Text {
public:
    Text& add(const char* text) { return add(text, std::strlen(text)); }

    Text& add(const char* text, std::size_t length) {
        if (length > sizeof(content_) - size_) length = sizeof(content_) - size_;
        std::memcpy(content_ + size_, text, length);
        size_ += length;
        return *this;
    }

    Text& add(std::uint64_t number) {
        char digits[20];
        std::size_t count = 0;
        do {
            digits[sizeof(digits) - ++count] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        return add(digits + sizeof(digits) - count, count);
    }

    Text& add(int number) { return add(static_cast<std::uint64_t>(number < 0 ? 0 : number)); }

    [[nodiscard]] const char* data() const { return content_; }
    [[nodiscard]] std::size_t size() const { return size_; }

    /// The text, ended by a NUL; the last character is lost where the buffer is full.
    [[nodiscard]] const char* c_str() {
        content_[size_ < sizeof(content_) ? size_ : sizeof(content_) - 1] = '\0';
        return content_;
    }

private:
    char content_[packet_limit];
    std::size_t size_ = 0;
};

} // namespace loong::keeper
