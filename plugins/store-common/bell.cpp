#include "bell.hpp"

#include "errors.hpp"
#include "file_lock.hpp"

#include <fcntl.h>

namespace loong::store_common {

Result<Bell> Bell::hold(const Root& root, const std::string& name) {
    Descriptor file;
    int failed = open_or_create(root.files(), root.root(), name, O_RDWR | O_NONBLOCK, file);
    // Shared among all who change something. After a death the kernel tells of the closing before
    // it drops the locks; a listener sees by this one that it has to wait for that.
    if (failed == 0) failed = try_lock(file.get(), LockKind::shared, {0, 1});
    if (failed != 0) return io_error("open", root.path() + "/" + name, failed);
    return Bell(std::move(file));
}

Bell::~Bell() {
    if (file_.is_open()) unlock(file_.get(), {0, 0});
}

} // namespace loong::store_common
