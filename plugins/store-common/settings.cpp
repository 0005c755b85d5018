#include "settings.hpp"

namespace loong::store_common {

namespace {

Error refused(const Settings& settings, const Value& at, const std::string& why,
              const std::string& hint) {
    std::string message = settings.file.empty() ? "store" : settings.file;
    if (at.place().line != 0) message += ":" + std::to_string(at.place().line);
    return {ErrorCode::invalid_config, message + ": " + why, hint};
}

} // namespace

Result<StoreSettings> read_settings(const StoreSetup& setup, const std::string& plugin) {
    StoreSettings read{setup.state_directory};
    const Value::Object* members = setup.settings.values.as_object();
    if (members == nullptr) {
        if (!setup.settings.values.is_null())
            return refused(setup.settings, setup.settings.values, "store: has to be a mapping", {});
    } else {
        for (const auto& [key, value] : *members) {
            if (key != "root") {
                return refused(
                    setup.settings, value,
                    std::string("store: unknown key '").append(key).append("' for ").append(plugin),
                    "did you mean 'root'? It is the only key");
            }
            const std::string* root = value.as_string();
            if (root == nullptr || !root->starts_with('/')) {
                return refused(setup.settings, value,
                               "store.root: has to be the absolute path of a directory", {});
            }
            read.root = *root;
        }
    }
    while (read.root.size() > 1 && read.root.ends_with('/')) read.root.pop_back();
    if (!read.root.starts_with('/')) {
        return Error{ErrorCode::invalid_argument,
                     "state directory " + read.root + ": the path is not absolute",
                     {}};
    }
    return read;
}

} // namespace loong::store_common
