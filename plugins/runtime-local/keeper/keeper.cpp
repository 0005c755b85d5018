#include "keeper.hpp"

#include "clock.hpp"
#include "protocol.hpp"
#include "start.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loong::keeper {
namespace {

/// What a command leaves behind has this long to end by itself, or the grace time if that is less.
constexpr std::int64_t remains_grace = 1'000'000;
/// Between two rounds of killing: orphans of the killed become children in the meantime.
constexpr std::int64_t force_interval = 20'000;
/// After so many rounds, processes that may not be signalled are left.
constexpr int patience_rounds = 100;

int become_quiet() {
    const int null = open("/dev/null", O_RDWR);
    if (null < 0) return errno;
    for (int descriptor = 0; descriptor < 3; ++descriptor) {
        if (null != descriptor && dup2(null, descriptor) < 0) return errno;
    }
    if (null > 2) close(null);
    return chdir("/") == 0 ? 0 : errno;
}

/// glibc's posix_spawn leaves the two signals that its threads use ignored, and its sigaction
/// refuses to touch them; the command would inherit that.
void stop_ignoring_signals() {
    const char as_by_default[64] = {};
    for (int number = 32; number <= 33; ++number) {
        syscall(SYS_rt_sigaction, number, as_by_default, nullptr, 8);
    }
}

} // namespace

void Keeper::tell_failure(const char* what, int error) {
    Text text;
    text.add(&failure_packet, 1).add("{\"what\":\"").add(what).add("\",\"errno\":").add(error);
    text.add("}\n");
    send(control_descriptor, text.data(), text.size(), MSG_NOSIGNAL);
}

bool Keeper::prepare() {
    // All signals stay blocked for life: nothing that a terminal or a passer-by sends ends the
    // keeper. TERM and USR1 are read as orders; of the rest nothing is known.
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    stop_ignoring_signals();
    sigset_t orders;
    sigemptyset(&orders);
    sigaddset(&orders, SIGCHLD);
    sigaddset(&orders, SIGTERM);
    sigaddset(&orders, SIGUSR1);
    signals_ = signalfd(-1, &orders, SFD_CLOEXEC | SFD_NONBLOCK);

    const char* what = "its signals";
    int error = signals_ < 0 ? errno : 0;
    if (error == 0) {
        what = "its standard streams";
        error = become_quiet();
    }
    if (error == 0) {
        what = "becoming a subreaper";
        error = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : errno;
    }
    if (error == 0) {
        what = "the specification";
        error = read_spec(spec_descriptor, spec_);
    }
    const bool copies = (spec_.flags & given_streams_flag) == 0;
    if (error == 0 && copies) {
        what = "the output files";
        error = output_.open(directory_descriptor, spec_.max_output_bytes);
    }
    if (error == 0 && copies) {
        what = "the pipes";
        error = output_.make_pipes(ends_);
    }
    if (!copies) {
        ends_[0] = given_output_descriptor;
        ends_[1] = given_errors_descriptor;
    }
    if (error == 0) {
        what = "the exit record";
        record_ = reserve_record(directory_descriptor);
        error = record_ < 0 ? errno : 0;
    }
    if (error != 0) tell_failure(what, error);
    return error == 0;
}

bool Keeper::wait_for_go() {
    for (;;) {
        pollfd watched[2] = {{control_descriptor, POLLIN, 0}, {signals_, POLLIN, 0}};
        if (poll(watched, 2, -1) < 0) continue;
        if (watched[1].revents != 0) {
            signalfd_siginfo order{};
            if (read(signals_, &order, sizeof(order)) == sizeof(order) &&
                order.ssi_signo != SIGCHLD) {
                return false;
            }
        }
        if (watched[0].revents == 0) continue;
        char packet = 0;
        const ssize_t count = recv(control_descriptor, &packet, 1, MSG_DONTWAIT);
        if (count == 1) return packet == go_packet;
        if (count == 0 || (errno != EAGAIN && errno != EINTR)) return false;
    }
}

int Keeper::mark_started() {
    char mark[started_mark_size];
    std::memset(mark, '\n', sizeof(mark));
    std::memcpy(mark, spec_.command_id, std::strlen(spec_.command_id));
    const ssize_t written = pwrite(lock_descriptor, mark, sizeof(mark), 0);
    if (written == static_cast<ssize_t>(sizeof(mark))) return 0;
    return written < 0 ? errno : ENOSPC;
}

void Keeper::keep() {
    // A command that ran unmarked would be taken for one that never ran, and be run again.
    const int unmarked = mark_started();
    ending_.command_id = spec_.command_id;
    ending_.streams = output_.streams;
    ending_.started_at = wall_clock();
    const Started started =
        unmarked == 0 ? start_command(spec_, ends_) : Started{-1, StartStage::process, unmarked};
    close(ends_[0]);
    close(ends_[1]);
    // Ends of pipes that stayed open here would keep both sides from seeing that the other is gone.
    if ((spec_.flags & given_streams_flag) != 0) close(given_input_descriptor);
    release_spec(spec_);
    close(spec_descriptor);
    if ((spec_.flags & narrowed_flag) != 0) close(ruleset_descriptor);
    ending_.start = started.stage;
    ending_.start_error = started.error;
    leader_ = started.pid;
    Children children(leader_, spec_.session_id, (spec_.flags & narrowed_flag) == 0);
    children_ = &children;
    if (started.stage == StartStage::done) {
        while (!finished_) wait_for_something();
        output_.drain();
        waitpid(leader_, &ending_.wait_status, 0);
    } else {
        ending_.ended_at = wall_clock();
    }
    publish();
}

int Keeper::poll_limit() const {
    if (force_at_ == 0) return -1;
    const std::int64_t left = force_at_ - steady_clock();
    return left <= 0 ? 0 : static_cast<int>(left / 1000 + 1);
}

void Keeper::wait_for_something() {
    pollfd watched[4] = {{signals_, POLLIN, 0},
                         {worker_is_there_ ? int{control_descriptor} : -1, POLLIN, 0},
                         {output_.streams[0].pipe, POLLIN, 0},
                         {output_.streams[1].pipe, POLLIN, 0}};
    if (poll(watched, 4, poll_limit()) < 0) return;
    const bool signalled = watched[0].revents != 0;
    // Whether the command has ended by itself is looked at before any order is obeyed.
    if (signalled || watched[1].revents != 0) look_after_command();
    if (signalled) obey_signals();
    if (watched[1].revents != 0) obey_worker();
    for (int i = 0; i < 2; ++i) {
        if (watched[2 + i].revents != 0) output_.copy(output_.streams[i]);
    }
    const bool due = force_at_ != 0 && steady_clock() >= force_at_;
    if (due) {
        children_->force_all();
        ending_.forced = true;
        ++force_rounds_;
        force_at_ = steady_clock() + force_interval;
    }
    if ((signalled || due) && !finished_) {
        look_after_command();
        if (!finished_ && (leader_ended_ || force_rounds_ > 0)) look_after_remains();
    }
}

void Keeper::obey_signals() {
    signalfd_siginfo order{};
    while (read(signals_, &order, sizeof(order)) == sizeof(order)) {
        if (order.ssi_signo == SIGTERM) ask(false);
        if (order.ssi_signo == SIGUSR1) ask(true);
        // Orphans are reaped when they end, long before the command does.
        if (order.ssi_signo == SIGCHLD && !leader_ended_) children_->reap();
    }
}

void Keeper::obey_worker() {
    char packet = 0;
    const ssize_t count = recv(control_descriptor, &packet, 1, MSG_DONTWAIT);
    if (count == 1) {
        if (packet == end_packet) ask(false);
        if (packet == force_packet) ask(true);
        return;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    worker_is_there_ = false;
    if ((spec_.flags & end_with_starter_flag) != 0) ask(false);
}

void Keeper::ask(bool force) {
    if (!leader_ended_) {
        if (!ending_.asked && !force) children_->ask_group();
        ending_.asked = true;
    }
    const auto grace = static_cast<std::int64_t>(spec_.grace_microseconds);
    const std::int64_t at = steady_clock() + (force ? 0 : grace);
    if (force_at_ == 0 || at < force_at_) force_at_ = at;
}

void Keeper::look_after_command() {
    if (leader_ended_) return;
    siginfo_t info{};
    // Left unreaped: its number, which is its group's too, stays taken.
    if (waitid(P_PID, static_cast<id_t>(leader_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid != leader_) {
        return;
    }
    leader_ended_ = true;
    ending_.ended_at = wall_clock();
    look_after_remains();
}

void Keeper::look_after_remains() {
    const Remains remains = children_->look();
    if (!leader_ended_) return;
    if (remains.to_end == 0 && (remains.beyond_reach == 0 || force_rounds_ > patience_rounds)) {
        ending_.left_behind = remains.beyond_reach;
        finished_ = true;
        return;
    }
    if (!remains_asked_) {
        remains_asked_ = true;
        children_->ask_all();
        if (force_at_ == 0) {
            const auto grace = static_cast<std::int64_t>(spec_.grace_microseconds);
            force_at_ = steady_clock() + (grace < remains_grace ? grace : remains_grace);
        }
    }
}

void Keeper::publish() {
    ending_.output_error = output_.error;
    const Text packet = describe(ending_);
    // Where a worker is there it makes the outcome durable itself, with its next append.
    pollfd worker{control_descriptor, 0, 0};
    if (worker_is_there_ && poll(&worker, 1, 0) > 0) worker_is_there_ = false;
    publish_record(directory_descriptor, record_, packet, !worker_is_there_);
    send(control_descriptor, packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

} // namespace loong::keeper
