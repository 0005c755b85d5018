#include "watch_tasks.hpp"

#include "status_style.hpp"
#include "text.hpp"
#include "watch_screen.hpp"

#include <algorithm>
#include <array>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

namespace loong::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// Texts that tell ages are made by core at a look; so often they are made again.
constexpr Seconds looks_hold{60};
/// However much happens, looking takes no more than a third of the time; but nobody waits for more
/// than half a second because the first look, say, had to read everything from the disk.
constexpr int pause_factor = 2;
constexpr Milliseconds shortest_pause{50};
constexpr Milliseconds longest_pause{500};

std::string sentence(const Error& error) {
    std::string text = std::string(to_string(error.code)) + ": " + error.message;
    if (!error.hint.empty()) text += "; " + error.hint;
    return escape_controls(text);
}

/// One call of the live view.
class Watching {
public:
    Watching(Tasks& tasks, TaskWatch& watch, WatchScreen& screen, const Terminal& terminal,
             const WatchScope& scope, const std::string& label_glob, std::string title)
        : watch_(watch),
          screen_(screen),
          source_(tasks, scope),
          model_(label_glob),
          view_(terminal, std::move(title)) {}

    void run() {
        while (!quits_ && !screen_.is_gone()) {
            if (look_is_due_ && Clock::now() >= next_look_at_) look();
            draw();
            wait();
            read_keys();
        }
    }

private:
    void look() {
        const Clock::time_point start = Clock::now();
        look_is_due_ = false;
        const std::size_t lines = WatchView::body_lines(screen_.size());
        Result<WatchLists> lists = source_.look(model_.filter(), [&](const WatchLists& totals) {
            return model_.limits(totals, lines);
        });
        if (lists) {
            model_.show(*std::move(lists));
        } else {
            model_.say(sentence(lists.error()), true);
        }
        look_at_opened();
        const Clock::time_point end = Clock::now();
        looked_at_ = end;
        next_look_at_ = end + std::clamp<Clock::duration>((end - start) * pause_factor,
                                                          shortest_pause, longest_pause);
    }

    void look_at_opened() {
        if (model_.opened_id().empty()) return source_.close_task();
        Result<OpenedTask> opened = source_.look_at(model_.opened_id());
        if (opened) {
            model_.show(*std::move(opened));
        } else {
            model_.say(sentence(opened.error()), true);
        }
    }

    void draw() {
        const WatchFrame frame = view_.draw(model_, screen_.size(), wall_clock());
        screen_.show(frame);
        model_.limit_scroll(frame.most_scroll);
        ages_hold_ = frame.ages_hold;
    }

    // For whatever comes first: an event of the store, a key, a signal, more output, the next age.
    void wait() {
        const Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
        const int output = source_.output_descriptor();
        for (const int descriptor : {STDIN_FILENO, screen_.descriptor(), output}) {
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.fd = descriptor;
            if (descriptor >= 0) epoll_ctl(epoll.get(), EPOLL_CTL_ADD, descriptor, &event);
        }
        if (look_is_due_) {
            // What else happens until then is seen by that look.
            pollfd ready{epoll.get(), POLLIN, 0};
            const auto left = std::chrono::ceil<Milliseconds>(next_look_at_ - Clock::now());
            poll(&ready, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
            look_at_descriptors(output);
            return;
        }
        Result<TaskWatch::Woken> woken = watch_.wait(patience(output), epoll.get());
        if (!woken) {
            model_.say(sentence(woken.error()), true);
            next_look_at_ = Clock::now() + Seconds(1);
        }
        const bool changed = !woken || *woken == TaskWatch::Woken::changed;
        const bool ages_are_old = Clock::now() - looked_at_ >= texts_hold();
        look_is_due_ = look_is_due_ || changed || ages_are_old;
        look_at_descriptors(output);
    }

    void look_at_descriptors(int output) {
        std::array<pollfd, 2> ready{pollfd{screen_.descriptor(), POLLIN, 0},
                                    pollfd{output, POLLIN, 0}};
        poll(ready.data(), ready.size(), 0);
        if (ready[0].revents != 0) {
            screen_.renew();
            look_is_due_ = true;
        }
        if (ready[1].revents != 0) look_is_due_ = true;
    }

    /// How long the texts of the last look are right: those of the tasks that need somebody tell
    /// ages, in seconds at first.
    [[nodiscard]] Seconds texts_hold() const {
        const bool tells_ages =
            !model_.lists().at(WatchSection::attention).rows.empty() || model_.opened().has_value();
        return tells_ages ? std::min(ages_hold_, looks_hold) : looks_hold;
    }

    [[nodiscard]] Milliseconds patience(int output) const {
        Milliseconds patience = std::min(ages_hold_, looks_hold);
        // Where the system gives no watch for files, they are looked at once a second.
        const bool polls = output < 0 && model_.opened().has_value();
        return polls ? std::min<Milliseconds>(patience, Seconds(1)) : patience;
    }

    void read_keys() {
        while (!quits_) {
            const std::optional<Key> key = screen_.read_key();
            if (!key) return;
            const std::size_t page = WatchView::body_lines(screen_.size());
            obey(model_.press(*key, page));
            if (model_.wants_more(page)) look_at_once();
        }
    }

    void obey(const WatchAction& action) {
        switch (action.kind) {
        case WatchAction::Kind::none: return;
        case WatchAction::Kind::quit: quits_ = true; return;
        case WatchAction::Kind::look: break;
        default: change(action);
        }
        look_at_once();
    }

    void look_at_once() {
        look_is_due_ = true;
        next_look_at_ = Clock::now();
    }

    void change(const WatchAction& action) {
        if (!action.confirmed) {
            Result<WatchPrompt> prompt = source_.prepare(action);
            if (prompt) return model_.ask(*std::move(prompt));
            return model_.say(sentence(prompt.error()), true);
        }
        // Ending what does not want to end takes as long as it takes.
        model_.say("at it…", false);
        draw();
        Result<std::string> done = source_.perform(action);
        if (done) return model_.say(*done, false);
        model_.say(sentence(done.error()), true);
    }

    TaskWatch& watch_;
    WatchScreen& screen_;
    WatchSource source_;
    WatchModel model_;
    WatchView view_;
    bool quits_ = false;
    bool look_is_due_ = true;
    Clock::time_point next_look_at_;
    Clock::time_point looked_at_;
    Seconds ages_hold_{1};
};

} // namespace

Result<ExitCode> watch_tasks(const Invocation& invocation, const WatchScope& scope,
                             const std::string& label_glob) {
    // What is wrong is told before the screen is taken.
    Result<Tasks> tasks = invocation.open();
    if (!tasks) return std::move(tasks).error();
    Result<std::unique_ptr<TaskWatch>> watch = tasks->watch_all();
    if (!watch) return std::move(watch).error();
    const std::string title = invocation.globals.all_sessions
                                  ? "loong, all sessions"
                                  : "loong, session " + tasks->current_session_id();
    Result<WatchScreen> screen = WatchScreen::open(invocation.terminal);
    if (!screen) return std::move(screen).error();
    Watching(*tasks, **watch, *screen, invocation.terminal, scope, label_glob, title).run();
    return ExitCode::done;
}

} // namespace loong::cli
