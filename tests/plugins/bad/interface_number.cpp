// The descriptor of another interface, by its symbol. Writes a file when it is loaded, named by the
// environment, so that a test sees whether it was.
#include "quiet_runtime.hpp"

#include <cstdlib>
#include <fstream>

namespace {

struct Mark {
    Mark() {
        if (const char* file = std::getenv("LOONG_TEST_MARK")) std::ofstream(file) << "loaded\n";
    }
};
const Mark mark;

} // namespace

LOONG_PLUGIN_SYMBOL_(loong::RuntimeDescriptor) SYMBOL;
const loong::RuntimeDescriptor SYMBOL = {
    .interface_number = NUMBER,
    .id = "interface-number",
    .version = "1",
    .create = &loong::plugin::create<QuietRuntime, loong::Runtime, loong::RuntimeSetup>,
    .destroy = &loong::plugin::destroy<loong::Runtime>,
};
