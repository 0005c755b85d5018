#pragma once
/// How a failed system call becomes an error of the contract.

#include "loong/error.hpp"

#include <string>
#include <string_view>

namespace loong::store_common {

/// `<action> <path>: <what the system says>`, with a hint where the cause is a common one.
[[nodiscard]] Error io_error(std::string_view action, std::string_view path, int error_number);

/// What is kept of one task cannot be read.
[[nodiscard]] Error corrupt(std::string_view path, std::string_view why);

[[nodiscard]] Error task_not_found(std::string_view task_id);

/// The system's words for an error number.
[[nodiscard]] std::string system_words(int error_number);

} // namespace loong::store_common
