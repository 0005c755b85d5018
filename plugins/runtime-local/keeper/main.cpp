#include "keeper.hpp"
#include "protocol.hpp"

#include <cstring>
#include <unistd.h>

namespace {

void say(const char* text) {
    if (write(2, text, std::strlen(text)) < 0) _exit(2);
}

} // namespace

int main(int count, char** arguments) {
    using namespace loong::keeper;
    if (count < 2 || std::strcmp(arguments[1], protocol_number) != 0) {
        say("loong-keeper: is started by loong's workers, with protocol number ");
        say(protocol_number);
        say("\n");
        return 2;
    }
    static Keeper keeper;
    if (!keeper.prepare()) return 1;
    if (!keeper.wait_for_go()) return 0;
    keeper.keep();
    return 0;
}
