#include "manual.hpp"
#include "option_values.hpp"
#include "verbs.hpp"

namespace loong::cli {
namespace {

/// Not for people: what the build makes the pages with.
class Manual final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("PAGE", 1);
        table.note("Prints a manual page, for man(1).");
        table.example("loong manual loong-tasks.1 > loong-tasks.1");
        table.exit_codes("0 done, 2 failure");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        const std::string name = invocation.words.empty() ? "loong.1" : invocation.words.front();
        const std::string page = manual_page(name);
        if (page.empty()) return unknown_word("manual page", name, manual_pages());
        invocation.out.print(page);
        return ExitCode::done;
    }
};

} // namespace

std::unique_ptr<Verb> make_manual() { return std::make_unique<Manual>(); }

} // namespace loong::cli
