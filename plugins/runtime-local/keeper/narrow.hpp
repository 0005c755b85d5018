#pragma once
/// Narrowing a command: what the child does to itself between its start and the exec. Nothing of it
/// can be undone, and everything that the command starts inherits it.

#include "spec.hpp"

#include <sys/types.h>

namespace loong::keeper {

/// Makes a child with memory of its own, in the namespaces that `spec` asks for. The keeper stands
/// still until the child has become the command, or ended. As fork(2) otherwise.
pid_t clone_narrowed(const Spec& spec);

/// In the child, first: makes itself at home in its namespaces. False, with errno: it could not.
bool enter_namespaces(const Spec& spec);

/// In the child, last: gives up every capability, and enters the Landlock domain and the filter.
bool narrow(const Spec& spec);

} // namespace loong::keeper
