#pragma once
/// SQLite's own changes to files, as LosingFiles sees them; and a way to let them fail.
///
/// Stands before SQLite's layer for this system as the default one, for as long as it lives. Only
/// files below the root are remembered.

#include "losing_files.hpp"

#include <sqlite3.h>

#include <functional>
#include <string>

namespace loong::store_common {

class LosingVfs {
public:
    explicit LosingVfs(LosingFiles& files);
    LosingVfs(const LosingVfs&) = delete;
    LosingVfs& operator=(const LosingVfs&) = delete;
    ~LosingVfs();

    enum class Change { write, truncate, sync, remove };
    /// Asked before each change of a file below the root: SQLITE_OK, or the code to fail with.
    std::function<int(Change change, const std::string& path)> failure;
    /// Reports syncs as done without doing them.
    bool forgets_syncs = false;

private:
    struct File;
    struct Methods;
    friend struct Methods;

    LosingFiles* files_;
    sqlite3_vfs* real_;
    sqlite3_vfs own_;
};

} // namespace loong::store_common
