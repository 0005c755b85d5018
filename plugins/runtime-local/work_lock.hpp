#pragma once
/// The lock that says that a session's work, or its worker, still lives: `work.lock` in the
/// session's directory, an open-file-description lock. The worker takes it and passes its open file
/// on to each keeper; it is free once the last of them has ended, however that came about.

#include "descriptor.hpp"
#include <loong/error.hpp>

#include <optional>
#include <string>

namespace loong::local {

class WorkLock {
public:
    enum class State : unsigned char { free, held };

    /// Takes the lock; absent where another holds it. Never waits.
    [[nodiscard]] static Result<std::optional<WorkLock>> take(const std::string& directory);

    /// Asks without disturbing. A file that is not there is free.
    [[nodiscard]] static Result<State> ask(const std::string& directory);

    /// The id of the command that was started last; empty where none was.
    [[nodiscard]] static Result<std::string> started_command(const std::string& directory);

    [[nodiscard]] int descriptor() const noexcept { return file_.get(); }

private:
    explicit WorkLock(Descriptor file) : file_(std::move(file)) {}

    Descriptor file_;
};

} // namespace loong::local
