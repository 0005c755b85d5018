#include "http_client.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace runtime_http {

using loong::Error;
using loong::ErrorCode;
using loong::Milliseconds;
using loong::Result;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view scheme = "http://";
constexpr std::size_t longest_answer = std::size_t{64} << 20U;

Error unreachable(const Address& address, const std::string& why) {
    return {ErrorCode::worker_unavailable,
            "service http://" + address.host + ":" + address.port + ": " + why,
            {}};
}

class Connection {
public:
    Connection(Address address, Milliseconds limit)
        : address_(std::move(address)),
          until_(Clock::now() + limit) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { close(); }

    Result<void> open() {
        addrinfo wanted{};
        wanted.ai_socktype = SOCK_STREAM;
        addrinfo* list = nullptr;
        const int failed =
            ::getaddrinfo(address_.host.c_str(), address_.port.c_str(), &wanted, &list);
        if (failed != 0) return unreachable(address_, ::gai_strerror(failed));
        const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(list, &::freeaddrinfo);
        Result<void> result = unreachable(address_, "it has no address");
        for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
            result = connect(*one);
            if (result) break;
        }
        return result;
    }

    Result<void> send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(sent));
            } else if (errno != EINTR) {
                if (Result<void> waited = wait(POLLOUT); !waited) return waited;
            }
        }
        return {};
    }

    /// Everything until the service closes the connection.
    Result<std::string> receive() {
        std::string all;
        std::array<char, 65536> piece{};
        while (all.size() < longest_answer) {
            const ssize_t got = ::recv(socket_, piece.data(), piece.size(), 0);
            if (got == 0) return all;
            if (got > 0) {
                all.append(piece.data(), static_cast<std::size_t>(got));
            } else if (errno != EINTR) {
                if (Result<void> waited = wait(POLLIN); !waited) return waited.error();
            }
        }
        return unreachable(address_, "its answer is too long");
    }

private:
    Result<void> connect(const addrinfo& to) {
        close();
        socket_ = ::socket(to.ai_family, to.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (socket_ < 0) return unreachable(address_, std::strerror(errno));
        if (::connect(socket_, to.ai_addr, to.ai_addrlen) == 0) return {};
        if (errno != EINPROGRESS) return unreachable(address_, std::strerror(errno));
        errno = EAGAIN;
        if (Result<void> waited = wait(POLLOUT); !waited) return waited;
        int failed = 0;
        socklen_t size = sizeof failed;
        ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &failed, &size);
        if (failed != 0) return unreachable(address_, std::strerror(failed));
        return {};
    }

    /// After a call that has left its reason in errno.
    Result<void> wait(short what) {
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
            return unreachable(address_, std::strerror(errno));
        }
        while (true) {
            const auto left = std::chrono::ceil<Milliseconds>(until_ - Clock::now());
            if (left <= Milliseconds(0)) return unreachable(address_, "no answer in time");
            pollfd polled{socket_, what, 0};
            const int ready = ::poll(&polled, 1, static_cast<int>(left.count()));
            if (ready > 0) return {};
            if (ready < 0 && errno != EINTR) return unreachable(address_, std::strerror(errno));
        }
    }

    void close() {
        if (socket_ >= 0) ::close(socket_);
        socket_ = -1;
    }

    Address address_;
    Clock::time_point until_;
    int socket_ = -1;
};

Result<Answer> parse(const Address& address, const std::string& text) {
    const std::size_t end = text.find("\r\n\r\n");
    Answer answer;
    const std::size_t space = text.find(' ');
    if (end == std::string::npos || space > end || !text.starts_with("HTTP/1.")) {
        return unreachable(address, "its answer is no HTTP");
    }
    std::from_chars(text.data() + space + 1, text.data() + end, answer.status);
    answer.body = text.substr(end + 4);
    for (std::size_t line = text.find("\r\n"); line < end;) {
        const std::size_t next = text.find("\r\n", line + 2);
        const std::string header = text.substr(line + 2, next - line - 2);
        const std::size_t colon = header.find(':');
        if (colon != std::string::npos) {
            std::string name = header.substr(0, colon);
            std::transform(name.begin(), name.end(), name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
            const std::size_t value = header.find_first_not_of(' ', colon + 1);
            answer.headers[name] = value == std::string::npos ? "" : header.substr(value);
        }
        line = next;
    }
    const auto length = answer.headers.find("content-length");
    if (length != answer.headers.end() && length->second != std::to_string(answer.body.size())) {
        return unreachable(address, "its answer was cut off");
    }
    return answer;
}

} // namespace

Result<Address> parse_address(const std::string& url) {
    const std::string rest = url.starts_with(scheme) ? url.substr(scheme.size()) : std::string();
    const std::size_t colon = rest.rfind(':');
    const bool complete = colon != std::string::npos && colon > 0 && colon + 1 < rest.size();
    if (!complete || rest.find_first_of("/ ?#\r\n") != std::string::npos) {
        return Error{ErrorCode::invalid_config,
                     "runtime-http: the url '" + url + "' is not understood",
                     "write it as http://HOST:PORT"};
    }
    return Address{rest.substr(0, colon), rest.substr(colon + 1)};
}

Result<Answer> request(const Address& address, std::string_view method, const std::string& path,
                       std::string_view body, Milliseconds limit) {
    Connection connection(address, limit);
    if (Result<void> opened = connection.open(); !opened) return opened.error();
    std::string text = std::string(method) + " " + path + " HTTP/1.0\r\nHost: " + address.host +
                       "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    text += body;
    if (Result<void> sent = connection.send(text); !sent) return sent.error();
    Result<std::string> received = connection.receive();
    if (!received) return received.error();
    return parse(address, *received);
}

} // namespace runtime_http
