#include "modes.hpp"

#include "errors.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace loong::store_common {

namespace {

bool is_open_to_others(int directory, const std::string& name) {
    struct stat about {};
    return ::fstatat(directory, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0 &&
           !S_ISLNK(about.st_mode) && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

} // namespace

std::optional<Finding> find_open_modes(int directory, const std::vector<std::string>& names,
                                       const std::string& task_id) {
    std::string open;
    for (const std::string& name : names) {
        if (!is_open_to_others(directory, name)) continue;
        if (!open.empty()) open += ", ";
        open += name == "." ? "the directory itself" : name;
    }
    if (open.empty()) return {};
    return Finding{"permissions",
                   Severity::warning,
                   task_id,
                   "other users may look into " + open,
                   "take all rights of others away",
                   true};
}

Result<void> repair_modes(FileSystem& files, int directory, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        struct stat about {};
        if (::fstatat(directory, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
        const mode_t mode = about.st_mode & 0777;
        if (S_ISLNK(about.st_mode) || (mode & (S_IRWXG | S_IRWXO)) == 0) continue;
        const int failed = files.change_mode(directory, name, mode & mode_t{S_IRWXU});
        if (failed != 0) return io_error("change the mode of", name, failed);
    }
    return {};
}

} // namespace loong::store_common
