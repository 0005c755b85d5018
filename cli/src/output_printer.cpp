#include "output_printer.hpp"

#include "either_descriptor.hpp"
#include "styled_text.hpp"

#include <functional>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace loong::cli {
namespace {

using Sessions = std::vector<Tasks::SessionDirectory>;

std::optional<std::size_t> find_session(const Sessions& sessions, const std::string& session_id) {
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        if (sessions[i].session_id == session_id) return i;
    }
    return std::nullopt;
}

bool is_readable(int descriptor) {
    pollfd readable{descriptor, POLLIN, 0};
    return descriptor >= 0 && poll(&readable, 1, 0) == 1;
}

/// The session of a task that is being followed, and those that come after it.
class Follower {
public:
    Follower(Tasks& tasks, const OutputRequest& request, std::string session_id,
             int interrupt_descriptor, ProgressLine& line)
        : tasks_(tasks),
          request_(request),
          session_id_(std::move(session_id)),
          tail_(request.tail),
          interrupt_descriptor_(interrupt_descriptor),
          line_(line) {}

    using Read = std::function<Result<void>(OutputReader&, bool final)>;

    /// Returns false where it was interrupted. The state is read before the files: what a session
    /// wrote is there before its end is recorded.
    Result<bool> run(const Read& read) {
        Result<std::unique_ptr<TaskWatch>> watch = tasks_.watch({request_.task_id});
        if (!watch) return std::move(watch).error();
        bool look_again = true;
        while (true) {
            Result<void> looked = look_again ? look() : Result<void>();
            if (!looked) return std::move(looked).error();
            if (reader_) {
                if (directory_watch_) directory_watch_->clear();
                if (Result<void> done = read(*reader_, ended_); !done) {
                    return std::move(done).error();
                }
            }
            if (ended_ && !go_on()) return true;
            if (look_again && line_.is_shown()) tell();
            look_again = true;
            if (moved_on_) continue;
            Result<TaskWatch::Woken> woken = wait(**watch);
            if (!woken) return std::move(woken).error();
            if (is_readable(interrupt_descriptor_)) return read_last(read);
            look_again = *woken != TaskWatch::Woken::interrupted;
        }
    }

private:
    // What was written before the interrupt came is shown: it may be why somebody interrupted.
    Result<bool> read_last(const Read& read) {
        if (!reader_) return false;
        if (Result<void> done = read(*reader_, false); !done) return std::move(done).error();
        return false;
    }

    Result<void> look() {
        moved_on_ = false;
        Result<Sessions> found = tasks_.session_directories(request_.task_id);
        if (!found) return std::move(found).error();
        sessions_ = std::move(*found);
        const std::optional<std::size_t> at = find_session(sessions_, session_id_);
        ended_ = !at || is_terminal(sessions_[*at].state);
        if (reader_ || !at || sessions_[*at].directory.empty()) return {};
        // Watched before it is read, so that nothing falls between the two.
        directory_watch_.emplace(sessions_[*at].directory);
        reader_.emplace(sessions_[*at].directory, request_.choice);
        // A later attempt is shown from its first line on.
        const std::optional<std::uint64_t> tail = std::exchange(tail_, std::nullopt);
        return tail ? reader_->skip_to_tail(*tail) : Result<void>();
    }

    // It is no more than a comfort: what fails here fails again where it matters.
    void tell() {
        const Result<TaskDetail> detail = tasks_.status(request_.task_id);
        if (detail) line_.show(detail->row);
    }

    // To the session after this one, where there is one and it is wanted.
    bool go_on() {
        const std::optional<std::size_t> at = find_session(sessions_, session_id_);
        if (!request_.session_id.empty() || !at || *at + 1 >= sessions_.size()) return false;
        session_id_ = sessions_[*at + 1].session_id;
        reader_.reset();
        directory_watch_.reset();
        tail_.reset();
        moved_on_ = true;
        return true;
    }

    // Where the files cannot be watched they are looked at once a second; a session that has none
    // yet gets them with its next event.
    Result<TaskWatch::Woken> wait(TaskWatch& watch) const {
        const int descriptor = directory_watch_ ? directory_watch_->descriptor() : -1;
        const EitherDescriptor either(descriptor, interrupt_descriptor_);
        const bool event_driven = descriptor >= 0;
        return watch.wait(event_driven ? std::nullopt : std::optional(Milliseconds(1000)),
                          either.get());
    }

    Tasks& tasks_;
    const OutputRequest& request_;
    std::string session_id_;
    std::optional<std::uint64_t> tail_;
    int interrupt_descriptor_;
    ProgressLine& line_;
    Sessions sessions_;
    std::optional<DirectoryWatch> directory_watch_;
    std::optional<OutputReader> reader_;
    bool ended_ = false;
    bool moved_on_ = false;
};

} // namespace

OutputPrinter::OutputPrinter(Invocation& invocation, bool raw)
    : invocation_(invocation),
      out_is_terminal_(isatty(invocation.out.descriptor()) == 1),
      err_is_terminal_(isatty(invocation.err.descriptor()) == 1),
      filter_out_(!raw && out_is_terminal_),
      filter_err_(!raw && err_is_terminal_),
      ends_last_line_(!raw && !invocation.globals.json),
      line_(invocation) {}

Result<bool> OutputPrinter::print(Tasks& tasks, const OutputRequest& request,
                                  int interrupt_descriptor) {
    Result<Sessions> sessions = tasks.session_directories(request.task_id);
    if (!sessions) return std::move(sessions).error();
    std::optional<std::size_t> chosen = find_session(*sessions, request.session_id);
    if (!chosen && request.session_id.empty() && !sessions->empty()) chosen = sessions->size() - 1;
    if (!chosen) {
        return Error{ErrorCode::session_not_found,
                     "task " + request.task_id + " has no session " + request.session_id,
                     "`loong tasks status " + request.task_id + "` shows its sessions"};
    }
    const Tasks::SessionDirectory& session = (*sessions)[*chosen];
    if (request.follow) {
        Follower follower(tasks, request, session.session_id, interrupt_descriptor, line_);
        Result<bool> whole =
            follower.run([this](OutputReader& reader, bool final) { return read(reader, final); });
        if (!whole) return whole;
        if (Result<void> done = finish(line_.is_shown()); !done) return std::move(done).error();
        return whole;
    }
    // It has not started.
    if (session.directory.empty()) return true;
    OutputReader reader(session.directory, request.choice);
    if (request.tail) {
        if (Result<void> skipped = reader.skip_to_tail(*request.tail); !skipped) {
            return std::move(skipped).error();
        }
    }
    if (Result<void> done = read(reader, true); !done) return std::move(done).error();
    if (Result<void> done = finish(false); !done) return std::move(done).error();
    return true;
}

Result<void> OutputPrinter::read(OutputReader& reader, bool final) {
    Result<void> done = reader.read(
        [this](OutputStream stream, std::string_view bytes) { return show(stream, bytes); }, final);
    if (!done) return done;
    if (Result<void> flushed = invocation_.out.flush(); !flushed) return flushed;
    if (Result<void> flushed = invocation_.err.flush(); !flushed) return flushed;
    line_.show_again(at_line_start_);
    return {};
}

// Where both go to the same place their order is kept: what was written to the other is flushed
// first.
Result<void> OutputPrinter::show(OutputStream stream, std::string_view bytes) {
    line_.hide();
    const bool out = stream == OutputStream::standard_output;
    Printer& other = out ? invocation_.err : invocation_.out;
    if (Result<void> flushed = other.flush(); !flushed) return flushed;
    Printer& printer = out ? invocation_.out : invocation_.err;
    const bool filtered = out ? filter_out_ : filter_err_;
    const std::string shown =
        filtered ? (out ? out_filter_ : err_filter_).pass(bytes) : std::string(bytes);
    if (out ? out_is_terminal_ : err_is_terminal_) saw(shown);
    printer.print(shown);
    return {};
}

// Colours take no place in a line.
void OutputPrinter::saw(std::string_view shown) {
    const std::size_t newline = shown.rfind('\n');
    if (newline != std::string_view::npos) {
        at_line_start_ = true;
        shown.remove_prefix(newline + 1);
    }
    if (!styled_pieces(shown).empty()) at_line_start_ = false;
}

Result<void> OutputPrinter::finish(bool more_is_said) {
    line_.hide();
    for (const bool out : {true, false}) {
        if (!(out ? filter_out_ : filter_err_)) continue;
        const std::string rest = (out ? out_filter_ : err_filter_).finish();
        saw(rest);
        (out ? invocation_.out : invocation_.err).print(rest);
    }
    if (Result<void> flushed = invocation_.out.flush(); !flushed) return flushed;
    if (Result<void> flushed = invocation_.err.flush(); !flushed) return flushed;
    if (at_line_start_ || !(ends_last_line_ || more_is_said)) return {};
    Printer& terminal = out_is_terminal_ ? invocation_.out : invocation_.err;
    terminal.print("\n");
    return terminal.flush();
}

} // namespace loong::cli
