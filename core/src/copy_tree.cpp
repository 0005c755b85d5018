#include "copy_tree.hpp"

#include "descriptor.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace loong {

namespace {

/// What a file is called until it is whole.
constexpr const char* unfinished_name = ".loong-copy";

Error copy_failed(const std::string& path, const char* what) {
    return {ErrorCode::store_io, std::string(what) + " " + path + ": " + std::strerror(errno),
            "put right what is said there, then run the copy again; it goes on where it stopped"};
}

class TreeCopy {
public:
    Result<void> copy_directory(const std::string& from, const std::string& to);
    CopiedFiles copied;

private:
    Result<void> copy_entry(int source, const std::string& from, int target, const std::string& to,
                            const std::string& name);
    Result<void> copy_file(int source, const std::string& from, int target, const std::string& to,
                           const std::string& name, const struct stat& about);
    Result<void> copy_link(int source, const std::string& from, int target, const std::string& to,
                           const std::string& name);
    Result<void> copy_content(int from, int to, const std::string& path);
};

std::vector<std::string> names_in(int directory, int& error_number) {
    std::vector<std::string> names;
    const int own = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(own < 0 ? nullptr : ::fdopendir(own),
                                                      &::closedir);
    error_number = listing ? 0 : errno;
    if (!listing && own >= 0) ::close(own);
    while (listing) {
        errno = 0;
        const dirent* entry = ::readdir(listing.get());
        if (entry == nullptr) {
            error_number = errno;
            break;
        }
        const std::string name = entry->d_name;
        if (name != "." && name != ".." && name != unfinished_name) names.push_back(name);
    }
    return names;
}

bool same_file(const struct stat& left, const struct stat& right) {
    return S_ISREG(right.st_mode) && left.st_size == right.st_size &&
           left.st_mode == right.st_mode && left.st_mtim.tv_sec == right.st_mtim.tv_sec &&
           left.st_mtim.tv_nsec == right.st_mtim.tv_nsec;
}

Result<void> TreeCopy::copy_directory(const std::string& from, const std::string& to) {
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
    const Descriptor source(::open(from.c_str(), flags));
    if (!source) return copy_failed(from, "open");
    const Descriptor target(::open(to.c_str(), flags));
    if (!target) return copy_failed(to, "open");
    int error_number = 0;
    const std::vector<std::string> names = names_in(source.get(), error_number);
    errno = error_number;
    if (error_number != 0) return copy_failed(from, "read");
    for (const std::string& name : names) {
        if (auto done = copy_entry(source.get(), from, target.get(), to, name); !done) return done;
    }
    if (::fsync(target.get()) != 0) return copy_failed(to, "sync");
    return {};
}

Result<void> TreeCopy::copy_entry(int source, const std::string& from, int target,
                                  const std::string& to, const std::string& name) {
    struct stat about {};
    if (::fstatat(source, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0)
        return copy_failed(from + "/" + name, "look at");
    if (S_ISREG(about.st_mode)) return copy_file(source, from, target, to, name, about);
    if (S_ISLNK(about.st_mode)) return copy_link(source, from, target, to, name);
    if (!S_ISDIR(about.st_mode)) return {};
    if (::mkdirat(target, name.c_str(), 0700) != 0 && errno != EEXIST)
        return copy_failed(to + "/" + name, "make");
    if (auto done = copy_directory(from + "/" + name, to + "/" + name); !done) return done;
    if (::fchmodat(target, name.c_str(), about.st_mode & 07777, 0) != 0)
        return copy_failed(to + "/" + name, "change the mode of");
    return {};
}

Result<void> TreeCopy::copy_file(int source, const std::string& from, int target,
                                 const std::string& to, const std::string& name,
                                 const struct stat& about) {
    struct stat there {};
    if (::fstatat(target, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        same_file(about, there))
        return {};
    const std::string path = to + "/" + name;
    if (::unlinkat(target, unfinished_name, 0) != 0 && errno != ENOENT)
        return copy_failed(to + "/" + unfinished_name, "remove");
    const Descriptor in(::openat(source, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!in) return copy_failed(from + "/" + name, "open");
    const Descriptor out(::openat(target, unfinished_name,
                                  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!out) return copy_failed(path, "make");
    if (auto done = copy_content(in.get(), out.get(), path); !done) return done;
    const std::array<timespec, 2> times{about.st_atim, about.st_mtim};
    if (::fchmod(out.get(), about.st_mode & 07777) != 0 ||
        ::futimens(out.get(), times.data()) != 0 || ::fsync(out.get()) != 0)
        return copy_failed(path, "write");
    if (::renameat(target, unfinished_name, target, name.c_str()) != 0)
        return copy_failed(path, "make");
    ++copied.files;
    return {};
}

Result<void> TreeCopy::copy_content(int from, int to, const std::string& path) {
    std::vector<char> buffer(std::size_t{1} << 18);
    for (;;) {
        const ssize_t count = ::read(from, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return copy_failed(path, "read what belongs into");
        if (count == 0) return {};
        for (ssize_t done = 0; done < count;) {
            const ssize_t written =
                ::write(to, buffer.data() + done, static_cast<std::size_t>(count - done));
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return copy_failed(path, "write");
            done += written;
        }
        copied.bytes += static_cast<std::uint64_t>(count);
    }
}

Result<void> TreeCopy::copy_link(int source, const std::string& from, int target,
                                 const std::string& to, const std::string& name) {
    std::array<char, 4097> text{};
    const ssize_t size = ::readlinkat(source, name.c_str(), text.data(), text.size() - 1);
    if (size < 0) return copy_failed(from + "/" + name, "read");
    if (::symlinkat(text.data(), target, name.c_str()) == 0) return {};
    if (errno != EEXIST) return copy_failed(to + "/" + name, "make");
    std::array<char, 4097> there{};
    const ssize_t known = ::readlinkat(target, name.c_str(), there.data(), there.size() - 1);
    if (known == size &&
        std::memcmp(text.data(), there.data(), static_cast<std::size_t>(size)) == 0)
        return {};
    errno = EEXIST;
    return copy_failed(to + "/" + name, "make");
}

} // namespace

Result<CopiedFiles> copy_tree(const std::string& from, const std::string& to) {
    TreeCopy copy;
    if (auto done = copy.copy_directory(from, to); !done) return std::move(done).error();
    return copy.copied;
}

} // namespace loong
