#pragma once
/// A task on the disk as store-files makes one, with its calls, in their order, and nothing more.

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace bare {

[[noreturn]] inline void fail(const char* what) {
    std::perror(what);
    std::_Exit(1);
}

inline int checked(int result, const char* what) {
    if (result < 0) fail(what);
    return result;
}

inline void write_all(int file, const std::string& content) {
    if (::write(file, content.data(), content.size()) != static_cast<ssize_t>(content.size()))
        fail("write");
}

inline int open_directory(int above, const char* name) {
    return checked(::openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), name);
}

inline int make_file(int directory, const char* name, const std::string& content) {
    constexpr int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
    const int file = checked(::openat(directory, name, flags, 0600), name);
    write_all(file, content);
    return file;
}

inline void make_task(int tasks, const std::string& id, const std::string& record,
                      const std::string& events, bool durable) {
    const std::string unfinished = ".new-" + id;
    checked(::mkdirat(tasks, unfinished.c_str(), 0700), "mkdir");
    const int task = open_directory(tasks, unfinished.c_str());
    const int events_file = make_file(task, "events.yaml", events);
    const int record_file = make_file(task, "task.yaml", record);
    if (durable) {
        for (const int file : {record_file, events_file})
            checked(::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE), "start writing");
        checked(::fdatasync(events_file), "sync");
        checked(::fdatasync(record_file), "sync");
        checked(::fsync(task), "sync");
    }
    checked(::renameat(tasks, unfinished.c_str(), tasks, id.c_str()), "rename");
    if (durable) checked(::fsync(tasks), "sync");
    ::close(record_file);
    ::close(events_file);
    ::close(task);
}

} // namespace bare
