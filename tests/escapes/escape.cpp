#include "escape.hpp"

#include <cstdio>
#include <cstring>

/// `escape NAME TARGET`: exit code 0 where it got out, 1 where it was held, with the reason.
int main(int count, char** words) {
    using namespace loong::escapes;
    std::vector<Escape> all = file_escapes();
    for (const auto& more : {network_escapes(), process_escapes()}) {
        all.insert(all.end(), more.begin(), more.end());
    }
    if (count == 2 && std::strcmp(words[1], "--list") == 0) {
        for (const Escape& escape : all) std::printf("%s\n", escape.name);
        return 0;
    }
    for (const Escape& escape : all) {
        if (count != 3 || std::strcmp(words[1], escape.name) != 0) continue;
        const int error = escape.attempt(words[2]);
        std::printf("%s: %s\n", escape.name, error == 0 ? "ESCAPED" : std::strerror(error));
        return error == 0 ? 0 : 1;
    }
    std::fprintf(stderr, "escape NAME TARGET | --list\n");
    return 2;
}
