#include "output_printer.hpp"

#include "either_descriptor.hpp"

#include <poll.h>
#include <unistd.h>

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

/// One session that is being followed.
struct Followed {
    Followed(const Tasks::SessionDirectory& session, OutputChoice choice, int interrupt_descriptor)
        : directory(session.directory),
          reader(directory, choice),
          watch(directory),
          either(watch.descriptor(), interrupt_descriptor) {}

    /// The directory may have come into being only now.
    void watch_again(int interrupt_descriptor) {
        if (watch.descriptor() >= 0) return;
        watch = DirectoryWatch(directory);
        either = EitherDescriptor(watch.descriptor(), interrupt_descriptor);
    }

    std::string directory;
    OutputReader reader;
    DirectoryWatch watch;
    EitherDescriptor either;
};

} // namespace

OutputPrinter::OutputPrinter(Invocation& invocation, bool raw)
    : invocation_(invocation),
      filter_out_(!raw && isatty(invocation.out.descriptor()) == 1),
      filter_err_(!raw && isatty(invocation.err.descriptor()) == 1) {}

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
    if (request.follow) return follow(tasks, request, session.session_id, interrupt_descriptor);
    OutputReader reader(session.directory, request.choice);
    if (request.tail) {
        if (Result<void> skipped = reader.skip_to_tail(*request.tail); !skipped) {
            return std::move(skipped).error();
        }
    }
    if (Result<void> done = read(reader, true); !done) return std::move(done).error();
    if (Result<void> done = finish(); !done) return std::move(done).error();
    return true;
}

// The state is read before the files: what a session wrote is there before its end is recorded.
Result<bool> OutputPrinter::follow(Tasks& tasks, const OutputRequest& request,
                                   std::string session_id, int interrupt_descriptor) {
    Result<std::unique_ptr<TaskWatch>> watch = tasks.watch({request.task_id});
    if (!watch) return std::move(watch).error();
    std::optional<Followed> followed;
    bool look_at_task = true;
    bool ended = false;
    Sessions sessions;
    while (true) {
        if (look_at_task) {
            Result<Sessions> found = tasks.session_directories(request.task_id);
            if (!found) return std::move(found).error();
            sessions = std::move(*found);
            const std::optional<std::size_t> at = find_session(sessions, session_id);
            ended = !at || is_terminal(sessions[*at].state);
            // Watched before it is read, so that nothing falls between the two.
            if (!followed && at) {
                followed.emplace(sessions[*at], request.choice, interrupt_descriptor);
                Result<void> skipped =
                    request.tail ? followed->reader.skip_to_tail(*request.tail) : Result<void>();
                if (!skipped) return std::move(skipped).error();
            }
        }
        if (!followed) return true;
        followed->watch_again(interrupt_descriptor);
        followed->watch.clear();
        if (Result<void> done = read(followed->reader, ended); !done) {
            return std::move(done).error();
        }
        if (ended) {
            const std::optional<std::size_t> at = find_session(sessions, session_id);
            const bool more = request.session_id.empty() && at && *at + 1 < sessions.size();
            if (!more) break;
            // A new attempt starts with its first line, whatever --tail said of the one before.
            session_id = sessions[*at + 1].session_id;
            ended = is_terminal(sessions[*at + 1].state);
            followed.emplace(sessions[*at + 1], request.choice, interrupt_descriptor);
            look_at_task = false;
            continue;
        }
        const bool event_driven = followed->watch.descriptor() >= 0;
        const std::optional<Milliseconds> limit =
            event_driven ? std::nullopt : std::optional(Milliseconds(1000));
        Result<TaskWatch::Woken> woken = (*watch)->wait(limit, followed->either.get());
        if (!woken) return std::move(woken).error();
        if (is_readable(interrupt_descriptor)) {
            if (Result<void> done = finish(); !done) return std::move(done).error();
            return false;
        }
        look_at_task = *woken != TaskWatch::Woken::interrupted;
    }
    if (Result<void> done = finish(); !done) return std::move(done).error();
    return true;
}

Result<void> OutputPrinter::read(OutputReader& reader, bool final) {
    Result<void> done = reader.read(
        [this](OutputStream stream, std::string_view bytes) { return show(stream, bytes); }, final);
    if (!done) return done;
    if (Result<void> flushed = invocation_.out.flush(); !flushed) return flushed;
    return invocation_.err.flush();
}

// Where both go to the same place their order is kept: what was written to the other is flushed
// first.
Result<void> OutputPrinter::show(OutputStream stream, std::string_view bytes) {
    const bool out = stream == OutputStream::standard_output;
    Printer& other = out ? invocation_.err : invocation_.out;
    if (Result<void> flushed = other.flush(); !flushed) return flushed;
    Printer& printer = out ? invocation_.out : invocation_.err;
    if (out ? filter_out_ : filter_err_) {
        printer.print((out ? out_filter_ : err_filter_).pass(bytes));
    } else {
        printer.print(bytes);
    }
    return {};
}

Result<void> OutputPrinter::finish() {
    if (filter_out_) invocation_.out.print(out_filter_.finish());
    if (filter_err_) invocation_.err.print(err_filter_.finish());
    if (Result<void> flushed = invocation_.out.flush(); !flushed) return flushed;
    return invocation_.err.flush();
}

} // namespace loong::cli
