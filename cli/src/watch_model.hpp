#pragma once
/// What the live view of `tasks list --watch` knows, and what its keys mean. No terminal, no store:
/// rows go in, keys go in, and what is to be done comes out.

#include "loong/tasks.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace loong::cli {

/// In the order in which they are shown.
enum class WatchSection : std::uint8_t { attention, running, queued, ended };
inline constexpr std::size_t watch_section_count = 4;

/// One look at the tasks.
struct WatchLists {
    struct Section {
        /// Those that are shown, which may be fewer than there are.
        std::vector<TaskRow> rows;
        std::uint64_t total = 0;
    };
    std::array<Section, watch_section_count> sections;
    /// As ListResult::counts, of all that the filter lets through.
    std::vector<std::pair<Status, std::uint64_t>> counts;
    std::uint64_t needs_attention_count = 0;

    [[nodiscard]] Section& at(WatchSection section) {
        return sections[static_cast<std::size_t>(section)];
    }
    [[nodiscard]] const Section& at(WatchSection section) const {
        return sections[static_cast<std::size_t>(section)];
    }
};

/// How many rows of each section are wanted.
using WatchLimits = std::array<std::size_t, watch_section_count>;

enum class KeyKind : std::uint8_t {
    character,
    up,
    down,
    page_up,
    page_down,
    home,
    end,
    enter,
    escape,
    backspace,
    tab,
    other,
};

struct Key {
    KeyKind kind = KeyKind::other;
    /// The character in UTF-8.
    std::string text;
};

/// What a key asks for. Whatever changes a task comes twice: first unconfirmed, to be told what
/// would be done to what, and then confirmed, about exactly that.
struct WatchAction {
    enum class Kind : std::uint8_t {
        none,
        quit,
        /// Something else is to be shown: another filter, or a task that was opened.
        look,
        approve,
        deny,
        answer,
        cancel,
        recover,
        release,
    };
    Kind kind = Kind::none;
    bool confirmed = false;
    std::string task_id;
    /// Which request is answered, once that is known.
    std::string request_id;
    /// An answer.
    std::string text;
    /// Of recover: a new attempt.
    bool retry = false;
};

/// What the operator is asked before something is done.
struct WatchPrompt {
    enum class Kind : std::uint8_t { confirm, answer, filter };
    Kind kind = Kind::confirm;
    /// Escaped already; may have several lines.
    std::string question;
    /// What is done on yes, or with the text.
    WatchAction action;
    /// What was typed so far.
    std::string input;
};

enum class WatchPage : std::uint8_t { list, status, events, output, help };

/// A task that was opened.
struct OpenedTask {
    TaskDetail detail;
    /// The last ones, oldest first.
    std::vector<Event> events;
    /// Lines fit for a terminal, the last ones.
    std::vector<std::string> output;
};

/// How many lines a task that needs the operator takes: what and why and the command, or, where
/// many do, the reason of the selected one alone.
[[nodiscard]] std::size_t attention_lines(std::uint64_t total, std::size_t lines) noexcept;

class WatchModel {
public:
    /// A glob for labels, as of `--label`; empty: none.
    explicit WatchModel(std::string filter) : filter_(std::move(filter)) {}

    /// A new look. The selection stays with its task, wherever that is now; where it is gone, with
    /// the place where it was.
    void show(WatchLists lists);
    void show(OpenedTask task) { opened_ = std::move(task); }
    /// The line above the keys, until the next key.
    void say(std::string message, bool is_error);
    void ask(WatchPrompt prompt);

    /// `page` is how many lines a page has.
    WatchAction press(const Key& key, std::size_t page);

    /// Rows to be loaded for a body of that many lines, where there are so many in all: what fits,
    /// and where the selection is a page beyond it.
    [[nodiscard]] WatchLimits limits(const WatchLists& totals, std::size_t lines) const;

    /// The selection came so far that rows are missing.
    [[nodiscard]] bool wants_more(std::size_t lines) const;

    [[nodiscard]] const WatchLists& lists() const noexcept { return lists_; }
    [[nodiscard]] const TaskRow* selected() const;
    [[nodiscard]] const std::string& selected_id() const noexcept { return selected_id_; }
    [[nodiscard]] WatchPage page() const noexcept { return page_; }
    [[nodiscard]] const std::string& opened_id() const noexcept { return opened_id_; }
    /// Absent until it was read.
    [[nodiscard]] const std::optional<OpenedTask>& opened() const noexcept { return opened_; }
    [[nodiscard]] const std::optional<WatchPrompt>& prompt() const noexcept { return prompt_; }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    [[nodiscard]] bool message_is_error() const noexcept { return message_is_error_; }
    [[nodiscard]] const std::string& filter() const noexcept { return filter_; }
    /// How many lines an opened page was scrolled: down from its start, or, where what comes is
    /// followed (events, output), up from its end.
    [[nodiscard]] std::size_t scrolled() const noexcept { return scrolled_; }
    /// Whoever drew the page knows how far it can be scrolled.
    void limit_scroll(std::size_t most) { scrolled_ = std::min(scrolled_, most); }

    /// The keys that make sense now, with a word each, the most wanted first.
    struct Hint {
        const char* key;
        const char* word;
    };
    [[nodiscard]] std::vector<Hint> hints() const;

private:
    /// The status of the task that keys are about; null where there is none.
    [[nodiscard]] const TaskStatus* current_status() const;
    [[nodiscard]] std::string current_id() const;
    WatchAction press_in_prompt(const Key& key);
    WatchAction press_in_list(const Key& key, std::size_t page);
    WatchAction press_in_page(const Key& key, std::size_t page);
    WatchAction press_letter(char letter);
    WatchAction act(WatchAction::Kind kind) const;
    [[nodiscard]] bool may(WatchAction::Kind kind) const;
    WatchAction open(WatchPage page);
    void close();
    void select(std::size_t index);
    void move(std::ptrdiff_t rows);
    void scroll(std::ptrdiff_t lines);
    [[nodiscard]] std::size_t row_count() const;
    [[nodiscard]] const TaskRow* row_at(std::size_t index) const;
    [[nodiscard]] std::optional<std::size_t> index_of(const std::string& task_id) const;
    [[nodiscard]] std::size_t section_start(std::size_t section) const;
    void next_section();

    WatchLists lists_;
    std::string filter_;
    std::string selected_id_;
    std::size_t selected_index_ = 0;
    WatchPage page_ = WatchPage::list;
    /// Where help was asked for.
    WatchPage page_before_help_ = WatchPage::list;
    std::string opened_id_;
    std::optional<OpenedTask> opened_;
    std::size_t scrolled_ = 0;
    std::optional<WatchPrompt> prompt_;
    std::string message_;
    bool message_is_error_ = false;
};

} // namespace loong::cli
