#pragma once
/// A command under a keeper, seen from the worker's side.

#include "exit_record.hpp"

#include <optional>

namespace loong::local {

class KeptCommand {
public:
    KeptCommand() = default;
    KeptCommand(const KeptCommand&) = delete;
    KeptCommand& operator=(const KeptCommand&) = delete;
    virtual ~KeptCommand() = default;

    /// Becomes readable when collect() has something to say.
    [[nodiscard]] virtual int descriptor() const = 0;

    /// Ends the command politely, and by force after the grace time.
    virtual void ask() = 0;

    /// Ends it now.
    virtual void force() = 0;

    /// `done`: the keeper is gone, and this is what it left; no record means that it was killed
    /// before it could tell.
    struct Collected {
        bool done = false;
        std::optional<ExitRecord> record;
    };
    virtual Result<Collected> collect() = 0;
};

} // namespace loong::local
