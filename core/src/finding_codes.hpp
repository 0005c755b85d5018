#pragma once
/// The codes of the findings that core makes; stores and runtimes have their own besides.
///
/// Names are public. The README's table says what each means to an operator, and a test holds the
/// two, and the tests that provoke each of them, against this list.

namespace loong::finding_code {

// ---- configuration and places -----------------------------------------------------------------

/// It cannot be read, or says something that it may not.
inline constexpr const char* config_invalid = "config_invalid";
/// Others may write to it, so it is not read.
inline constexpr const char* config_permissions = "config_permissions";
/// Others may write to the state directory, or it belongs to somebody else.
inline constexpr const char* state_permissions = "state_permissions";

// ---- plugins ----------------------------------------------------------------------------------

inline constexpr const char* plugin_path_missing = "plugin_path_missing";
/// Others may write there, so no plugin from there is loaded.
inline constexpr const char* plugin_path_permissions = "plugin_path_permissions";
/// A configured plugin is not there.
inline constexpr const char* plugin_missing = "plugin_missing";
/// It does not fit this loong, or others may write to it.
inline constexpr const char* plugin_refused = "plugin_refused";
/// It was loaded, and says that it cannot work; or it broke the interface.
inline constexpr const char* plugin_fails = "plugin_fails";

// ---- installation and machine -----------------------------------------------------------------

inline constexpr const char* keeper_missing = "keeper_missing";
inline constexpr const char* worker_missing = "worker_missing";
/// The notify command of the configuration cannot be run here.
inline constexpr const char* notifier_missing = "notifier_missing";
inline constexpr const char* few_file_watches = "few_file_watches";
inline constexpr const char* control_group = "control_group";

// ---- the store as a whole ---------------------------------------------------------------------

inline constexpr const char* store_newer = "store_newer";
inline constexpr const char* store_damaged = "store_damaged";
/// On a network file system, or made on another machine.
inline constexpr const char* store_elsewhere = "store_elsewhere";
/// It could not be opened or looked through for another reason.
inline constexpr const char* store_unusable = "store_unusable";

// ---- tasks ------------------------------------------------------------------------------------

/// A running session whose lease is free.
inline constexpr const char* carrier_lost = "carrier_lost";
/// Whether a carrier lives cannot be told.
inline constexpr const char* carrier_unknown = "carrier_unknown";
inline constexpr const char* queue_unserved = "queue_unserved";
inline constexpr const char* task_overdue = "task_overdue";
/// The store lists it with an error, and has no finding of its own about it.
inline constexpr const char* task_unreadable = "task_unreadable";
/// The plugin of a task that has not ended is not there or does not fit.
inline constexpr const char* task_plugin = "task_plugin";
inline constexpr const char* secrets_left = "secrets_left";
inline constexpr const char* request_without_session = "request_without_session";
inline constexpr const char* stray_session = "stray_session";
/// What the operator was to be told was given up, or nobody tells it.
inline constexpr const char* notification_undelivered = "notification_undelivered";

} // namespace loong::finding_code
