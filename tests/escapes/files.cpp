#include "escape.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loong::escapes {

namespace {

int close_after_writing(int file) {
    if (file < 0) return errno;
    const int error = write(file, "escaped", 7) == 7 ? 0 : errno;
    close(file);
    return error;
}

int result_of(int returned) { return returned == 0 ? 0 : errno; }

/// In a child; its result.
template <typename Call>
int in_a_child(Call call) {
    const pid_t child = fork();
    if (child < 0) return errno;
    if (child == 0) _exit(call());
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

int by_name(const std::string& file) { return write_into(file); }

int by_symbolic_link(const std::string& file) {
    unlink("link");
    if (symlink(file.c_str(), "link") != 0) return errno;
    return write_into("link");
}

int by_hard_link(const std::string& file) {
    unlink("hard");
    if (link(file.c_str(), "hard") != 0) return errno;
    return write_into("hard");
}

int by_proc_self_fd(const std::string& file) {
    const int only_path = open(file.c_str(), O_PATH);
    if (only_path < 0) return errno;
    return write_into("/proc/self/fd/" + std::to_string(only_path));
}

int by_proc_self_root(const std::string& file) { return write_into("/proc/self/root" + file); }

int by_rename_out(const std::string& file) {
    const int made = close_after_writing(open("moved", O_WRONLY | O_CREAT, 0600));
    if (made != 0) return made;
    return result_of(rename("moved", file.c_str()));
}

int by_rename_in(const std::string& file) { return result_of(rename(file.c_str(), "stolen")); }

int by_removing(const std::string& file) { return result_of(unlink(file.c_str())); }

int by_new_file(const std::string& file) {
    return close_after_writing(open((file + ".new").c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600));
}

int by_new_directory(const std::string& file) {
    return result_of(mkdir((file + ".d").c_str(), 0700));
}

int by_new_symlink(const std::string& file) {
    return result_of(symlink("/", (file + ".l").c_str()));
}

int by_truncate(const std::string& file) { return result_of(truncate(file.c_str(), 0)); }

int by_open_truncate(const std::string& file) {
    const int opened = open(file.c_str(), O_RDONLY | O_TRUNC);
    if (opened < 0) return errno;
    close(opened);
    return 0;
}

int by_grandchild(const std::string& file) {
    return in_a_child([&] { return in_a_child([&] { return write_into(file); }); });
}

int by_setsid(const std::string& file) {
    return in_a_child([&] { return setsid() < 0 ? errno : write_into(file); });
}

int by_other_program(const std::string& file) {
    return in_a_child([&] {
        execl("/bin/sh", "sh", "-c", "echo escaped >> \"$1\" || exit 13", "sh", file.c_str(),
              static_cast<char*>(nullptr));
        return errno;
    });
}

int by_reading(const std::string& file) {
    const int opened = open(file.c_str(), O_RDONLY);
    if (opened < 0) return errno;
    close(opened);
    return 0;
}

int by_listing(const std::string& directory) {
    const int opened = open(directory.c_str(), O_RDONLY | O_DIRECTORY);
    if (opened < 0) return errno;
    close(opened);
    return 0;
}

} // namespace

int write_into(const std::string& path) {
    return close_after_writing(open(path.c_str(), O_WRONLY | O_APPEND));
}

std::vector<Escape> file_escapes() {
    return {{"write", by_name},
            {"symbolic-link", by_symbolic_link},
            {"hard-link", by_hard_link},
            {"proc-self-fd", by_proc_self_fd},
            {"proc-self-root", by_proc_self_root},
            {"rename-out", by_rename_out},
            {"rename-in", by_rename_in},
            {"remove", by_removing},
            {"new-file", by_new_file},
            {"new-directory", by_new_directory},
            {"new-symbolic-link", by_new_symlink},
            {"truncate", by_truncate},
            {"open-truncate", by_open_truncate},
            {"grandchild", by_grandchild},
            {"setsid", by_setsid},
            {"other-program", by_other_program},
            {"read", by_reading},
            {"list", by_listing}};
}

} // namespace loong::escapes
