// Misbehaves as it is told: by its setting `create` when it is made, by its text when it runs.
#include <loong/plugin.hpp>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

void misbehave(const std::string& how) {
    if (how == "crash") ::raise(SIGSEGV);
    if (how == "exit") std::exit(0);
    if (how == "throw") throw 42;
    if (how == "thread") std::thread([] { throw 42; }).join();
    while (how == "hang") ::pause();
    std::vector<std::unique_ptr<std::string>> kept;
    // Whatever the worker was started with: the machine's memory is not to be used up.
    const rlimit enough{rlim_t{256} << 20, rlim_t{256} << 20};
    if (how == "memory") ::setrlimit(RLIMIT_DATA, &enough);
    while (how == "memory") kept.push_back(std::make_unique<std::string>(1 << 20, 'x'));
}

class Misbehaving : public loong::Runtime {
public:
    explicit Misbehaving(const loong::RuntimeSetup& setup) {
        misbehave(setup.settings.values.string_or("create", ""));
    }
    loong::Result<void> check(const loong::SessionSpec& /*spec*/) override { return {}; }
    loong::Result<loong::Outcome> run(loong::SessionContext& context) override {
        misbehave(context.spec().work.text);
        return loong::Outcome{.kind = loong::OutcomeKind::completed};
    }
};

} // namespace

LOONG_RUNTIME_PLUGIN(Misbehaving, "misbehaves", "1")
