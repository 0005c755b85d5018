#include "session_directories.hpp"

#include <cerrno>
#include <fcntl.h>

namespace loong::store_common {

namespace {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY;

std::string below_root(std::string_view task_id, std::string_view session_id) {
    return "tasks/" + std::string(task_id) + "/sessions/" + std::string(session_id);
}

} // namespace

std::string SessionDirectories::path(std::string_view task_id, std::string_view session_id) const {
    return root_->path() + "/" + below_root(task_id, session_id);
}

int SessionDirectories::prepare(std::string_view task_id, std::string_view session_id) {
    FileSystem& files = root_->files();
    prepared_.clear();
    unsynced_.clear();
    Descriptor above;
    int failed = open_below(root_->root(), "tasks", directory_flags, above);
    bool makes = makes_tasks_;
    for (const std::string_view name : {task_id, std::string_view("sessions"), session_id}) {
        if (failed == 0 && makes) failed = files.make_directory(above.get(), std::string(name));
        // Whoever made it may have died before it was synced.
        if (failed == EEXIST) failed = 0;
        Descriptor below;
        if (failed == 0)
            failed = open_below(above.get(), std::string(name), directory_flags, below);
        if (failed != 0) return failed;
        if (makes) unsynced_.push_back(std::move(above));
        above = std::move(below);
        makes = true;
    }
    prepared_ = session_id;
    return 0;
}

int SessionDirectories::make(std::string_view task_id, std::string_view session_id) {
    if (prepared_ != session_id) {
        Descriptor made;
        const std::string path = below_root(task_id, session_id);
        if (open_below(root_->root(), path, directory_flags, made) == 0) return 0;
        if (const int failed = prepare(task_id, session_id); failed != 0) return failed;
    }
    // All were made before the first is synced, which then carries the work of the others.
    for (const Descriptor& directory : unsynced_) {
        const int failed = root_->files().sync_directory(directory.get());
        if (failed != 0) return failed;
    }
    prepared_.clear();
    unsynced_.clear();
    return 0;
}

} // namespace loong::store_common
