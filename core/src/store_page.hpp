#pragma once
/// Reading a store page by page.

#include <cstddef>

namespace loong {

/// How many tasks are asked for at once, where all of them are wanted in the end.
inline constexpr std::size_t store_page_size = 500;

} // namespace loong
