#pragma once
/// What an agent tells while it works, for those who look on: text to the task's output, plans and tool
/// calls to its progress, the last message as the result.

#include "ruling.hpp"
#include <loong/session_context.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace loong::acp {

class Narrator {
public:
    using Clock = std::chrono::steady_clock;

    explicit Narrator(SessionContext& context) : context_(context) {}

    /// One `session/update`. Variants that nobody knows are passed over.
    Result<void> take(const json::value& update);

    /// A tool call by its id, as far as it is known; a new one where it is not.
    ToolCall& call(const std::string& id) { return calls_[id]; }

    /// What the agent says about itself in a note beside its progress.
    void set_state(ProgressState state, std::string note);

    /// Tells the progress that is due. When to call again; absent: when something new came.
    Result<std::optional<Clock::time_point>> tell_progress();

    /// The turn is over: what was begun and not ended is said so, what is due is told.
    Result<void> finish();

    /// The agent's last message.
    [[nodiscard]] const std::string& last_message() const { return message_; }
    /// For the outcome: `12 of 200 tokens, 0.05 USD`; empty where nothing was told.
    [[nodiscard]] std::string usage() const;
    /// What the answer to a prompt says about usage.
    void take_result(const json::value& result);

private:
    enum class Voice : std::uint8_t { none, message, thought, other };

    Result<void> say(Voice voice, std::string_view text);
    Result<void> say_line(const std::string& line);
    Result<void> take_chunk(Voice voice, const json::value& update);
    Result<void> take_call(const json::value& update);
    void take_plan(const json::value& update);
    void take_usage(const json::value& update);

    SessionContext& context_;
    Voice voice_ = Voice::none;
    bool at_line_start_ = true;
    std::string message_id_;
    std::string message_;
    std::map<std::string, ToolCall> calls_;
    std::map<std::string, std::string> told_status_;
    Progress progress_;
    bool progress_is_new_ = false;
    Clock::time_point told_at_;
    std::optional<std::int64_t> tokens_;
    std::optional<std::int64_t> window_;
    std::string cost_;
};

} // namespace loong::acp
