#include "plugins.hpp"

#include "plugin_descriptor.hpp"
#include "plugin_file.hpp"
#include "plugin_guard.hpp"
#include "plugin_library.hpp"

#include <fmt/format.h>

#include <utility>

namespace loong {

namespace {

/// The plugin's own object, owned so that the plugin destroys it.
template <typename Kind>
Result<PluginObject<typename Kind::Made>> make(const typename Kind::Descriptor& descriptor,
                                               const typename Kind::Setup& setup) {
    using Made = typename Kind::Made;
    Error error;
    Made* const made = descriptor.create(setup, error);
    if (made != nullptr) return PluginObject<Made>(made, descriptor.destroy);
    if (error.message.empty()) {
        return plugin_fault(descriptor.id, "create", "gave nothing and did not say why");
    }
    if (error.code == ErrorCode::plugin_fault) {
        error.message = fmt::format("plugin {}: {}", descriptor.id, error.message);
    }
    return checked_error(descriptor.id, "create", std::move(error));
}

/// The file is looked at before it is loaded: what it would run then has no say in it.
template <typename Kind>
Result<const typename Kind::Descriptor*> load_descriptor(const std::string& file) {
    Result<PluginExports> exports = read_plugin_exports(file);
    if (!exports) return std::move(exports).error();
    if (auto refused = refuse_exports(file, *exports, Kind::kind)) return *std::move(refused);
    const Result<const void*> symbol = load_export(file, Kind::symbol);
    if (!symbol) return refused_plugin(file, "cannot be loaded: " + symbol.error().message);
    const auto* descriptor = static_cast<const typename Kind::Descriptor*>(*symbol);
    const std::string why =
        visit_descriptor<Kind>(*descriptor, [](const char*, const std::string&) {});
    if (!why.empty()) return refused_plugin(file, why);
    return descriptor;
}

template <typename Kind>
Result<PluginObject<typename Kind::Made>> load(const std::string& name_or_path,
                                               const std::vector<std::string>& directories,
                                               const typename Kind::Setup& setup) {
    using Made = typename Kind::Made;
    const Result<std::string> file = resolve_plugin(name_or_path, directories);
    if (!file) return file.error();
    const auto descriptor = load_descriptor<Kind>(*file);
    if (!descriptor) return descriptor.error();
    Result<PluginObject<Made>> made = make<Kind>(**descriptor, setup);
    if (!made) return std::move(made).error();
    auto checked = std::make_unique<typename Kind::Checked>((*descriptor)->id, *std::move(made));
    return PluginObject<Made>(checked.release(), std::default_delete<Made>());
}

} // namespace

Result<PluginObject<Store>> load_store(const std::string& name_or_path,
                                       const std::vector<std::string>& directories,
                                       const StoreSetup& setup) {
    return load<StoreKind>(name_or_path, directories, setup);
}

Result<PluginObject<Runtime>> load_runtime(const std::string& name_or_path,
                                           const std::vector<std::string>& directories,
                                           const RuntimeSetup& setup) {
    return load<RuntimeKind>(name_or_path, directories, setup);
}

} // namespace loong
