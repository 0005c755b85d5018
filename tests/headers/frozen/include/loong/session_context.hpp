#pragma once
/// All that a running session may ask of loong. Implemented by core, called by runtimes.
///
/// Defaults: [any-thread]. References are valid until run() or resume() returns; strings passed in
/// are read during the call only. No exception leaves. Every method that returns `Result` may fail
/// with `store_io` or `store_busy`, and with `conflict` once the session is no longer this
/// worker's (it was cancelled for good, or recovered by another): stop the work and return.

#include "loong/error.hpp"
#include "loong/session_spec.hpp"
#include "loong/summary.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

enum class OutputStream : std::uint8_t { standard_output, standard_error };

/// Why the signal descriptor became readable. Once set, `cancel`, `force`, `timeout` and `detach`
/// stay set.
struct SessionSignals {
    /// End the work politely, and by force after the grace time; then return `cancelled`.
    bool cancel = false;
    /// Do not wait for the grace time (any longer).
    bool force = false;
    /// The timeout has passed: end the work as for cancel; then return `timed_out`.
    bool timeout = false;
    /// A request was answered or expired since the last call: look with request_status().
    bool answer = false;
    /// Let go of the work without ending it, and return `detached`; a runtime that cannot treats
    /// it as cancel.
    bool detach = false;
};

enum class RequestKind : std::uint8_t { approval, input };

struct RequestOption {
    std::string id;
    std::string label;
    /// For approvals: what choosing it means. `always` options are chosen only by an operator who
    /// says so.
    enum class Kind : std::uint8_t { allow_once, allow_always, deny_once, deny_always };
    Kind kind = Kind::allow_once;
};

/// Something asked of the operator.
struct NewRequest {
    RequestKind kind = RequestKind::approval;
    /// Identifies the request within the task: at most 128 bytes, for example `step publish/1`.
    /// Opening a key again returns the request that has it, answered or not, so that a resumed
    /// session finds its answer; a loop uses a new key each time around.
    std::string key;
    /// The tool that is asked for; empty where none.
    std::string tool;
    /// Approvals only: the rule of the policy that asks, at most 1 KiB; empty where none does. Once
    /// the operator has answered one request `always`, every other one of the same task with the
    /// same rule gets that answer: what is open then, and what is opened later, which returns
    /// resolved. The newest such answer counts.
    std::string rule;
    /// At most 4 KiB; one line is best.
    std::string question;
    /// More about it (a command, a diff), at most 64 KiB; may be empty.
    std::string detail;
    /// Approvals only; where empty: allow once, deny once.
    std::vector<RequestOption> options;
    /// Counts as denied (an input: as unanswered) after this; no deadline where absent.
    std::optional<Seconds> expires_after;
};

enum class RequestState : std::uint8_t { open, allowed, denied, answered, expired, withdrawn };

struct RequestStatus {
    std::string request_id;
    RequestState state = RequestState::open;
    /// The option chosen, where the request had options.
    std::string option_id;
    /// An input's answer, or the operator's note.
    std::string text;
    /// The operator wants this to hold for the rest of the task; also where this request was
    /// resolved by such an answer to another one with the same rule.
    bool always = false;
};

/// A step of a plan (or whatever parts the work has) in earlier sessions of the same task.
struct StepRecord {
    enum class State : std::uint8_t { started, completed, failed };
    std::string step;
    std::string session_id;
    State state = State::started;
    /// A failed step that the plan let pass.
    bool continued = false;
};

/// Something that happened to a step.
struct StepReport {
    std::string step;
    /// From 0, of `total`.
    int index = 0;
    int total = 0;
    StepRecord::State state = StepRecord::State::started;
    std::optional<int> exit_code;
    std::optional<int> signal;
    std::string message;
    Milliseconds duration{};
    bool continued = false;
};

class SessionContext {
public:
    SessionContext() = default;
    SessionContext(const SessionContext&) = delete;
    SessionContext& operator=(const SessionContext&) = delete;
    virtual ~SessionContext() = default;

    [[nodiscard]] virtual const SessionSpec& spec() const = 0;

    /// The session's own directory, absolute, readable by the user alone. Names that start with
    /// `loong-`, and those of loong/output_files.hpp, are core's; everything else is the runtime's.
    /// Kept until the task is pruned.
    [[nodiscard]] virtual const std::string& directory() const = 0;

    /// Where loong-keeper is, absolute. A runtime may run its commands under it (see the keeper's
    /// README).
    [[nodiscard]] virtual const std::string& keeper_path() const = 0;

    // ---- output -------------------------------------------------------------------------------

    /// Appends to what `tasks output` shows. Not synced. Beyond `max_output_bytes` the bytes are
    /// counted and dropped; that is no error. A runtime that lets something else write the files
    /// of loong/output_files.hpp does not call this.
    virtual Result<void> write_output(OutputStream stream, std::string_view bytes) = 0;

    /// Bytes of that stream so far, those of an earlier worker of the same session included.
    virtual Result<std::uint64_t> output_size(OutputStream stream) = 0;

    // ---- telling how it stands ----------------------------------------------------------------

    /// Replaces the task's progress. Durable on return; do not call more than a few times a second.
    virtual Result<void> report_progress(const Progress& progress) = 0;

    /// A line for whoever debugs the runtime; kept in the session's directory, not synced.
    virtual void log(std::string_view line) = 0;

    /// Records that a tool was refused. Durable on return.
    virtual Result<void> report_denied(std::string_view tool, std::string_view detail,
                                       std::string_view rule) = 0;

    /// Records a step. Durable on return: a completed step is not run again by a resumed session.
    virtual Result<void> report_step(const StepReport& step) = 0;

    /// What is known of the steps from earlier sessions of this task which this one goes on from;
    /// empty in a first attempt and after a retry from the start.
    [[nodiscard]] virtual const std::vector<StepRecord>& earlier_steps() const = 0;

    // ---- from inside --------------------------------------------------------------------------

    /// For a part of the work that is held to a policy narrower than the session's: opens a channel
    /// of its own, through which `report`, `ask` and `create` go, and what is created may do at most
    /// what `policy` says. Returns its directory: the value of `channel_variable` for that part, which
    /// has to be able to read and write it, and must not reach the session's own. `name` (at most 64
    /// of `a-z0-9-`) tells parts apart. Opened again with the same name, also by the worker that takes
    /// the session over, it is the same directory: do that before the part goes on. Open until the
    /// session ends. `invalid_argument` for such a name.
    virtual Result<std::string> open_channel(std::string_view name, const ToolPolicy& policy) = 0;

    // ---- surviving the worker -----------------------------------------------------------------

    /// Saves what resume(), probe() and end() need to find the work again; replaces an earlier one.
    /// Durable on return: save it *before* the work starts. At most 64 KiB, any bytes.
    virtual Result<void> save_handle(std::string_view handle) = 0;

    /// The same, and calls `saved` as soon as the handle cannot be lost any more: once, before it
    /// returns, and not where it fails. The place to start the work, where nothing else is waited
    /// for; what only tells of the start may be written after that. `saved` neither throws nor calls
    /// this object.
    virtual Result<void> save_handle_then(std::string_view handle,
                                          const std::function<void()>& saved) {
        Result<void> done = save_handle(handle);
        if (done) saved();
        return done;
    }

    // ---- asking the operator ------------------------------------------------------------------
    //
    // While a request of the session is open, the session waits for the operator: the clock of its
    // timeout stands still, and the worker's slot may be given to others. An answer reaches the
    // session once it has a slot again; until then request_status() goes on to say `open`.

    /// Opens a request; durable on return. `invalid_argument` where a limit of NewRequest is broken.
    virtual Result<RequestStatus> open_request(const NewRequest& request) = 0;

    /// How a request stands. `request_not_found`.
    virtual Result<RequestStatus> request_status(std::string_view request_id) = 0;

    /// Withdraws an open request; one that is resolved already is left as it is.
    virtual Result<void> withdraw_request(std::string_view request_id, std::string_view reason) = 0;

    /// Opens a request and waits until it is resolved, or until a signal other than `answer` is set
    /// (then the request is still open and the status says so).
    virtual Result<RequestStatus> ask(const NewRequest& request) = 0;

    // ---- being told ---------------------------------------------------------------------------

    /// Becomes readable when take_signals() has something new. For poll(); do not read or close it.
    [[nodiscard]] virtual int signal_descriptor() const = 0;

    /// What was signalled so far; makes the descriptor unreadable until there is more.
    virtual SessionSignals take_signals() = 0;

    /// Waits until there is something new, at most `limit`; returns take_signals().
    virtual SessionSignals wait_signals(Milliseconds limit) = 0;
};

} // namespace loong
