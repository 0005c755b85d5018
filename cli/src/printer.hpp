#pragma once
/// Writing text to a descriptor so that no failure goes unnoticed.

#include "loong/error.hpp"

#include <string>
#include <string_view>

namespace loong::cli {

/// Collects text and writes it when flushed (or when much has come together). After the first
/// failure nothing more is written, and every flush() tells of that failure.
class Printer {
public:
    /// `name` is for messages; `descriptor` stays the caller's.
    Printer(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}
    Printer(const Printer&) = delete;
    Printer& operator=(const Printer&) = delete;
    ~Printer() = default;

    void print(std::string_view text);

    /// Writes what was collected. Ends the process as SIGPIPE would where nobody reads any more.
    Result<void> flush();

    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

private:
    void write_all();

    int descriptor_;
    std::string name_;
    std::string waiting_;
    int failure_ = 0;
};

} // namespace loong::cli
