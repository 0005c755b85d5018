#include "plugins.hpp"

#include "checked_runtime.hpp"
#include "checked_store.hpp"
#include "loong/plugin.hpp"
#include "plugin_file.hpp"
#include "plugin_guard.hpp"
#include "plugin_library.hpp"

#include <fmt/format.h>

#include <utility>

namespace loong {

namespace {

/// What differs between the two kinds of plugins.
struct RuntimeKind {
    using Made = Runtime;
    using Checked = CheckedRuntime;
    using Descriptor = RuntimeDescriptor;
    using Setup = RuntimeSetup;
    static constexpr PluginKind kind = PluginKind::runtime;
    static constexpr const char* symbol = runtime_symbol_name;
    static constexpr std::uint32_t number = runtime_interface_number;
    static constexpr std::uint64_t layout = runtime_layout;
};

struct StoreKind {
    using Made = Store;
    using Checked = CheckedStore;
    using Descriptor = StoreDescriptor;
    using Setup = StoreSetup;
    static constexpr PluginKind kind = PluginKind::store;
    static constexpr const char* symbol = store_symbol_name;
    static constexpr std::uint32_t number = store_interface_number;
    static constexpr std::uint64_t layout = store_layout;
};

bool is_empty(const char* text) { return text == nullptr || *text == '\0'; }

/// Field by field, in the order in which they may be believed: only a descriptor of the right size
/// has the next field where it is looked for, and so on.
template <typename Kind>
std::string why_no_descriptor(const typename Kind::Descriptor& descriptor) {
    const std::string_view word = to_string(Kind::kind);
    if (descriptor.size < sizeof descriptor) {
        return fmt::format("its descriptor has {} bytes, this loong needs {}; rebuild it against "
                           "loong {}",
                           descriptor.size, sizeof descriptor, own_series());
    }
    if (descriptor.interface_number != Kind::number) {
        return fmt::format("says that it was built for loong {} interface {}, this loong has {}; "
                           "rebuild it against loong {}",
                           word, descriptor.interface_number, Kind::number, own_series());
    }
    if (descriptor.layout != Kind::layout) {
        return fmt::format(
            "built where the types of the {} interface have another layout ({:016x}, "
            "with the headers of loong {}; this loong has {:016x}, {}); rebuild it "
            "with the headers of this loong and the same C++ standard library",
            word, descriptor.layout, is_empty(descriptor.built_with) ? "?" : descriptor.built_with,
            Kind::layout, header_version);
    }
    if (is_empty(descriptor.id)) return "its descriptor has no id";
    if (is_empty(descriptor.version)) return "its descriptor has no version";
    if (descriptor.create == nullptr) return "its descriptor has no create function";
    if (descriptor.destroy == nullptr) return "its descriptor has no destroy function";
    return {};
}

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
    const std::string why = why_no_descriptor<Kind>(*descriptor);
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
