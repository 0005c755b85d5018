#include "session_files.hpp"

#include "descriptor.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace loong::session_files {

namespace {

constexpr const char* handle_name = "/loong-handle";
constexpr const char* log_name = "/loong-log";

Error session_file_failed(const std::string& path, const char* what) {
    return {ErrorCode::store_io, path + ": " + what + ": " + std::strerror(errno),
            "check the file system that holds the state directory"};
}

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

} // namespace

Result<void> save_handle(const std::string& directory, std::string_view handle) {
    const std::string path = directory + handle_name;
    const std::string fresh = path + ".new";
    const Descriptor file(
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return session_file_failed(fresh, "cannot be made");
    if (!write_all(file.get(), handle)) return session_file_failed(fresh, "cannot be written");
    if (::fdatasync(file.get()) != 0) return session_file_failed(fresh, "cannot be synced");
    if (::rename(fresh.c_str(), path.c_str()) != 0)
        return session_file_failed(path, "cannot be replaced");
    const Descriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0)
        return session_file_failed(directory, "cannot be synced");
    return {};
}

Result<std::string> load_handle(const std::string& directory, const std::string& recorded) {
    const std::string path = directory + handle_name;
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file && errno == ENOENT) return recorded;
    if (!file) return session_file_failed(path, "cannot be opened");
    std::string handle;
    std::array<char, 4096> buffer{};
    while (true) {
        const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return session_file_failed(path, "cannot be read");
        if (count == 0) return handle;
        handle.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

void append_log(const std::string& directory, std::string_view line) noexcept {
    try {
        const std::string path = directory + log_name;
        const Descriptor file(
            ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (file) static_cast<void>(write_all(file.get(), std::string(line) + '\n'));
    } catch (...) {
        return;
    }
}

} // namespace loong::session_files
