/// A runtime whose work lives elsewhere: a service starts it, and goes on with it whatever becomes of
/// the worker here. What matters is the order of things; each place where it does says so.

#include "http_client.hpp"
#include <loong/plugin.hpp>

#include <charconv>
#include <chrono>
#include <thread>

namespace runtime_http {

using namespace loong;

namespace {

constexpr Milliseconds request_limit{10'000};
// A probe has a second altogether.
constexpr Milliseconds probe_limit{800};
constexpr Milliseconds pause{100};
constexpr std::string_view handle_version = "1 ";

constexpr std::size_t longest_result = std::size_t{64} << 10U;

std::size_t tail_of(std::size_t size) { return size > longest_result ? size - longest_result : 0; }

/// Named after the session: whoever knows the session finds the work, and starting it twice is
/// starting it once.
std::string path_of(const SessionSpec& spec) { return "/works/" + spec.task_session_id; }

std::string header_of(const Answer& answer, const std::string& name) {
    const auto found = answer.headers.find(name);
    return found == answer.headers.end() ? std::string() : found->second;
}

Outcome ended(OutcomeKind kind, std::string message) {
    return {.kind = kind, .message = std::move(message)};
}

/// How the work stands, as the service tells; absent while it goes on.
std::optional<Outcome> outcome_of(const Answer& answer) {
    const std::string state = header_of(answer, "x-state");
    if (state == "running") return std::nullopt;
    Outcome outcome = ended(OutcomeKind::completed, "");
    int code = 0;
    const std::string text = header_of(answer, "x-exit-code");
    if (std::from_chars(text.data(), text.data() + text.size(), code).ec == std::errc{}) {
        outcome.exit_code = code;
    }
    if (state == "completed") return outcome;
    outcome.kind = OutcomeKind::failed;
    outcome.message = state == "failed" ? "the work ended with exit code " + text
                                        : "the work was ended at the service";
    return outcome;
}

} // namespace

class HttpRuntime : public Runtime, public DurableRuntime {
public:
    explicit HttpRuntime(Address address) : address_(std::move(address)) {}

    static Result<std::unique_ptr<Runtime>> make(const RuntimeSetup& setup) {
        const std::string url = setup.settings.values.string_or("url", "");
        Result<Address> address = parse_address(url);
        if (!address) {
            const Value* value = setup.settings.values.find("url");
            Error error = address.error();
            if (value == nullptr) error.message = "runtime-http: the key 'url' is missing";
            if (!setup.settings.file.empty()) {
                const std::uint32_t line = value == nullptr ? 0 : value->place().line;
                error.message =
                    setup.settings.file + ":" + std::to_string(line) + ": " + error.message;
            }
            return error;
        }
        return std::unique_ptr<Runtime>(std::make_unique<HttpRuntime>(*std::move(address)));
    }

    void* extension(std::string_view name) override {
        return name == DurableRuntime::extension_name ? static_cast<DurableRuntime*>(this)
                                                      : nullptr;
    }

    // Offline: that the service cannot be reached now says nothing of the time when the task starts.
    Result<void> check(const SessionSpec& spec) override {
        if (spec.work.kind == WorkKind::text) return {};
        return Error{ErrorCode::unsupported, "runtime-http: it takes nothing but a shell text",
                     "give the text as one argument, without '--'"};
    }

    Result<Outcome> run(SessionContext& context) override {
        // Durable before the work can exist: from here on somebody can find it again.
        const std::string handle = std::string(handle_version) + path_of(context.spec());
        if (Result<void> saved = context.save_handle(handle); !saved) return saved.error();
        while (true) {
            const SessionSignals signals = context.take_signals();
            if (signals.cancel || signals.force || signals.timeout) return stop(context, signals);
            if (signals.detach) return ended(OutcomeKind::detached, "");
            Result<Answer> started = request(address_, "PUT", path_of(context.spec()),
                                             context.spec().work.text, request_limit);
            if (started && started->status >= 200 && started->status < 300) return follow(context);
            if (started) {
                return ended(OutcomeKind::failed,
                             "the service refused: HTTP status " + std::to_string(started->status));
            }
            // Perhaps it has started, perhaps not: asking again is safe, for the name is the same.
            context.log(started.error().message);
            context.wait_signals(pause * 10);
        }
    }

    Result<std::optional<Outcome>> resume(SessionContext& context,
                                          std::string_view handle) override {
        if (!handle.starts_with(handle_version)) return std::optional<Outcome>();
        Result<Answer> answer =
            request(address_, "GET", path_of(context.spec()), "", request_limit);
        if (!answer) return answer.error();
        if (answer->status == 404) return std::optional<Outcome>();
        Result<Outcome> outcome = follow(context);
        if (!outcome) return outcome.error();
        return std::optional<Outcome>(*std::move(outcome));
    }

    // run() does nothing before it.
    [[nodiscard]] bool starts_with_handle() const override { return true; }

    Result<Probe> probe(const LostSession& session) override {
        if (session.handle.empty()) {
            return Probe{Probe::State::never_started, {}, "no handle was saved"};
        }
        Result<Answer> answer = request(address_, "GET", path_of(session.spec), "", probe_limit);
        // No answer is no knowledge.
        if (!answer) return Probe{Probe::State::unreachable, {}, answer.error().message};
        // Not `never_started`: a request may still be on its way, or the service has forgotten.
        if (answer->status == 404) {
            return Probe{Probe::State::gone, {}, "the service does not know the work"};
        }
        if (answer->status != 200) {
            return Probe{Probe::State::unreachable,
                         {},
                         "the service answers with HTTP status " + std::to_string(answer->status)};
        }
        if (header_of(*answer, "x-state") == "ended") {
            return Probe{Probe::State::gone, {}, "the work was ended at the service"};
        }
        std::optional<Outcome> outcome = outcome_of(*answer);
        // Nobody is there to write the output any more; its end comes with the outcome.
        if (outcome) outcome->result = answer->body.substr(tail_of(answer->body.size()));
        if (!outcome) return Probe{Probe::State::alive, {}, "the service says that it runs"};
        return Probe{Probe::State::finished, std::move(outcome), "the service says how it ended"};
    }

    Result<bool> end(const LostSession& session, EndHow how) override {
        if (session.handle.empty()) return true;
        return end_at_service(session.spec, how == EndHow::forced, nullptr);
    }

private:
    /// Copies the output and waits for the end; does what it is told meanwhile.
    Result<Outcome> follow(SessionContext& context) {
        while (true) {
            const SessionSignals signals = context.take_signals();
            if (signals.cancel || signals.force || signals.timeout) return stop(context, signals);
            if (signals.detach) return ended(OutcomeKind::detached, "");
            // What an earlier worker wrote is there already, and is not written again.
            Result<std::uint64_t> size = context.output_size(OutputStream::standard_output);
            if (!size) return size.error();
            Result<Answer> answer =
                request(address_, "GET", path_of(context.spec()) + "?from=" + std::to_string(*size),
                        "", request_limit);
            if (!answer) {
                // Unreachable is not gone: the work goes on, and so does the waiting.
                context.log(answer.error().message);
                context.wait_signals(pause * 10);
                continue;
            }
            if (answer->status == 404) {
                return ended(OutcomeKind::failed, "the service does not know the work any more");
            }
            if (!answer->body.empty()) {
                Result<void> written =
                    context.write_output(OutputStream::standard_output, answer->body);
                if (!written) return written.error();
                continue;
            }
            if (std::optional<Outcome> outcome = outcome_of(*answer)) return *std::move(outcome);
            context.wait_signals(pause);
        }
    }

    Result<Outcome> stop(SessionContext& context, const SessionSignals& signals) {
        Result<bool> gone = end_at_service(context.spec(), signals.force, &context);
        if (!gone || !*gone) {
            // It may still run, and saying that it was ended would be a lie. The session stays as it
            // is and can be recovered when the service answers again.
            context.log("the work could not be ended: " +
                        (gone ? std::string("it still runs") : gone.error().message));
            return ended(OutcomeKind::detached, "");
        }
        return signals.timeout && !signals.cancel
                   ? ended(OutcomeKind::timed_out, "it was ended at its timeout")
                   : ended(OutcomeKind::cancelled, "it was ended as asked");
    }

    /// Asks, waits for the grace time (or until `context` says force), forces. True: it is gone. The
    /// service then refuses a start of that name for good, also one that is still on its way.
    Result<bool> end_at_service(const SessionSpec& spec, bool force, SessionContext* context) {
        const auto until = std::chrono::steady_clock::now() + spec.limits.grace;
        while (true) {
            force = force || std::chrono::steady_clock::now() >= until;
            Result<Answer> answer =
                request(address_, "DELETE", path_of(spec) + (force ? "?force=1" : ""), "",
                        request_limit / 4);
            if (!answer) return answer.error();
            if (answer->status == 200) return true;
            if (force) return false;
            if (context != nullptr) {
                force = context->wait_signals(pause).force;
            } else {
                std::this_thread::sleep_for(pause);
            }
        }
    }

    const Address address_;
};

} // namespace runtime_http

LOONG_RUNTIME_PLUGIN(runtime_http::HttpRuntime, "runtime-http", "1.0.0")
