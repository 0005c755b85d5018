#include "inside_task.hpp"

#include <cstdlib>

namespace loong::cli {

Result<InsideTask> inside_task(const std::string& verb) {
    const char* task_id = std::getenv("LOONG_TASK_ID");
    const char* session_id = std::getenv("LOONG_TASK_SESSION_ID");
    if (task_id == nullptr || session_id == nullptr) {
        return Error{ErrorCode::invalid_argument,
                     "this is not the inside of a task: LOONG_TASK_ID and "
                     "LOONG_TASK_SESSION_ID are not set",
                     "call `loong tasks " + verb + "` from the work of a task"};
    }
    return InsideTask{task_id, session_id};
}

} // namespace loong::cli
