#pragma once
/// One session that this process carries: what its runtime may ask, and what others tell it.

#include "bell.hpp"
#include "decide.hpp"
#include "loong/session_context.hpp"
#include "loong/store.hpp"
#include "output_writer.hpp"
#include "session_slot.hpp"
#include "task_store.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace loong {

/// A task that its worker cannot read for so long is not waited for any longer.
inline constexpr std::chrono::seconds longest_unread{20};

class CarriedSession final : public SessionContext {
public:
    struct Setup {
        /// Used under this object's lock only while the monitor has the session.
        Store* store = nullptr;
        std::unique_ptr<Lease> lease;
        /// Read at the start only.
        const Config* config = nullptr;
        Slots slots;
        LoadedTask task;
        SessionSpec spec;
        std::string directory;
        std::string keeper_path;
        /// To be recorded together with the runtime's first handle, or with whatever is told first.
        /// Absent: it is recorded that the session has started.
        std::optional<command::Start> start;
    };
    /// `setup` is used up only where this succeeds.
    static Result<std::shared_ptr<CarriedSession>> make(Setup& setup);

    // SessionContext.
    [[nodiscard]] const SessionSpec& spec() const override { return spec_; }
    [[nodiscard]] const std::string& directory() const override { return directory_; }
    [[nodiscard]] const std::string& keeper_path() const override { return keeper_path_; }
    Result<void> write_output(OutputStream stream, std::string_view bytes) override;
    Result<std::uint64_t> output_size(OutputStream stream) override;
    Result<void> report_progress(const Progress& progress) override;
    void log(std::string_view line) override;
    Result<void> report_denied(std::string_view tool, std::string_view detail,
                               std::string_view rule) override;
    Result<void> report_step(const StepReport& step) override;
    [[nodiscard]] const std::vector<StepRecord>& earlier_steps() const override {
        return earlier_steps_;
    }
    Result<std::string> open_channel(std::string_view name, const ToolPolicy& policy) override;
    Result<void> save_handle(std::string_view handle) override;
    Result<void> save_handle_then(std::string_view handle,
                                  const std::function<void()>& saved) override;
    Result<RequestStatus> open_request(const NewRequest& request) override;
    Result<RequestStatus> request_status(std::string_view request_id) override;
    Result<void> withdraw_request(std::string_view request_id, std::string_view reason) override;
    Result<RequestStatus> ask(const NewRequest& request) override;
    [[nodiscard]] int signal_descriptor() const override { return signal_.descriptor(); }
    SessionSignals take_signals() override;
    SessionSignals wait_signals(Milliseconds limit) override;

    // For the worker and its monitor. [any-thread]

    [[nodiscard]] std::string task_id() const { return spec_.task_id; }
    /// Tells the runtime; what is set stays set.
    void signal(const SessionSignals& signals);
    /// Rings `bell` as well whenever an answer is passed on, until it is told to stop.
    void ring_on_answer(const Bell& bell);
    void stop_ringing(const Bell& bell);
    /// What opens channels; null: there are none. [serial]
    using OpenChannel = std::function<Result<std::string>(std::string_view, const ToolPolicy&)>;
    void open_channels_with(OpenChannel open) { open_channel_ = std::move(open); }
    /// Records that the session has started, where that was left for later and has not come yet.
    Result<void> record_start();
    /// Why that could not be recorded when it was tried last; absent where it is, or was not tried.
    [[nodiscard]] std::optional<Error> start_failure();
    /// Appends a command under this session's lease.
    Result<std::vector<Event>> apply_command(const Command& command);
    /// Looks what others appended: passes on cancel and answers, acknowledges a cancel, stops and
    /// starts the clock. Returns when the session has to be looked at again by itself.
    Result<std::optional<std::chrono::steady_clock::time_point>> follow();

    /// What is to be done about the session's slot. `give`: the session waits for the operator and
    /// has a place among those that do; `come_back`: it was answered and wants its slot again.
    enum class SlotWish : std::uint8_t { none, give, come_back };
    Result<SlotWish> slot_wish();
    /// Gives the slot back, unless the session was answered meanwhile. Only under the hand-over.
    Result<bool> give_slot();
    /// Queues for a slot. True where the session has one again; follow() then passes the answer on.
    Result<bool> come_back();
    /// The session ends and wants no slot any longer. Only under the hand-over.
    void stop_returning();
    [[nodiscard]] bool has_slot();
    /// What come_back() waits for.
    [[nodiscard]] std::vector<WatchTarget> slot_targets();
    /// The slots that it has left, once it has ended.
    [[nodiscard]] Slots take_slots();

    /// The state as last seen.
    [[nodiscard]] TaskState state();
    /// Gives the lease back; nothing can be appended from then on.
    void release();

private:
    explicit CarriedSession(Setup setup);

    Result<void> record_start_locked(std::string_view handle = {},
                                     const std::function<void()>& durable = nullptr);
    Result<std::vector<Event>> apply_locked(const Command& command);
    Result<void> refresh_locked();
    void start_clock_locked();
    void run_clock_locked(std::chrono::steady_clock::time_point at);
    Result<RequestStatus> find_request_locked(std::string_view request_id) const;
    [[nodiscard]] RequestStatus told_locked(const RequestFacts& facts) const;
    [[nodiscard]] bool waits_locked() const;
    [[nodiscard]] bool is_ending_locked() const;

    const SessionSpec spec_;
    const std::string directory_;
    const std::string keeper_path_;
    std::vector<StepRecord> earlier_steps_;
    Bell signal_;
    OutputWriter output_;
    /// Constant while a runtime has this session.
    OpenChannel open_channel_;

    std::mutex mutex_;
    // Below is protected by mutex_.
    Store* store_;
    std::unique_ptr<Lease> lease_;
    SessionSlot slot_;
    bool ended_ = false;
    LoadedTask task_;
    std::optional<command::Start> start_;
    /// The session's directory survives a crash of the machine.
    bool directory_lasts_ = false;
    std::optional<Error> start_failure_;
    SessionSignals signals_;
    /// They belong to whoever answers the work.
    std::vector<const Bell*> answer_bells_;
    bool cancel_acknowledged_ = false;
    std::size_t resolved_requests_ = 0;
    /// What is left of the timeout while the clock stands still; the end while it runs. Steady,
    /// because the wall clock may be set at any moment.
    std::optional<std::chrono::steady_clock::duration> left_;
    std::optional<std::chrono::steady_clock::time_point> clock_started_;
};

} // namespace loong
