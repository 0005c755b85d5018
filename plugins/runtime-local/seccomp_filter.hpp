#pragma once
/// The system call filter of narrowed work: what Landlock leaves open.

#include <cstdint>
#include <vector>

namespace loong::local {

struct FilterOptions {
    /// Below version 3 Landlock does not know truncation.
    bool refuse_truncation = false;
    /// Sockets of the internet's families; the others are refused in any case.
    bool internet_sockets = true;
};

/// Instructions for the kernel, 8 bytes each: classic BPF.
[[nodiscard]] std::vector<std::uint64_t> make_filter(const FilterOptions& options);

/// Whether there is a filter for the processor that this was built for.
[[nodiscard]] bool is_architecture_known();

} // namespace loong::local
