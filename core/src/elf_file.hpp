#pragma once
/// Whether a file is a shared library for this machine, told from its header without loading it.

#include <string>

namespace loong {

/// Why the file cannot be loaded here: `is no ELF file`, `was built for another kind of machine`,
/// `is cut off or damaged`. Empty where it looks whole: then everything that its section headers
/// speak of lies inside the file, so that nobody who reads it by them is led astray.
[[nodiscard]] std::string why_no_library(const std::string& file);

} // namespace loong
