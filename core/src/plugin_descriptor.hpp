#pragma once
/// What a descriptor has to say, for either kind of plugin.

#include "checked_runtime.hpp"
#include "checked_store.hpp"
#include "loong/plugin.hpp"
#include "plugin_file.hpp"
#include "plugins.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace loong {

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

[[nodiscard]] inline bool is_empty(const char* text) { return text == nullptr || *text == '\0'; }

template <typename Kind>
std::string why_no_size(const typename Kind::Descriptor& descriptor) {
    if (descriptor.size >= sizeof descriptor) return {};
    return fmt::format("its descriptor has {} bytes, this loong needs {}; rebuild it against "
                       "loong {}",
                       descriptor.size, sizeof descriptor, own_series());
}

template <typename Kind>
std::string why_no_number(const typename Kind::Descriptor& descriptor) {
    if (descriptor.interface_number == Kind::number) return {};
    return fmt::format("says that it was built for loong {} interface {}, this loong has {}; "
                       "rebuild it against loong {}",
                       to_string(Kind::kind), descriptor.interface_number, Kind::number,
                       own_series());
}

template <typename Kind>
std::string why_no_layout(const typename Kind::Descriptor& descriptor) {
    if (descriptor.layout == Kind::layout) return {};
    return fmt::format("built where the types of the {} interface have another layout ({:016x}, "
                       "with the headers of loong {}; this loong has {:016x}, {}); rebuild it "
                       "with the headers of this loong and the same C++ standard library",
                       to_string(Kind::kind), descriptor.layout,
                       is_empty(descriptor.built_with) ? "?" : descriptor.built_with, Kind::layout,
                       header_version);
}

template <typename Kind>
std::string why_not_named(const typename Kind::Descriptor& descriptor) {
    if (is_empty(descriptor.id)) return "its descriptor has no id";
    if (is_empty(descriptor.version)) return "its descriptor has no version";
    return {};
}

template <typename Kind>
std::string why_no_functions(const typename Kind::Descriptor& descriptor) {
    if (descriptor.create == nullptr) return "its descriptor has no create function";
    if (descriptor.destroy == nullptr) return "its descriptor has no destroy function";
    return {};
}

/// Field by field, in the order in which they may be believed: only a descriptor of the right size
/// has the next field where it is looked for, and so on. `visit(what, why)` is told of each; what
/// comes behind the first that is wrong is not looked at. Returns why it was wrong, or nothing.
template <typename Kind, typename Visit>
std::string visit_descriptor(const typename Kind::Descriptor& descriptor, Visit&& visit) {
    struct Field {
        const char* what;
        std::string (*why)(const typename Kind::Descriptor&);
    };
    constexpr Field fields[] = {
        {"the descriptor has its size", &why_no_size<Kind>},
        {"the descriptor says the interface number", &why_no_number<Kind>},
        {"the types have the layout of this loong", &why_no_layout<Kind>},
        {"the descriptor names id and version", &why_not_named<Kind>},
        {"the descriptor has create and destroy", &why_no_functions<Kind>},
    };
    for (const Field& field : fields) {
        std::string why = field.why(descriptor);
        visit(field.what, why);
        if (!why.empty()) return why;
    }
    return {};
}

} // namespace loong
