#pragma once

namespace loong {

/// Gives back memory that this process does not need while it only waits: what the allocator keeps in
/// reserve, and the pages of program text, which the kernel has in its cache and maps again where they
/// are used. That takes less than a millisecond afterwards. [any-thread]
void give_back_memory() noexcept;

} // namespace loong
