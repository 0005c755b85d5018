#pragma once
/// A TaskSummary as one line of plain text and back: every field, in the order of its declaration.
/// Fields are divided by spaces; in a text everything but letters, digits and `_.-` is written as
/// `%` and two hexadecimal digits, so the line needs no quoting anywhere.

#include <loong/summary.hpp>

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace loong::test {

class SummaryTextWriter {
public:
    explicit SummaryTextWriter(std::string& out) : out_(out) {}

    void operator()(const std::string& text) {
        constexpr std::string_view digits = "0123456789abcdef";
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                               (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
            if (plain) {
                out_ += c;
            } else {
                out_ += '%';
                out_ += digits[byte >> 4];
                out_ += digits[byte & 15];
            }
        }
        out_ += ' ';
    }
    void operator()(double number) { (*this)(std::to_string(number)); }
    void operator()(Time time) { (*this)(time.time_since_epoch().count()); }
    template <std::integral Number>
    void operator()(Number number) {
        out_ += std::to_string(static_cast<std::int64_t>(number)) + ' ';
    }
    template <typename Enum>
    requires std::is_enum_v<Enum>
    void operator()(Enum value) { (*this)(static_cast<std::int64_t>(value)); }
    template <typename Content>
    void operator()(const std::optional<Content>& content) {
        (*this)(content.has_value());
        if (content) (*this)(*content);
    }
    template <typename Content>
    void operator()(const std::vector<Content>& list) {
        (*this)(list.size());
        for (const Content& one : list) (*this)(one);
    }
    void operator()(const Dependency& dependency);
    void operator()(const Progress& progress);
    void operator()(const OpenRequest& request);

private:
    std::string& out_;
};

/// After anything that is not as the writer writes it, failed() is true.
class SummaryTextReader {
public:
    explicit SummaryTextReader(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    void operator()(std::string& text) {
        const std::string_view word = next();
        text.clear();
        for (std::size_t i = 0; i < word.size(); ++i) {
            if (word[i] != '%') {
                text += word[i];
                continue;
            }
            unsigned byte = 0;
            if (i + 2 >= word.size() || !number_of(word.substr(i + 1, 2), byte, 16)) return fail();
            text += static_cast<char>(byte);
            i += 2;
        }
    }
    void operator()(double& number) {
        std::string text;
        (*this)(text);
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || end != text.data() + text.size()) fail();
    }
    void operator()(Time& time) { time = Time(Microseconds(integer())); }
    void operator()(bool& flag) { flag = integer() != 0; }
    template <typename Number>
    requires std::integral<Number> || std::is_enum_v<Number>
    void operator()(Number& number) { number = static_cast<Number>(integer()); }
    template <typename Content>
    void operator()(std::optional<Content>& content) {
        content.reset();
        if (integer() != 0) (*this)(content.emplace());
    }
    template <typename Content>
    void operator()(std::vector<Content>& list) {
        list.clear();
        for (std::int64_t left = integer(); left > 0 && !failed_; --left) {
            (*this)(list.emplace_back());
        }
    }
    void operator()(Dependency& dependency);
    void operator()(Progress& progress);
    void operator()(OpenRequest& request);

private:
    template <typename Number>
    static bool number_of(std::string_view word, Number& number, int base) {
        const auto [end, error] =
            std::from_chars(word.data(), word.data() + word.size(), number, base);
        return error == std::errc{} && end == word.data() + word.size();
    }
    void fail() { failed_ = true; }
    std::string_view next() {
        const std::size_t end = rest_.find(' ');
        if (end == std::string_view::npos) {
            fail();
            return {};
        }
        const std::string_view word = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return word;
    }
    std::int64_t integer() {
        std::int64_t number = 0;
        if (!number_of(next(), number, 10)) fail();
        return number;
    }

    std::string_view rest_;
    bool failed_ = false;
};

/// Shows every field of a summary to `field`, which reads or writes it.
template <typename Summary, typename Field>
void visit_summary(Summary& s, Field& field) {
    field(s.task_id), field(s.revision), field(s.label), field(s.runtime);
    field(s.task_session_id), field(s.owner_session_id), field(s.scope_session_id);
    field(s.visible_to), field(s.session_state), field(s.state_since), field(s.created_at);
    field(s.updated_at), field(s.archived), field(s.held), field(s.recovered);
    field(s.tool_narrowing_active), field(s.cancel_requested_at), field(s.attempt);
    field(s.retry_limit), field(s.priority), field(s.dependencies), field(s.not_before);
    field(s.overdue_at), field(s.deadline_at), field(s.timeout_seconds), field(s.open_approvals);
    field(s.open_inputs), field(s.requests), field(s.oldest_request), field(s.progress),
        field(s.attention);
    field(s.exit_code), field(s.signal), field(s.message), field(s.retry_possible);
    field(s.dedupe_key), field(s.depth), field(s.notify_at), field(s.notify_attention);
    field(s.noticed);
}

template <typename Visited, typename Field>
void visit_dependency(Visited& d, Field& field) {
    field(d.task_id), field(d.any_end);
}
template <typename Visited, typename Field>
void visit_progress(Visited& p, Field& field) {
    field(p.state), field(p.percent), field(p.done), field(p.total), field(p.note), field(p.at);
}
template <typename Visited, typename Field>
void visit_request(Visited& r, Field& field) {
    field(r.request_id), field(r.question), field(r.tool), field(r.since), field(r.is_approval);
}

inline void SummaryTextWriter::operator()(const Dependency& dependency) {
    visit_dependency(dependency, *this);
}
inline void SummaryTextWriter::operator()(const Progress& progress) {
    visit_progress(progress, *this);
}
inline void SummaryTextWriter::operator()(const OpenRequest& request) {
    visit_request(request, *this);
}
inline void SummaryTextReader::operator()(Dependency& dependency) {
    visit_dependency(dependency, *this);
}
inline void SummaryTextReader::operator()(Progress& progress) { visit_progress(progress, *this); }
inline void SummaryTextReader::operator()(OpenRequest& request) { visit_request(request, *this); }

[[nodiscard]] inline std::string write_summary_text(const TaskSummary& summary) {
    std::string text = "summary-1 ";
    SummaryTextWriter writer(text);
    visit_summary(summary, writer);
    return text;
}

[[nodiscard]] inline bool read_summary_text(std::string_view text, TaskSummary& summary) {
    constexpr std::string_view version = "summary-1 ";
    if (!text.starts_with(version)) return false;
    SummaryTextReader reader(text.substr(version.size()));
    visit_summary(summary, reader);
    return !reader.failed() && reader.at_end();
}

} // namespace loong::test
