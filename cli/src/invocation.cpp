#include "invocation.hpp"

#include "config.hpp"
#include "inside_client.hpp"

namespace loong::cli {

Result<Tasks> Invocation::open(OpenOptions options) const {
    // Narrowed work cannot even read the state; better said so than as an error of the store.
    if (!inside::channel_directory().empty()) return inside::not_inside("loong " + command);
    options.config_file = globals.config_file.value_or("");
    options.session_id = globals.session_id.value_or("");
    options.all_sessions = globals.all_sessions;
    options.on_store_progress = [line = store_progress](const StoreProgress& progress) {
        line->show(progress);
    };
    return Tasks::open(options);
}

Value Invocation::header(const Tasks* tasks) const {
    Value::Array warning_list(warnings.begin(), warnings.end());
    if (const std::string& told = store_progress->warning(); !told.empty()) {
        warning_list.emplace_back(told);
    }
    Value header;
    header.set("schema", 1);
    header.set("command", command);
    const bool has_file = tasks != nullptr && !tasks->config().file.empty();
    header.set("config", has_file ? Value(tasks->config().file) : Value());
    header.set("current_session_id",
               tasks == nullptr ? Value() : Value(tasks->current_session_id()));
    header.set("warnings", std::move(warning_list));
    return header;
}

} // namespace loong::cli
