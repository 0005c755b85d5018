#include "peer.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <unistd.h>

namespace loong::acp {
namespace {

/// Writing to an agent that is gone must be an error and not the end of the worker.
class PipeSignalBlocked {
public:
    PipeSignalBlocked() {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    PipeSignalBlocked(const PipeSignalBlocked&) = delete;
    PipeSignalBlocked& operator=(const PipeSignalBlocked&) = delete;
    ~PipeSignalBlocked() {
        const timespec now{};
        while (::sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
        }
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

private:
    sigset_t pipe_{};
    sigset_t before_{};
};

int milliseconds_until(Peer::Clock::time_point until) {
    const auto left = std::chrono::ceil<Milliseconds>(until - Peer::Clock::now());
    return static_cast<int>(std::clamp<Milliseconds::rep>(left.count(), 0, 60'000));
}

/// 0: the end of the file; negative: nothing now.
ssize_t read_some(int file, std::array<char, 65536>& buffer) {
    while (true) {
        const ssize_t count = ::read(file, buffer.data(), buffer.size());
        if (count >= 0) return count;
        if (errno == EINTR) continue;
        return errno == EAGAIN ? -1 : 0;
    }
}

} // namespace

Result<Peer> Peer::start(const KeptStart& start, Transcript& transcript, Hooks hooks) {
    Result<KeptProcess> process = KeptProcess::start(start);
    if (!process) return std::move(process).error();
    return Peer(*std::move(process), transcript, std::move(hooks));
}

void Peer::send(std::string line) {
    transcript_->sent(line);
    if (process_.input() < 0) return;
    unsent_ += line;
    flush();
}

void Peer::flush() {
    const PipeSignalBlocked blocked;
    std::size_t done = 0;
    while (done < unsent_.size()) {
        const ssize_t count =
            ::write(process_.input(), unsent_.data() + done, unsent_.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) break;
        if (count < 0) {
            // It does not listen any more. That it ended is noticed elsewhere.
            process_.close_input();
            unsent_.clear();
            return;
        }
        done += static_cast<std::size_t>(count);
    }
    unsent_.erase(0, done);
}

std::int64_t Peer::request(std::string_view method, json::value params) {
    const std::int64_t id = next_id_++;
    send(write_request(id, method, std::move(params)));
    return id;
}

void Peer::notify(std::string_view method, json::value params) {
    send(write_notification(method, std::move(params)));
}

void Peer::reply(const json::value& id, json::value result) {
    send(write_result(id, std::move(result)));
}

void Peer::refuse(const json::value& id, std::int64_t code, std::string_view message) {
    send(write_error(id, code, message));
}

void Peer::close_input() {
    unsent_.clear();
    process_.close_input();
}

void Peer::take_lines() {
    while (std::optional<std::string> line = lines_.next()) {
        if (lines_.overlong()) {
            transcript_->received_garbage(*line);
            hooks_.on_trouble("a line longer than 32 MiB was dropped");
            continue;
        }
        if (line->find_first_not_of(" \t") == std::string::npos) continue;
        std::string why;
        std::optional<Message> message = read_message(*line, why);
        if (message) {
            transcript_->received(*line);
            messages_.push_back(*std::move(message));
        } else {
            transcript_->received_garbage(*line);
            hooks_.on_trouble("a line that is no message (" + why + "): " + one_line(*line, 200));
        }
    }
}

void Peer::read_output() {
    std::array<char, 65536> buffer;
    // A bound, so that an agent that never stops talking cannot keep us from anything else.
    for (int round = 0; round < 64; ++round) {
        const ssize_t count = read_some(process_.output(), buffer);
        if (count == 0) {
            lines_.add("\n");
            process_.close_output();
        }
        if (count <= 0) break;
        heard_at_ = Clock::now();
        lines_.add({buffer.data(), static_cast<std::size_t>(count)});
    }
    take_lines();
}

void Peer::read_errors() {
    std::array<char, 65536> buffer;
    for (int round = 0; round < 16; ++round) {
        const ssize_t count = read_some(process_.errors(), buffer);
        if (count == 0) process_.close_errors();
        if (count <= 0) return;
        hooks_.on_errors({buffer.data(), static_cast<std::size_t>(count)});
    }
}

Result<void> Peer::wait(int other, Clock::time_point until) {
    std::array<pollfd, 5> watched{{{process_.output(), POLLIN, 0},
                                   {process_.errors(), POLLIN, 0},
                                   {process_.control(), POLLIN, 0},
                                   {unsent_.empty() ? -1 : process_.input(), POLLOUT, 0},
                                   {other, POLLIN, 0}}};
    const int limit = messages_.empty() ? milliseconds_until(until) : 0;
    if (::poll(watched.data(), watched.size(), limit) <= 0) return {};
    if (watched[3].revents != 0) flush();
    if (watched[0].revents != 0) read_output();
    if (watched[1].revents != 0) read_errors();
    if (watched[2].revents == 0) return {};
    Result<std::optional<KeptEnd>> ended = process_.collect();
    if (!ended) {
        end_.emplace();
        process_.close_output();
        return std::move(ended).error();
    }
    if (!*ended) return {};
    // All that it wrote is in the pipes by now.
    while (process_.output() >= 0) {
        pollfd last{process_.output(), POLLIN, 0};
        if (::poll(&last, 1, 0) <= 0) break;
        read_output();
    }
    if (process_.errors() >= 0) read_errors();
    process_.close_output();
    process_.close_errors();
    process_.close_input();
    end_ = **ended;
    return {};
}

std::optional<Message> Peer::take() {
    if (messages_.empty()) return std::nullopt;
    Message message = std::move(messages_.front());
    messages_.pop_front();
    return message;
}

} // namespace loong::acp
