#include "start_up.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>

namespace loong::cli {

bool ensure_standard_descriptors() {
    for (int descriptor = 0; descriptor <= 2; ++descriptor) {
        if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
        // The lowest free number is this one, because those below it are open.
        if (open("/dev/null", O_RDWR) != descriptor) return false; // must outlive an exec
    }
    return true;
}

void survive_broken_pipes() {
    // A handler and not SIG_IGN: an ignored signal would stay ignored in every program started.
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    sigaction(SIGPIPE, &action, nullptr);
}

} // namespace loong::cli
