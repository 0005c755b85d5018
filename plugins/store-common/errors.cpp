#include "errors.hpp"

#include <cerrno>
#include <system_error>

namespace loong::store_common {

namespace {

std::string hint_for(int error_number) {
    switch (error_number) {
    case ENOSPC: return "make room on that file system, then try again";
    case EDQUOT: return "the disk quota is used up; make room, then try again";
    case EROFS: return "that file system is mounted read-only";
    case EACCES:
    case EPERM: return "the state directory and all in it has to belong to you";
    case EMFILE: return "too many files are open in this process; raise `ulimit -n`";
    case ENFILE: return "too many files are open on this machine";
    case ELOOP: return "symbolic links inside the state directory are not followed; remove it";
    case EIO: return "the disk reports errors; look into the kernel's log";
    default: return {};
    }
}

} // namespace

std::string system_words(int error_number) { return std::system_category().message(error_number); }

Error io_error(std::string_view action, std::string_view path, int error_number) {
    std::string message(action);
    message.append(" ").append(path).append(": ").append(system_words(error_number));
    return {ErrorCode::store_io, std::move(message), hint_for(error_number)};
}

Error corrupt(std::string_view path, std::string_view why) {
    std::string message(path);
    message.append(" is damaged: ").append(why);
    return {ErrorCode::store_corrupt, std::move(message),
            "run `loong doctor` to see what can be done"};
}

Error task_not_found(std::string_view task_id) {
    return {ErrorCode::task_not_found, "task " + std::string(task_id) + ": there is no such task",
            "`loong tasks list --all-sessions --include-archived` lists all tasks"};
}

} // namespace loong::store_common
