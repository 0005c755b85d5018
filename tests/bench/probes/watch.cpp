// bench-watch FILE: waits with inotify until the file is written to, and ends: what waiting for a file
// costs whoever does it.
#include <sys/inotify.h>
#include <unistd.h>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const int watch = ::inotify_init1(IN_CLOEXEC);
    if (watch < 0 || ::inotify_add_watch(watch, argv[1], IN_CLOSE_WRITE) < 0) return 1;
    alignas(inotify_event) char event[4096];
    return ::read(watch, event, sizeof event) > 0 ? 0 : 1;
}
