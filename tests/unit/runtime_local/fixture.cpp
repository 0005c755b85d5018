#include "fixture.hpp"

#include "child_process.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace loong::local {

std::string LocalRuntimeTest::make_pipe(const std::string& name) {
    const std::string path = work / name;
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    return path;
}

std::string LocalRuntimeTest::read_line(const std::string& pipe) {
    // Open for both, so that opening does not wait for a writer that may never come.
    const int file = ::open(pipe.c_str(), O_RDWR | O_CLOEXEC);
    std::string line;
    char c = 0;
    while (test::wait_readable(file)) {
        if (::read(file, &c, 1) != 1 || c == '\n') {
            ::close(file);
            return line;
        }
        line += c;
    }
    ::close(file);
    ADD_FAILURE() << "nothing came through " << pipe;
    return line;
}

} // namespace loong::local
