#include "command_line.hpp"
#include "start_up.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    using namespace loong::cli;
    if (!ensure_standard_descriptors()) return 2;
    survive_broken_pipes();
    try {
        return run_program(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
    } catch (const std::exception& exception) {
        // Nothing that is expected comes this way; running out of memory does.
        std::fprintf(stderr, "error: store_io: unexpected failure: %s\n", exception.what());
        return 2;
    }
}
