#pragma once
/// What has to be right before anything else happens.

namespace loong::cli {

/// Opens /dev/null in place of standard descriptors that are closed, so that no file of the store
/// ever gets one of their numbers. False where even that fails.
[[nodiscard]] bool ensure_standard_descriptors();

/// Makes a write to a pipe without a reader fail instead of ending the process, without programs
/// that are started from here noticing: they get the default back.
void survive_broken_pipes();

} // namespace loong::cli
