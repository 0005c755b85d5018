#pragma once
/// As much of HTTP as this example needs: one request, one answer, and never longer than a limit.

#include <loong/error.hpp>
#include <loong/time.hpp>

#include <map>
#include <string>
#include <string_view>

namespace runtime_http {

/// `http://HOST:PORT`, taken apart.
struct Address {
    std::string host;
    std::string port;
};

/// `invalid_config`.
loong::Result<Address> parse_address(const std::string& url);

struct Answer {
    int status = 0;
    /// Names in lower case.
    std::map<std::string, std::string> headers;
    std::string body;
};

/// Sends a request and reads the answer, all of it within `limit`. An error means that there was no
/// answer; whether the service has seen the request is then unknown.
loong::Result<Answer> request(const Address& address, std::string_view method,
                              const std::string& path, std::string_view body,
                              loong::Milliseconds limit);

} // namespace runtime_http
