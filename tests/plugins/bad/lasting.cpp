// Nothing is wrong with this one either; its work lasts until the file `held` is in its directory.
#include "quiet_runtime.hpp"

#include <filesystem>

namespace {

class LastingRuntime : public QuietRuntime {
public:
    using QuietRuntime::QuietRuntime;

    loong::Result<loong::Outcome> run(loong::SessionContext& context) override {
        const std::string held = context.spec().working_directory + "/held";
        for (int i = 0; i < 4000 && !std::filesystem::exists(held); ++i) {
            static_cast<void>(context.wait_signals(loong::Milliseconds(5)));
        }
        return QuietRuntime::run(context);
    }
};

} // namespace

LOONG_RUNTIME_PLUGIN(LastingRuntime, "lasting", "1")
