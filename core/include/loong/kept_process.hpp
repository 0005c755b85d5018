#pragma once
/// A process that talks with its runtime over pipes, kept by loong: started under the session's
/// narrowing, ended with everything that it leaves behind, and at the latest when its worker is gone.
///
/// For runtimes that drive a program, such as an agent or an interpreter. All inline, on top of a program of
/// loong's own (`loong-starter`, beside loong-keeper), so that a plugin links nothing of loong.
///
///     KeptStart start;                      // keeper_path, directory, ids and policy of the session
///     auto process = KeptProcess::start(start);
///     context.save_handle(…);               // durable before anything of it runs
///     process->go();
///     … poll process->output(), process->errors(), process->control(), context.signal_descriptor()
///     process->ask();                       // TERM to its group, KILL to everything after the grace
///     auto end = process->collect();        // when control() is readable
///
/// One at a time in a session. What the session's directory gets: `work.lock`, `exit`, `tmp` (a private
/// temporary directory, narrowed work only). Who finds a lost session asks with look_for_kept() and
/// end_kept(); neither needs the handle.

#include "loong/kept_process_detail.hpp"
#include "loong/outcome.hpp"
#include "loong/runtime.hpp"

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace loong {

struct KeptStart {
    /// Of the session's context.
    std::string keeper_path;
    std::string directory;
    std::string session_id;
    /// Absolute; not looked for.
    std::string program;
    /// The program's name first.
    std::vector<std::string> arguments;
    std::vector<EnvironmentVariable> environment;
    /// Absolute.
    std::string working_directory;
    /// Between TERM and KILL.
    Microseconds grace = std::chrono::seconds(10);
    /// Rules that ask count as denied: settle them first (loong/policy_questions.hpp). Where it is
    /// narrowed, TMPDIR is set, and the session's channel (`LOONG_CHANNEL`) may be used.
    ToolPolicy policy;
    /// Of the session's specification; absent: the worker's own.
    std::optional<std::uint32_t> umask;
};

/// How it ended.
struct KeptEnd {
    /// At most one of the two; neither where it could not be started, or where its keeper was killed.
    std::optional<int> exit_code;
    std::optional<int> signal;
    /// `working_directory`, `program`, `process` or `narrowing` where it could not be started, with
    /// the system's error number.
    std::string not_started;
    int error_number = 0;
    /// It was told to end before it ended; something had to be killed.
    bool asked = false;
    bool forced = false;
    /// Processes of others that could not be ended.
    int left_behind = 0;
    ResourceUse use;
};

/// Movable; belongs to one thread at a time. Destroyed while it runs: it is ended as by ask().
class KeptProcess {
public:
    /// Gets everything ready. Nothing of the program runs before go(); without it nothing has
    /// happened. `unsupported`: the kernel cannot narrow so (told by collect(), as is all that goes
    /// wrong after the start). `store_io`, `worker_unavailable`.
    static Result<KeptProcess> start(const KeptStart& start) {
        std::string spec;
        kept::add(spec, "directory", start.directory);
        kept::add(spec, "session", start.session_id);
        kept::add(spec, "program", start.program);
        kept::add(spec, "working_directory", start.working_directory);
        kept::add(spec, "grace", std::to_string(start.grace.count()));
        for (const std::string& one : start.arguments) kept::add(spec, "argument", one);
        for (const EnvironmentVariable& one : start.environment) {
            kept::add(spec, "environment", one.name + "=" + one.value);
        }
        if (start.umask) kept::add(spec, "umask", std::to_string(*start.umask));
        kept::add_policy(spec, start.policy);
        Result<kept::Launched> launched = kept::launch(start.keeper_path, start.session_id, spec);
        if (!launched) return std::move(launched).error();
        return KeptProcess(*std::move(launched), start.directory);
    }

    KeptProcess(KeptProcess&&) = default;
    KeptProcess& operator=(KeptProcess&&) = default;
    KeptProcess(const KeptProcess&) = delete;
    KeptProcess& operator=(const KeptProcess&) = delete;
    ~KeptProcess() {
        if (!launched_.control) return;
        launched_.control.reset();
        // Told by the end of file. Before go() it is gone at once; after it, its end is not waited for.
        if (!started_) kept::reap(launched_.pid);
    }

    void go() {
        started_ = true;
        send('g');
    }

    /// Our ends, not blocking; -1 once closed. Bytes may be lost only by not reading them.
    [[nodiscard]] int input() const noexcept { return launched_.input.get(); }
    [[nodiscard]] int output() const noexcept { return launched_.output.get(); }
    [[nodiscard]] int errors() const noexcept { return launched_.errors.get(); }
    void close_input() { launched_.input.reset(); }
    void close_output() { launched_.output.reset(); }
    void close_errors() { launched_.errors.reset(); }

    /// Readable when collect() has something to say; -1 after it has.
    [[nodiscard]] int control() const noexcept { return launched_.control.get(); }

    /// Ends it: TERM to its process group now, KILL to every descendant after the grace time.
    void ask() { send('e'); }
    /// Ends it and every descendant with KILL now.
    void force() { send('k'); }

    /// How it ended; absent while it runs. Nothing of it is left then, but for `left_behind`. An
    /// error says why it could not be started. Never blocks.
    Result<std::optional<KeptEnd>> collect() {
        if (!launched_.control) return std::optional<KeptEnd>();
        std::string packet;
        if (!kept::receive(launched_.control.get(), packet)) return std::optional<KeptEnd>();
        launched_.control.reset();
        kept::reap(launched_.pid);
        std::error_code ignored;
        std::filesystem::remove_all(directory_ + "/tmp", ignored);
        if (packet.starts_with('x')) return kept::refusal(std::string_view(packet).substr(1));
        if (packet.starts_with('f')) {
            return Error{ErrorCode::store_io, "loong-keeper: not ready: " + packet.substr(1), {}};
        }
        return std::optional<KeptEnd>(parse(packet));
    }

private:
    KeptProcess(kept::Launched launched, std::string directory)
        : launched_(std::move(launched)),
          directory_(std::move(directory)) {}

    void send(char order) {
        if (launched_.control) kept::send(launched_.control.get(), order);
    }

    static KeptEnd parse(const std::string& record) {
        KeptEnd end;
        const auto number = [&](std::string_view key) { return kept::number_after(record, key); };
        const auto whole = [](std::int64_t value) { return static_cast<int>(value); };
        if (const auto code = number("exit_code")) end.exit_code = whole(*code);
        if (const auto signal = number("signal")) end.signal = whole(*signal);
        end.not_started = kept::text_after(record, "not_started");
        end.error_number = whole(number("errno").value_or(0));
        end.asked = record.find("\"asked\":true") != std::string::npos;
        end.forced = record.find("\"forced\":true") != std::string::npos;
        end.left_behind = whole(number("left_behind").value_or(0));
        end.use.user_cpu = Microseconds(number("user_cpu_us").value_or(0));
        end.use.system_cpu = Microseconds(number("system_cpu_us").value_or(0));
        end.use.max_resident_bytes =
            static_cast<std::uint64_t>(number("max_resident_bytes").value_or(0));
        return end;
    }

    kept::Launched launched_;
    std::string directory_;
    bool started_ = false;
};

/// What would hold a process to that policy (PolicyEnforcer::enforcement()). `unsupported`: what is
/// missing on this machine. At most two seconds.
[[nodiscard]] inline Result<std::vector<std::string>>
kept_enforcement(const std::string& keeper_path, const ToolPolicy& policy) {
    std::string spec;
    kept::add_policy(spec, policy);
    Result<std::vector<std::string>> lines =
        kept::ask_starter(keeper_path, {"enforcement"}, spec, Milliseconds(2'000));
    if (!lines) return lines;
    if (!lines->empty()) lines->erase(lines->begin());
    return lines;
}

/// Whether anything of a lost session's process is left. Absent: that cannot be told now. Takes at
/// most that long; one that is being ended is waited for meanwhile.
[[nodiscard]] inline Result<std::optional<bool>>
look_for_kept(const std::string& keeper_path, const LostSession& session, Milliseconds limit) {
    Result<std::vector<std::string>> lines = kept::ask_starter(
        keeper_path,
        {"look", session.directory, session.spec.task_session_id, std::to_string(limit.count())},
        {}, limit + Milliseconds(500));
    if (!lines) return std::move(lines).error();
    const std::string& word = lines->front();
    if (word == "left") return std::optional(true);
    if (word == "gone") return std::optional(false);
    return std::optional<bool>();
}

/// Ends what is left of a lost session's process. True: all of it is surely gone. Returns within the
/// grace time of the spec and five seconds.
[[nodiscard]] inline Result<bool> end_kept(const std::string& keeper_path,
                                           const LostSession& session, EndHow how) {
    const Microseconds grace = how == EndHow::forced ? Microseconds(0) : session.spec.limits.grace;
    Result<std::vector<std::string>> lines = kept::ask_starter(
        keeper_path,
        {"end", session.directory, session.spec.task_session_id, std::to_string(grace.count())}, {},
        std::chrono::duration_cast<Milliseconds>(grace) + Milliseconds(5'000));
    if (!lines) return std::move(lines).error();
    return lines->front() == "gone";
}

} // namespace loong
