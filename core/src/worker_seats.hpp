#pragma once
/// A guess at whether a further worker would find a slot, made without a store.
///
/// Opening the store takes a quarter of the time that `create` needs before it can start a worker's
/// program, and only the store knows the slots. So each worker that has one also sits on a byte of
/// the state directory's file `workers`, the lowest that is free, with a lock that ends with its
/// process. Nothing depends on that being right: what is started too many ends unused, and where
/// none was started early it is started later.

#include "descriptor.hpp"

#include <string>

namespace loong {

/// The lock on one byte of the file, which is made where it is missing. Empty where all `seats` are
/// taken, or the file cannot be had.
[[nodiscard]] Descriptor take_worker_seat(const std::string& state_directory, int seats);

/// Whether the last of the `seats` is free; no where nobody ever sat on one.
[[nodiscard]] bool is_worker_seat_free(const std::string& state_directory, int seats);

} // namespace loong
