#include "escape.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace loong::escapes {

namespace {

sockaddr_in address_of(const std::string& port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

template <typename Address>
const sockaddr* generic(const Address& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

int by_tcp(const std::string& port) {
    const int one = socket(AF_INET, SOCK_STREAM, 0);
    if (one < 0) return errno;
    const sockaddr_in address = address_of(port);
    return connect(one, generic(address), sizeof(address)) == 0 ? 0 : errno;
}

/// Got there means that something answers; a datagram by itself tells nothing.
int by_udp(const std::string& port) {
    const int one = socket(AF_INET, SOCK_DGRAM, 0);
    if (one < 0) return errno;
    timeval patience{2, 0};
    setsockopt(one, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    const sockaddr_in address = address_of(port);
    char answer[8];
    if (sendto(one, "escaped", 7, 0, generic(address), sizeof(address)) < 0) return errno;
    return recv(one, answer, sizeof(answer), 0) > 0 ? 0 : errno;
}

int by_raw(const std::string&) { return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0 ? 0 : errno; }

int by_packet(const std::string&) { return socket(AF_PACKET, SOCK_RAW, 0) >= 0 ? 0 : errno; }

int by_vsock(const std::string&) { return socket(AF_VSOCK, SOCK_STREAM, 0) >= 0 ? 0 : errno; }

/// An abstract name begins with an @, as tools show it.
socklen_t unix_address(const std::string& name, sockaddr_un& address) {
    address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), std::min(name.size(), sizeof(address.sun_path) - 1));
    if (name.front() == '@') address.sun_path[0] = '\0';
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() +
                                  (name.front() == '@' ? 0 : 1));
}

int by_unix_stream(const std::string& name) {
    const int one = socket(AF_UNIX, SOCK_STREAM, 0);
    if (one < 0) return errno;
    sockaddr_un address{};
    const socklen_t size = unix_address(name, address);
    return connect(one, generic(address), size) == 0 ? 0 : errno;
}

/// A pair needs no socket(2), and one of its ends can send to any name.
int by_unix_pair(const std::string& name) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0) return errno;
    sockaddr_un address{};
    const socklen_t size = unix_address(name, address);
    return sendto(pair[0], "escaped", 7, 0, generic(address), size) == 7 ? 0 : errno;
}

int by_unix_raw_pair(const std::string& name) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_RAW | SOCK_CLOEXEC, 0, pair) != 0) return errno;
    sockaddr_un address{};
    const socklen_t size = unix_address(name, address);
    return sendto(pair[0], "escaped", 7, 0, generic(address), size) == 7 ? 0 : errno;
}

int by_io_uring(const std::string&) {
    io_uring_params parameters{};
    return syscall(SYS_io_uring_setup, 4, &parameters) >= 0 ? 0 : errno;
}

#if defined(__x86_64__)
/// The same call by another architecture's number, 41 being socket(2) nowhere else.
int by_x32(const std::string&) {
    constexpr long x32_bit = 0x40000000;
    return syscall(x32_bit | SYS_getpid) >= 0 ? 0 : errno;
}

/// socketcall(2) of 32-bit programs: its number means something else to a filter for 64 bits.
int by_foreign_call(const std::string&) {
    long result = 20; // getpid
    asm volatile("int $0x80" : "+a"(result) : : "memory");
    return result >= 0 ? 0 : static_cast<int>(-result);
}
#endif

} // namespace

std::vector<Escape> network_escapes() {
    return {
        {"tcp", by_tcp}, {"udp", by_udp}, {"raw-socket", by_raw}, {"packet-socket", by_packet},
            {"vsock", by_vsock}, {"unix-pathname", by_unix_stream},
            {"unix-abstract", by_unix_stream}, {"unix-pair", by_unix_pair},
            {"unix-raw-pair", by_unix_raw_pair}, {"io-uring", by_io_uring},
#if defined(__x86_64__)
            {"x32-call", by_x32}, {"foreign-call", by_foreign_call},
#endif
    };
}

} // namespace loong::escapes
