#include "watch_model.hpp"

namespace loong::cli {
namespace {

using Kind = WatchAction::Kind;

bool offers(const TaskStatus& status, std::string_view verb) {
    const std::string start = "loong tasks " + std::string(verb) + " ";
    return std::any_of(status.next_commands.begin(), status.next_commands.end(),
                       [&](const std::string& command) { return command.starts_with(start); });
}

void remove_last_character(std::string& text) {
    if (text.empty()) return;
    std::size_t start = text.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xc0U) == 0x80U) --start;
    text.resize(start);
}

/// A word is looked for anywhere in the label; what is a pattern already is taken as it is.
std::string glob_of(const std::string& typed) {
    const bool is_glob = typed.empty() || typed.find_first_of("*?[") != std::string::npos;
    return is_glob ? typed : "*" + typed + "*";
}

std::ptrdiff_t page_step(std::size_t page) {
    return static_cast<std::ptrdiff_t>(page > 2 ? page - 1 : 1);
}

bool follows_its_end(WatchPage page) {
    return page == WatchPage::events || page == WatchPage::output;
}

WatchPage page_after(WatchPage page) {
    switch (page) {
    case WatchPage::status: return WatchPage::events;
    case WatchPage::events: return WatchPage::output;
    case WatchPage::output: return WatchPage::status;
    default: return page;
    }
}

constexpr const char* filter_question =
    "Which labels? A word, or a pattern with * and ?; empty: all";
constexpr std::ptrdiff_t very_far = 1 << 30;

} // namespace

const TaskStatus* WatchModel::current_status() const {
    if (page_ != WatchPage::list) {
        return opened_ ? &opened_->detail.row.task_status : nullptr;
    }
    const TaskRow* row = selected();
    return row == nullptr ? nullptr : &row->task_status;
}

std::string WatchModel::current_id() const {
    return page_ == WatchPage::list ? selected_id_ : opened_id_;
}

bool WatchModel::may(Kind kind) const {
    const TaskStatus* status = current_status();
    if (status == nullptr) return false;
    switch (kind) {
    case Kind::approve: return offers(*status, "approve");
    case Kind::deny: return offers(*status, "deny");
    case Kind::answer: return offers(*status, "answer");
    case Kind::recover: return offers(*status, "recover");
    case Kind::release: return offers(*status, "release");
    case Kind::cancel: return !status->terminal;
    default: return true;
    }
}

std::vector<WatchModel::Hint> WatchModel::hints() const {
    std::vector<Hint> hints;
    if (prompt_) {
        if (prompt_->kind == WatchPrompt::Kind::confirm) return {{"y", "yes"}, {"n", "no"}};
        return {{"Enter", "send"}, {"Esc", "leave it"}};
    }
    if (page_ == WatchPage::help) return {{"q", "back"}};
    const auto add = [&](Kind kind, const char* key, const char* word) {
        if (may(kind)) hints.push_back({key, word});
    };
    add(Kind::approve, "a", "approve");
    add(Kind::deny, "d", "deny");
    add(Kind::answer, "i", "answer");
    add(Kind::recover, "r", "recover");
    add(Kind::release, "l", "release");
    if (page_ == WatchPage::list) {
        if (selected() != nullptr) hints.push_back({"Enter", "open"});
    } else {
        hints.push_back({"Tab", "next page"});
    }
    add(Kind::cancel, "c", "cancel");
    if (page_ == WatchPage::list) hints.push_back({"/", "filter"});
    hints.push_back({"?", "help"});
    hints.push_back({"q", page_ == WatchPage::list ? "quit" : "back"});
    return hints;
}

WatchAction WatchModel::press(const Key& key, std::size_t page) {
    if (key.kind == KeyKind::other) return {};
    if (prompt_) return press_in_prompt(key);
    message_.clear();
    const bool quits = key.kind == KeyKind::character && key.text == "q";
    if (key.kind == KeyKind::escape || quits) {
        if (page_ != WatchPage::list) {
            close();
            return {};
        }
        if (quits) return {Kind::quit};
        if (filter_.empty()) return {};
        filter_.clear();
        return {Kind::look};
    }
    if (key.kind == KeyKind::character && key.text.size() == 1) {
        WatchAction action = press_letter(key.text.front());
        if (action.kind != Kind::none) return action;
    }
    return page_ == WatchPage::list ? press_in_list(key, page) : press_in_page(key, page);
}

WatchAction WatchModel::press_in_prompt(const Key& key) {
    WatchPrompt& prompt = *prompt_;
    if (key.kind == KeyKind::escape) {
        prompt_.reset();
        return {};
    }
    if (prompt.kind == WatchPrompt::Kind::confirm) {
        const bool yes = key.kind == KeyKind::character && (key.text == "y" || key.text == "Y");
        const bool no = key.kind == KeyKind::enter || (key.kind == KeyKind::character && !yes);
        if (!yes && !no) return {};
        WatchAction action = std::move(prompt.action);
        action.confirmed = true;
        prompt_.reset();
        return yes ? action : WatchAction{};
    }
    if (key.kind == KeyKind::backspace) remove_last_character(prompt.input);
    if (key.kind == KeyKind::character) prompt.input += key.text;
    if (key.kind != KeyKind::enter) return {};
    const WatchPrompt sent = std::move(prompt);
    prompt_.reset();
    if (sent.kind == WatchPrompt::Kind::filter) {
        filter_ = glob_of(sent.input);
        return {Kind::look};
    }
    if (sent.input.empty()) return {};
    WatchAction action = sent.action;
    action.text = sent.input;
    action.confirmed = true;
    return action;
}

WatchAction WatchModel::press_letter(char letter) {
    switch (letter) {
    case 'a': return act(Kind::approve);
    case 'd': return act(Kind::deny);
    case 'i': return act(Kind::answer);
    case 'c': return act(Kind::cancel);
    case 'r': return act(Kind::recover);
    case 'l': return act(Kind::release);
    default: return {};
    }
}

WatchAction WatchModel::act(Kind kind) const {
    if (page_ == WatchPage::help || !may(kind)) return {};
    WatchAction action;
    action.kind = kind;
    action.task_id = current_id();
    // What has ended goes on only by a new attempt.
    action.retry = kind == Kind::recover && current_status()->terminal;
    return action;
}

WatchAction WatchModel::press_in_list(const Key& key, std::size_t page) {
    switch (key.kind) {
    case KeyKind::up: move(-1); break;
    case KeyKind::down: move(1); break;
    case KeyKind::page_up: move(-page_step(page)); break;
    case KeyKind::page_down: move(page_step(page)); break;
    case KeyKind::home: select(0); break;
    case KeyKind::end: move(very_far); break;
    case KeyKind::tab: next_section(); break;
    case KeyKind::enter: return open(WatchPage::status);
    case KeyKind::character:
        if (key.text == "k") move(-1);
        if (key.text == "j") move(1);
        if (key.text == "e") return open(WatchPage::events);
        if (key.text == "o") return open(WatchPage::output);
        if (key.text == "?" || key.text == "h") return open(WatchPage::help);
        if (key.text == "/") ask({WatchPrompt::Kind::filter, filter_question, {}, filter_});
        break;
    default: break;
    }
    return {};
}

WatchAction WatchModel::press_in_page(const Key& key, std::size_t page) {
    switch (key.kind) {
    case KeyKind::up: scroll(-1); break;
    case KeyKind::down: scroll(1); break;
    case KeyKind::page_up: scroll(-page_step(page)); break;
    case KeyKind::page_down: scroll(page_step(page)); break;
    case KeyKind::home: scroll(-very_far); break;
    case KeyKind::end: scroll(very_far); break;
    case KeyKind::tab: return open(page_after(page_));
    case KeyKind::character:
        if (key.text == "k") scroll(-1);
        if (key.text == "j") scroll(1);
        if (key.text == "s") return open(WatchPage::status);
        if (key.text == "e") return open(WatchPage::events);
        if (key.text == "o") return open(WatchPage::output);
        if (key.text == "?" || key.text == "h") return open(WatchPage::help);
        break;
    default: break;
    }
    return {};
}

WatchAction WatchModel::open(WatchPage page) {
    const bool is_help = page == WatchPage::help;
    if (is_help && page_ != WatchPage::help) page_before_help_ = page_;
    if (!is_help && page_ == WatchPage::help) return {};
    if (!is_help && page_ == WatchPage::list) {
        if (selected() == nullptr) return {};
        opened_id_ = selected_id_;
        opened_.reset();
    }
    page_ = page;
    scrolled_ = 0;
    return {Kind::look};
}

void WatchModel::close() {
    page_ = page_ == WatchPage::help ? page_before_help_ : WatchPage::list;
    scrolled_ = 0;
    if (page_ != WatchPage::list) return;
    opened_id_.clear();
    opened_.reset();
}

void WatchModel::scroll(std::ptrdiff_t lines) {
    const std::ptrdiff_t there = follows_its_end(page_) ? -lines : lines;
    const std::ptrdiff_t to = static_cast<std::ptrdiff_t>(scrolled_) + there;
    scrolled_ = static_cast<std::size_t>(std::max<std::ptrdiff_t>(to, 0));
}

} // namespace loong::cli
