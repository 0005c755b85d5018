#include "terminal_guard.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

namespace loong::cli {
namespace {

constexpr int interrupted = 130;

/// All that the handlers know. Written while they cannot run for it, or a word at a time.
struct Known {
    termios before{};
    termios taken{};
    std::array<char, 512> leave{};
    std::size_t leave_size = 0;
    std::array<char, 512> enter{};
    std::size_t enter_size = 0;
    int pipe = -1;
    pid_t process = 0;
    /// The screen was taken, and not given back for good.
    volatile std::sig_atomic_t is_taken = 0;
    /// It is given back for now.
    volatile std::sig_atomic_t is_left = 0;
};

// A handler gets no argument of ours.
Known known;

constexpr std::array ending_signals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
constexpr std::array crash_signals = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

void set_terminal(const termios& settings) {
    while (tcsetattr(STDIN_FILENO, TCSANOW, &settings) != 0 && errno == EINTR) {
    }
}

// A terminal that takes nothing any more (output is stopped, the line is dead) must not keep the
// process alive.
void write_some(const char* bytes, std::size_t size) {
    constexpr int patience_ms = 200;
    while (size > 0) {
        pollfd ready{STDOUT_FILENO, POLLOUT, 0};
        const int polled = poll(&ready, 1, patience_ms);
        if (polled < 0 && errno == EINTR) continue;
        if (polled <= 0 || (ready.revents & POLLOUT) == 0) return;
        const ssize_t written = write(STDOUT_FILENO, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        bytes += written;
        size -= static_cast<std::size_t>(written);
    }
}

void leave() {
    if (known.is_left != 0) return;
    known.is_left = 1;
    // In the background the settings are given back all the same: whoever ends must not be stopped
    // for it.
    sigset_t stop;
    sigset_t mask;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTTOU);
    sigprocmask(SIG_BLOCK, &stop, &mask);
    if (known.is_taken != 0) write_some(known.leave.data(), known.leave_size);
    set_terminal(known.before);
    sigprocmask(SIG_SETMASK, &mask, nullptr);
}

// In the background this waits, stopped by the system, until it is in the foreground again.
void enter() {
    if (known.is_taken == 0) return;
    set_terminal(known.taken);
    if (known.is_left != 0) write_some(known.enter.data(), known.enter_size);
    known.is_left = 0;
}

void tell() {
    const char byte = 1;
    // A full pipe says the same.
    [[maybe_unused]] const ssize_t written = write(known.pipe, &byte, 1);
}

// A child between fork and exec still has our handlers, and no right to the terminal.
bool is_ours() { return getpid() == known.process; }

void end_by(int number) {
    signal(number, SIG_DFL);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &only, nullptr);
}

void handle_end(int number) {
    if (is_ours()) {
        leave();
        // As every command that was interrupted.
        if (number == SIGINT || number == SIGTERM) _exit(interrupted);
    }
    end_by(number);
}

void handle_stop(int number) {
    const int saved = errno;
    if (is_ours()) leave();
    struct sigaction ours {};
    struct sigaction plain {};
    plain.sa_handler = SIG_DFL;
    sigaction(number, &plain, &ours);
    // Where nobody could continue it the system ignores the signal, and it goes on here at once.
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &only, nullptr);
    sigprocmask(SIG_BLOCK, &only, nullptr);
    sigaction(number, &ours, nullptr);
    if (is_ours()) {
        enter();
        tell();
    }
    errno = saved;
}

// Whoever stopped it in a way that cannot be handled, or ran meanwhile, has used the terminal.
void handle_continue(int) {
    const int saved = errno;
    if (is_ours()) {
        enter();
        tell();
    }
    errno = saved;
}

void handle_resize(int) {
    const int saved = errno;
    if (is_ours()) tell();
    errno = saved;
}

// A handler of its own, unless the signal is ignored: whoever started us wants it so.
void watch_signal(int number, void (*handler)(int), int flags) {
    struct sigaction current {};
    const bool asked = sigaction(number, nullptr, &current) == 0;
    if (!asked || current.sa_handler == SIG_IGN) return;
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    // One ending at a time.
    sigemptyset(&action.sa_mask);
    for (const int other : ending_signals) sigaddset(&action.sa_mask, other);
    sigaction(number, &action, nullptr);
}

void unwatch_signal(int number, void (*handler)(int)) {
    struct sigaction current {};
    if (sigaction(number, nullptr, &current) == 0 && current.sa_handler == handler) {
        signal(number, SIG_DFL);
    }
}

void copy(const std::string& text, std::array<char, 512>& to, std::size_t& size) {
    size = std::min(text.size(), to.size());
    std::copy_n(text.begin(), size, to.begin());
}

// A crash may be that the stack is full.
void use_stack_of_its_own() {
    static std::array<char, 64 * 1024> memory;
    stack_t stack{};
    stack.ss_sp = memory.data();
    stack.ss_size = memory.size();
    sigaltstack(&stack, nullptr);
}

} // namespace

Result<TerminalGuard> TerminalGuard::install(const Sequences& sequences) {
    std::array<int, 2> ends{};
    if (tcgetattr(STDIN_FILENO, &known.before) != 0 ||
        pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        return Error{ErrorCode::store_io,
                     std::string("cannot take over the terminal: ") + std::strerror(errno), ""};
    }
    known.taken = known.before;
    copy(sequences.leave, known.leave, known.leave_size);
    copy(sequences.enter, known.enter, known.enter_size);
    known.pipe = ends[1];
    known.process = getpid();
    known.is_taken = 0;
    known.is_left = 0;
    use_stack_of_its_own();
    for (const int number : ending_signals) watch_signal(number, handle_end, 0);
    for (const int number : crash_signals) watch_signal(number, handle_end, SA_ONSTACK);
    watch_signal(SIGTSTP, handle_stop, SA_RESTART);
    watch_signal(SIGCONT, handle_continue, SA_RESTART);
    watch_signal(SIGWINCH, handle_resize, SA_RESTART);
    return TerminalGuard(Descriptor(ends[0]), Descriptor(ends[1]));
}

TerminalGuard::TerminalGuard(TerminalGuard&& other) noexcept
    : read_end_(std::move(other.read_end_)),
      write_end_(std::move(other.write_end_)),
      installed_(std::exchange(other.installed_, false)) {}

TerminalGuard::~TerminalGuard() {
    if (!installed_) return;
    given_back();
    set_terminal(known.before);
    for (const int number : ending_signals) unwatch_signal(number, handle_end);
    for (const int number : crash_signals) unwatch_signal(number, handle_end);
    unwatch_signal(SIGTSTP, handle_stop);
    unwatch_signal(SIGCONT, handle_continue);
    unwatch_signal(SIGWINCH, handle_resize);
}

void TerminalGuard::taken() {
    tcgetattr(STDIN_FILENO, &known.taken);
    known.is_taken = 1;
}

void TerminalGuard::given_back() { known.is_taken = 0; }

void TerminalGuard::clear() const {
    std::array<char, 256> bytes{};
    while (read(read_end_.get(), bytes.data(), bytes.size()) > 0) {
    }
}

} // namespace loong::cli
