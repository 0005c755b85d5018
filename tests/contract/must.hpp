#pragma once
/// Results in tests: the value, or a test that fails with the error's text.

#include <loong/error.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace loong::test {

/// The value. An error is thrown, which fails the test, with the line that asked.
template <typename T>
T must(Result<T> result, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    if (!result) {
        const Error& error = result.error();
        throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " +
                                 std::string(to_string(error.code)) + ": " + error.message);
    }
    if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

/// The error's code as text, `ok` where there is none.
template <typename T>
std::string code_of(const Result<T>& result) {
    return result ? "ok" : std::string(to_string(result.error().code));
}

} // namespace loong::test
