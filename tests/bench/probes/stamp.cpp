// bench-stamp FILE: writes down when it came to run, in nanoseconds of the monotonic clock.
#include <cstdio>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    if (argc != 2) return 2;
    const int file = ::open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return 1;
    const long long nanoseconds = now.tv_sec * 1'000'000'000LL + now.tv_nsec;
    return ::dprintf(file, "%lld\n", nanoseconds) > 0 && ::close(file) == 0 ? 0 : 1;
}
