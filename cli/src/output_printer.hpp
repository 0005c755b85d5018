#pragma once
/// Shows what a task wrote, now or as it comes.

#include "invocation.hpp"
#include "output_filter.hpp"
#include "output_reader.hpp"
#include "progress_line.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace loong::cli {

struct OutputRequest {
    /// A full id.
    std::string task_id;
    OutputChoice choice = OutputChoice::both;
    /// Only this session's; empty: the current one's, and with `follow` those that come after it.
    std::string session_id;
    std::optional<std::uint64_t> tail;
    bool follow = false;
    /// Nothing is escaped, also on a terminal.
    bool raw = false;
};

/// Writes the bytes of each stream to the descriptor of its own: unchanged, or made fit for a
/// terminal where that descriptor is one; there the last line is ended too where the work has not
/// done so. While it follows, the progress line tells how the task stands.
class OutputPrinter {
public:
    OutputPrinter(Invocation& invocation, bool raw);

    /// `session_not_found` where the task has no such session. Following ends when the task has
    /// ended and all is shown, or as soon as `interrupt_descriptor` is readable: then it returns
    /// false.
    Result<bool> print(Tasks& tasks, const OutputRequest& request, int interrupt_descriptor);

private:
    Result<void> show(OutputStream stream, std::string_view bytes);
    /// `more_is_said`: a line of our own follows.
    Result<void> finish(bool more_is_said);
    void saw(std::string_view shown);
    Result<void> read(OutputReader& reader, bool final);

    Invocation& invocation_;
    bool out_is_terminal_;
    bool err_is_terminal_;
    bool filter_out_;
    bool filter_err_;
    /// What was written may be added to, so that what comes next has a line of its own.
    bool ends_last_line_;
    /// What was written to a terminal last ended a line, so that another may follow.
    bool at_line_start_ = true;
    ProgressLine line_;
    OutputFilter out_filter_;
    OutputFilter err_filter_;
};

} // namespace loong::cli
