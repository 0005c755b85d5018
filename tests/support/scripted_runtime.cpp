#include "scripted_runtime.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sstream>
#include <string>
#include <unistd.h>

namespace loong::test {
namespace {

struct Script {
    std::string verb;
    std::string started;
    std::string go;
    std::string text;
};

Result<Script> read_script(const SessionSpec& spec) {
    const std::string& text = spec.work.text;
    const std::size_t end = text.find('\n');
    Script script;
    std::istringstream line(text.substr(0, end));
    line >> script.verb >> script.started >> script.go;
    if (end != std::string::npos) script.text = text.substr(end + 1);
    const bool known = script.verb == "say" || script.verb == "fail" ||
                       (script.verb == "wait" && !script.go.empty());
    if (spec.work.kind != WorkKind::text || !known) {
        return Error{ErrorCode::invalid_argument, "text: it is no script", "say, fail or wait"};
    }
    return script;
}

class OpenPipe {
public:
    explicit OpenPipe(const std::string& path)
        : descriptor_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {}
    OpenPipe(const OpenPipe&) = delete;
    OpenPipe& operator=(const OpenPipe&) = delete;
    ~OpenPipe() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    [[nodiscard]] int get() const { return descriptor_; }

private:
    int descriptor_;
};

Outcome ended(OutcomeKind kind, const char* message) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.message = message;
    return outcome;
}

Result<Outcome> wait(SessionContext& context, const Script& script) {
    const OpenPipe started(script.started);
    const OpenPipe go(script.go);
    if (::write(started.get(), "started\n", 8) != 8) {
        return Error{
            ErrorCode::store_io, "pipe " + script.started + ": " + std::strerror(errno), {}};
    }
    std::array<pollfd, 2> polled = {
        {{context.signal_descriptor(), POLLIN, 0}, {go.get(), POLLIN, 0}}};
    while (true) {
        const SessionSignals signals = context.take_signals();
        if (signals.timeout) return ended(OutcomeKind::timed_out, "the time is up");
        if (signals.cancel || signals.force || signals.detach) {
            return ended(OutcomeKind::cancelled, "it was told to end");
        }
        if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) {
            return Error{ErrorCode::store_io, std::string("poll: ") + std::strerror(errno), {}};
        }
        if (polled[1].revents != 0) break;
    }
    auto written = context.write_output(OutputStream::standard_output, "went on\n");
    if (!written) return std::move(written).error();
    return ended(OutcomeKind::completed, "");
}

} // namespace

Result<void> ScriptedRuntime::check(const SessionSpec& spec) {
    auto script = read_script(spec);
    if (!script) return std::move(script).error();
    return {};
}

Result<Outcome> ScriptedRuntime::run(SessionContext& context) {
    const auto script = read_script(context.spec());
    if (!script) return script.error();
    if (script->verb == "fail") return ended(OutcomeKind::failed, "the script says so");
    if (script->verb == "wait") return wait(context, *script);
    auto written = context.write_output(OutputStream::standard_output, script->text);
    if (!written) return std::move(written).error();
    return ended(OutcomeKind::completed, "");
}

} // namespace loong::test
