#pragma once
/// The door between loong and a plugin: one exported data symbol, made by one macro.
///
///     #include <loong/plugin.hpp>
///     class EchoRuntime : public loong::Runtime { public: explicit EchoRuntime(loong::RuntimeSetup); … };
///     LOONG_RUNTIME_PLUGIN(EchoRuntime, "runtime-echo", "1.0.0")
///
/// The symbol's name carries the interface's number and is looked up in the file before the file is
/// loaded, so a library for another loong is refused without running any of it. Then, in this
/// order: `size`, `interface_number`, `layout`, `id`, `version`. Libraries are never unloaded; an
/// object is destroyed by the plugin that made it.

#include "loong/error.hpp"
#include "loong/runtime.hpp"
#include "loong/store.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>

namespace loong {

inline constexpr std::uint32_t runtime_interface_number = 1;
inline constexpr std::uint32_t store_interface_number = 1;
inline constexpr const char* runtime_symbol_name = "loong_runtime_v1";
inline constexpr const char* store_symbol_name = "loong_store_v1";
inline constexpr const char* header_version = "0.1.0";

namespace layout {

constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t value) noexcept {
    for (int i = 0; i < 8; ++i) {
        hash ^= (value >> (8 * i)) & 0xff;
        hash *= 0x100000001b3;
    }
    return hash;
}

template <typename... Types>
constexpr std::uint64_t stamp() noexcept {
    std::uint64_t hash = 0xcbf29ce484222325;
    ((hash = mix(mix(hash, sizeof(Types)), alignof(Types))), ...);
    return hash;
}

} // namespace layout

/// Hashes of size and alignment of every type that crosses. Equal where plugin and loong were
/// built with compatible standard libraries and the same headers.
inline constexpr std::uint64_t runtime_layout =
    layout::stamp<Error, Result<void>, Result<std::uint64_t>, Result<RequestStatus>, Value,
                  Settings, Work, SessionLimits, ToolRule, ToolPolicy, EnvironmentVariable,
                  SessionSpec, SessionSignals, RequestOption, NewRequest, RequestStatus, StepRecord,
                  StepReport, Progress, Outcome, ResourceUse, Result<Outcome>,
                  Result<std::optional<Outcome>>, Probe, Result<Probe>, Result<bool>, LostSession,
                  RuntimeSetup, Runtime, DurableRuntime, Finding, Result<std::vector<Finding>>,
                  RuntimeDiagnosis, PolicyEnforcer, Result<std::vector<std::string>>,
                  SessionContext>();

inline constexpr std::uint64_t store_layout =
    layout::stamp<Error, Result<void>, Result<std::uint64_t>, Value, Settings, TaskSummary,
                  Progress, Dependency, OpenRequest, LeaseHolder, LeaseStatus, WatchTarget, NewTask,
                  CreatedTask, StoredTask, EventRecords, ListedTask, TaskFilter, ListPage,
                  CountGroup, Finding, StoreSetup, Store, StoreHost, Lease, Watch>();

/// What the symbol `loong_runtime_v1` names. Frozen: fields are only ever added at the end.
struct RuntimeDescriptor {
    std::size_t size = sizeof(RuntimeDescriptor);
    std::uint32_t interface_number = runtime_interface_number;
    std::uint64_t layout = runtime_layout;
    const char* built_with = header_version;
    const char* id = nullptr;
    const char* version = nullptr;
    /// A new object, or null with `error` filled in.
    Runtime* (*create)(const RuntimeSetup& setup, Error& error) noexcept = nullptr;
    void (*destroy)(Runtime* runtime) noexcept = nullptr;
};

/// What the symbol `loong_store_v1` names. Frozen: fields are only ever added at the end.
struct StoreDescriptor {
    std::size_t size = sizeof(StoreDescriptor);
    std::uint32_t interface_number = store_interface_number;
    std::uint64_t layout = store_layout;
    const char* built_with = header_version;
    const char* id = nullptr;
    const char* version = nullptr;
    /// A new object, or null with `error` filled in.
    Store* (*create)(const StoreSetup& setup, Error& error) noexcept = nullptr;
    void (*destroy)(Store* store) noexcept = nullptr;
};

namespace plugin {

/// Makes a `Made` as a `Base`. `Made` has either a static function
/// `Result<std::unique_ptr<Base>> make(const Setup&)` or a constructor that takes the setup.
template <typename Made, typename Base, typename Setup>
Base* create(const Setup& setup, Error& error) noexcept {
    try {
        if constexpr (requires { Made::make(setup); }) {
            Result<std::unique_ptr<Base>> made = Made::make(setup);
            if (made) return std::move(made).value().release();
            error = std::move(made).error();
            return nullptr;
        } else {
            return std::make_unique<Made>(setup).release();
        }
    } catch (const std::exception& caught) {
        try {
            error = {ErrorCode::plugin_fault, std::string("create threw: ") + caught.what(), {}};
        } catch (...) {
            error.code = ErrorCode::plugin_fault;
        }
    } catch (...) {
        error.code = ErrorCode::plugin_fault;
    }
    return nullptr;
}

template <typename Base>
void destroy(Base* object) noexcept {
    const std::unique_ptr<Base> owned(object);
}

} // namespace plugin
} // namespace loong

// The symbol is data with C linkage and default visibility: the only thing a plugin exports.
#define LOONG_PLUGIN_SYMBOL_(kind) extern "C" __attribute__((visibility("default"))) const kind

#define LOONG_RUNTIME_PLUGIN(Class, plugin_id, plugin_version)                                     \
    LOONG_PLUGIN_SYMBOL_(loong::RuntimeDescriptor) loong_runtime_v1;                               \
    const loong::RuntimeDescriptor loong_runtime_v1 = {                                            \
        .id = (plugin_id),                                                                         \
        .version = (plugin_version),                                                               \
        .create = &loong::plugin::create<Class, loong::Runtime, loong::RuntimeSetup>,              \
        .destroy = &loong::plugin::destroy<loong::Runtime>,                                        \
    };

#define LOONG_STORE_PLUGIN(Class, plugin_id, plugin_version)                                       \
    LOONG_PLUGIN_SYMBOL_(loong::StoreDescriptor) loong_store_v1;                                   \
    const loong::StoreDescriptor loong_store_v1 = {                                                \
        .id = (plugin_id),                                                                         \
        .version = (plugin_version),                                                               \
        .create = &loong::plugin::create<Class, loong::Store, loong::StoreSetup>,                  \
        .destroy = &loong::plugin::destroy<loong::Store>,                                          \
    };
