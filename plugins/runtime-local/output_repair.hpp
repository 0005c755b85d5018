#pragma once
#include <loong/error.hpp>

#include <string>

namespace loong::local {

/// Tells the output index of bytes that it does not know: their keeper was killed between writing
/// them and saying so, and whatever is written after them would get a wrong place. No keeper of the
/// session may live.
[[nodiscard]] Result<void> repair_output(const std::string& directory);

} // namespace loong::local
