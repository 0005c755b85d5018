#include "plugin_check.hpp"

#include "elf_file.hpp"
#include "plugin_check_steps.hpp"
#include "plugin_descriptor.hpp"
#include "plugin_library.hpp"

#include <algorithm>
#include <utility>

namespace loong {

namespace {

/// Without the file's name, which stands above all checks.
std::string reason_of(const std::string& file, const std::string& message) {
    return message.starts_with(file + ": ") ? message.substr(file.size() + 2) : message;
}

/// What the file tells without running any of it. False: it is no plugin for this loong.
bool check_file(PluginCheckReport& report) {
    const auto add = [&](const char* name, const std::string& why) {
        report.checks.push_back(
            {name, why.empty() ? PluginCheck::Result::passed : PluginCheck::Result::failed, why});
        return why.empty();
    };
    const std::string& file = report.file;
    const std::optional<Error> place = refuse_file(file);
    if (!add("nobody else may write to the file", place ? reason_of(file, place->message) : "")) {
        return false;
    }
    if (!add("it is a shared library for this machine", why_no_library(file))) return false;
    const Result<PluginExports> exports = read_plugin_exports(file);
    if (!exports) return add("it exports a descriptor", reason_of(file, exports.error().message));
    const bool is_store = exports->runtime.empty() && !exports->store.empty();
    if (exports->runtime.empty() && !is_store) {
        return add("it exports a descriptor",
                   fmt::format("it exports neither {} nor {}; LOONG_RUNTIME_PLUGIN or "
                               "LOONG_STORE_PLUGIN in its source makes one",
                               runtime_symbol_name, store_symbol_name));
    }
    report.kind = is_store ? PluginKind::store : PluginKind::runtime;
    const std::optional<Error> refused = refuse_exports(file, *exports, *report.kind);
    return add("it was built for this interface", refused ? reason_of(file, refused->message) : "");
}

template <typename Kind>
bool check_boundary(const std::string& file, CheckTeller& teller) {
    teller.begin("it loads with every symbol bound");
    const Result<const void*> symbol = load_export(file, Kind::symbol);
    if (!symbol) {
        teller.failed(symbol.error().message);
        return false;
    }
    teller.passed();
    const auto* descriptor = static_cast<const typename Kind::Descriptor*>(*symbol);
    const std::string why =
        visit_descriptor<Kind>(*descriptor, [&](const char* what, const std::string& wrong) {
            teller.check(what, [&] { return wrong; });
        });
    if (!why.empty()) return false;
    teller.fact("id", descriptor->id);
    teller.fact("version", descriptor->version);
    return true;
}

} // namespace

std::string_view to_string(PluginCheck::Result result) noexcept {
    switch (result) {
    case PluginCheck::Result::passed: return "passed";
    case PluginCheck::Result::failed: return "failed";
    case PluginCheck::Result::skipped: return "skipped";
    }
    return "failed";
}

bool PluginCheckReport::passed() const {
    return std::none_of(checks.begin(), checks.end(), [](const PluginCheck& check) {
        return check.result == PluginCheck::Result::failed;
    });
}

Result<PluginCheckReport> check_plugin(const PluginCheckRequest& request) {
    PluginCheckReport report;
    report.file = request.file;
    if (!check_file(report)) return report;
    Result<std::unique_ptr<CheckDirectory>> directory = CheckDirectory::make();
    if (!directory) return std::move(directory).error();
    const Result<void> ran = run_apart(
        [&](CheckTeller& teller) {
            if (*report.kind == PluginKind::runtime) {
                if (!check_boundary<RuntimeKind>(request.file, teller)) return;
                check_runtime(request, **directory, teller);
            } else {
                if (!check_boundary<StoreKind>(request.file, teller)) return;
                check_store(request, **directory, teller);
            }
        },
        report);
    if (!ran) return ran.error();
    return report;
}

} // namespace loong
