#include "narrator.hpp"

#include <array>
#include <cstdio>

namespace loong::acp {
namespace {

/// A few times a second at most may progress be told.
constexpr Milliseconds progress_pause{400};
constexpr std::size_t longest_note = 200;
constexpr std::size_t longest_result = std::size_t{64} * 1024;
constexpr std::size_t most_calls = 10'000;

/// A content block as text.
std::string text_of_block(const json::value& block) {
    const std::string type = text_of(block, "type");
    if (type == "text") return text_of(block, "text");
    if (type == "resource_link") return "[" + text_of(block, "uri") + "]";
    if (type == "resource") {
        const json::value* resource = find(block, "resource");
        return resource == nullptr ? std::string() : text_of(*resource, "text");
    }
    return type.empty() ? std::string() : "[" + type + "]";
}

bool is_over(const std::string& status) { return status == "completed" || status == "failed"; }

} // namespace

Result<void> Narrator::say(Voice voice, std::string_view text) {
    if (text.empty()) return {};
    std::string out;
    if (voice != voice_ && voice_ != Voice::none) out += at_line_start_ ? "\n" : "\n\n";
    if (voice != voice_) at_line_start_ = true;
    if (voice == Voice::other && voice_ == Voice::other) out.clear();
    voice_ = voice;
    // Thoughts are marked at each line: they are no part of the answer.
    for (const char c : text) {
        if (at_line_start_ && voice == Voice::thought) out += "~ ";
        out += c;
        at_line_start_ = c == '\n';
    }
    return context_.write_output(OutputStream::standard_output, out);
}

Result<void> Narrator::say_line(const std::string& line) { return say(Voice::other, line + "\n"); }

Result<void> Narrator::take_chunk(Voice voice, const json::value& update) {
    const json::value* content = find(update, "content");
    const std::string text = content == nullptr ? std::string() : text_of_block(*content);
    if (voice == Voice::message) {
        const std::string id = text_of(update, "messageId");
        // The answer is what was said last, in one piece.
        if (voice_ != Voice::message || id != message_id_) message_.clear();
        if (voice_ == Voice::message && id != message_id_ && !at_line_start_) {
            if (Result<void> done = say(voice, "\n"); !done) return done;
        }
        message_id_ = id;
        if (message_.size() < longest_result) message_ += text;
    }
    return say(voice, text);
}

Result<void> Narrator::take_call(const json::value& update) {
    const std::string id = text_of(update, "toolCallId");
    if (id.empty() || (calls_.size() >= most_calls && !calls_.contains(id))) return {};
    ToolCall& call = calls_[id];
    overlay(call, update);
    std::string& told = told_status_[id];
    if (told.empty()) {
        told = "begun";
        progress_.note = one_line(call.title.empty() ? call.kind : call.title, longest_note);
        progress_is_new_ = true;
    }
    if (!is_over(call.status) || call.status == told) return {};
    told = call.status;
    const std::string kind = call.kind.empty() ? std::string("tool") : call.kind;
    return say_line("[" + kind + "] " + one_line(call.title, longest_note) + ": " + call.status);
}

void Narrator::take_plan(const json::value& update) {
    const json::array& entries = items_of(update, "entries");
    std::int64_t done = 0;
    std::string current;
    for (const json::value& entry : entries) {
        const std::string status = text_of(entry, "status");
        if (status == "completed") ++done;
        if (status == "in_progress" && current.empty()) current = text_of(entry, "content");
    }
    progress_.done = done;
    progress_.total = static_cast<std::int64_t>(entries.size());
    if (entries.empty()) progress_.done = progress_.total = std::nullopt;
    if (!current.empty()) progress_.note = one_line(current, longest_note);
    progress_is_new_ = true;
}

void Narrator::take_usage(const json::value& update) {
    if (const auto used = number_of(update, "used")) tokens_ = used;
    if (const auto size = number_of(update, "size")) window_ = size;
    const json::value* amount = find(update, "cost", "amount");
    if (amount == nullptr || !amount->is_number()) return;
    std::array<char, 64> text{};
    boost::system::error_code failed;
    std::snprintf(text.data(), text.size(), "%.4f", amount->to_number<double>(failed));
    cost_ = std::string(text.data()) + " " + text_of(*find(update, "cost"), "currency");
}

void Narrator::take_result(const json::value& result) {
    const json::value* usage = find(result, "usage");
    if (usage == nullptr || tokens_) return;
    tokens_ = number_of(*usage, "totalTokens");
}

std::string Narrator::usage() const {
    std::string text;
    if (tokens_.value_or(0) == 0) return text;
    text = std::to_string(*tokens_);
    if (window_) text += " of " + std::to_string(*window_);
    text += " tokens";
    if (!cost_.empty()) text += ", " + cost_;
    return text;
}

Result<void> Narrator::take(const json::value& update) {
    const std::string what = text_of(update, "sessionUpdate");
    if (what == "agent_message_chunk") return take_chunk(Voice::message, update);
    if (what == "agent_thought_chunk") return take_chunk(Voice::thought, update);
    if (what == "tool_call" || what == "tool_call_update") return take_call(update);
    if (what == "plan") take_plan(update);
    if (what == "usage_update") take_usage(update);
    if (what == "current_mode_update") {
        // The schema and the pages call it differently.
        const std::string id = text_of(update, "currentModeId");
        context_.log("the agent is in mode " + (id.empty() ? text_of(update, "modeId") : id));
    }
    if (what == "notice") {
        const std::string severity = text_of(update, "severity");
        return context_.write_output(OutputStream::standard_error,
                                     severity + ": " + text_of(update, "title") + "\n");
    }
    return {};
}

void Narrator::set_state(ProgressState state, std::string note) {
    progress_.state = state;
    progress_.note = std::move(note);
    progress_is_new_ = true;
}

Result<std::optional<Narrator::Clock::time_point>> Narrator::tell_progress() {
    if (!progress_is_new_) return std::optional<Clock::time_point>();
    const Clock::time_point due = told_at_ + progress_pause;
    if (told_at_ != Clock::time_point() && Clock::now() < due) return std::optional(due);
    progress_is_new_ = false;
    told_at_ = Clock::now();
    if (Result<void> told = context_.report_progress(progress_); !told) {
        return std::move(told).error();
    }
    return std::optional<Clock::time_point>();
}

Result<void> Narrator::finish() {
    // At the end of a turn a call that was not closed is closed by us: some agents never do.
    for (auto& [id, call] : calls_) {
        std::string& told = told_status_[id];
        if (told.empty() || is_over(told) || told == "left") continue;
        told = "left";
        const std::string kind = call.kind.empty() ? std::string("tool") : call.kind;
        Result<void> said =
            say_line("[" + kind + "] " + one_line(call.title, longest_note) + ": not finished");
        if (!said) return said;
    }
    if (!progress_is_new_) return {};
    told_at_ = {};
    Result<std::optional<Clock::time_point>> told = tell_progress();
    return told ? Result<void>() : Result<void>(std::move(told).error());
}

} // namespace loong::acp
