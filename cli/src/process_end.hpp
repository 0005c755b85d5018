#pragma once
/// Ending without waiting for the kernel.

namespace loong::cli {

/// Ends the process at once. What it still has open is left to a child of it, which closes it
/// unseen: closing what has watched files can take the kernel 20 ms, and nobody who waits for this
/// process should wait for that. Everything that is to be printed has to be flushed.
[[noreturn]] void end_process(int status) noexcept;

} // namespace loong::cli
