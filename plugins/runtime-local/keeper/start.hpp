#pragma once
#include "record.hpp"
#include "spec.hpp"

#include <sys/types.h>

namespace loong::keeper {

struct Started {
    pid_t pid = 0;
    StartStage stage = StartStage::done;
    int error = 0;
};

/// Starts the command in a session and a process group of its own, standard input at /dev/null
/// unless it is given, its output to `ends`, with nothing else open and no signal blocked or ignored. Returns once it
/// runs, or could not be started.
Started start_command(const Spec& spec, const int (&ends)[2]);

} // namespace loong::keeper
