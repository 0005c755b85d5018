#pragma once
/// A runtime without processes, whose work ends with the worker: it does itself what its text says.

#include <loong/runtime.hpp>

namespace loong::test {

/// The first line of a session's text is what it does:
/// - `say`: writes the lines that follow to its standard output and completes
/// - `fail`: fails
/// - `wait STARTED GO`: writes a line into the pipe STARTED, waits until the pipe GO is readable,
///   writes `went on` and completes; ends when it is told to
class ScriptedRuntime : public Runtime {
public:
    Result<void> check(const SessionSpec& spec) override;
    Result<Outcome> run(SessionContext& context) override;
};

} // namespace loong::test
