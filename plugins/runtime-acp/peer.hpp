#pragma once
/// The agent's process and what is said over its streams. Knows JSON-RPC and nothing of the protocol on
/// top of it.

#include "lines.hpp"
#include "message.hpp"
#include "transcript.hpp"
#include <loong/kept_process.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace loong::acp {

class Peer {
public:
    using Clock = std::chrono::steady_clock;

    struct Hooks {
        /// What the agent writes to its standard error: free text.
        std::function<void(std::string_view)> on_errors;
        /// A line that is no message, or what else is odd.
        std::function<void(const std::string&)> on_trouble;
    };

    /// Gets the process ready; nothing of it runs before go().
    static Result<Peer> start(const KeptStart& start, Transcript& transcript, Hooks hooks);

    void go() { process_.go(); }

    /// Returns the id.
    std::int64_t request(std::string_view method, json::value params);
    void notify(std::string_view method, json::value params);
    void reply(const json::value& id, json::value result);
    void refuse(const json::value& id, std::int64_t code, std::string_view message);

    /// Waits until something came, `other` is readable, or the time has come. Never longer.
    Result<void> wait(int other, Clock::time_point until);

    /// The next message that came; absent where there is none.
    std::optional<Message> take();

    /// Nothing more will come: the process has ended, or has closed its standard output.
    [[nodiscard]] bool is_silent() const { return process_.output() < 0 && messages_.empty(); }
    /// How it ended; absent while it runs.
    [[nodiscard]] const std::optional<KeptEnd>& end() const { return end_; }
    /// When something came last.
    [[nodiscard]] Clock::time_point heard_at() const { return heard_at_; }

    /// End of file for the agent.
    void close_input();
    /// TERM, and KILL after the grace time.
    void ask() { process_.ask(); }
    void force() { process_.force(); }

private:
    Peer(KeptProcess process, Transcript& transcript, Hooks hooks)
        : process_(std::move(process)),
          transcript_(&transcript),
          hooks_(std::move(hooks)) {}

    void send(std::string line);
    void flush();
    void read_output();
    void read_errors();
    void take_lines();

    KeptProcess process_;
    Transcript* transcript_;
    Hooks hooks_;
    Lines lines_;
    std::deque<Message> messages_;
    std::string unsent_;
    std::int64_t next_id_ = 0;
    std::optional<KeptEnd> end_;
    Clock::time_point heard_at_ = Clock::now();
};

} // namespace loong::acp
