#pragma once
/// Every change that the store makes to the file system, and how it reads files.
///
/// All changes go through one object, so that a test can count them, let the nth fail, or keep a
/// model of what a loss of power would leave. Functions return 0 or an error number: the caller
/// knows what it was doing and to which file, and says so. Nothing follows a symbolic link.

#include "descriptor.hpp"

#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>

namespace loong::store_common {

class FileSystem {
public:
    FileSystem() = default;
    FileSystem(const FileSystem&) = delete;
    FileSystem& operator=(const FileSystem&) = delete;
    virtual ~FileSystem() = default;

    /// The one that changes the real file system.
    static FileSystem& real();

    /// A new directory with mode 0700. EEXIST where the name is taken.
    virtual int make_directory(int directory, const std::string& name);
    /// A new empty file with mode 0600, open for reading and writing. EEXIST where it is there.
    virtual int create_file(int directory, const std::string& name, Descriptor& file);
    /// Writes all of `text` at `offset`.
    virtual int write_at(int file, std::string_view text, off_t offset);
    virtual int truncate(int file, off_t size);
    /// Makes the content of a file durable, its length included.
    virtual int sync_file(int file);
    /// Makes the names in a directory durable.
    virtual int sync_directory(int directory);
    /// Makes everything durable that lies on the file system of `file`.
    virtual int sync_all(int file);
    /// Starts writing a file's content out without waiting, so that the syncs that follow share
    /// their work. Never fails; it is only a hint.
    virtual void start_writing(int file);
    /// EEXIST where the new name is taken.
    virtual int rename(int directory, const std::string& from, const std::string& to);
    /// Takes the new name in one step, whether it was taken or not.
    virtual int replace(int directory, const std::string& from, const std::string& to);
    virtual int remove_file(int directory, const std::string& name);
    virtual int remove_directory(int directory, const std::string& name);
    virtual int change_mode(int directory, const std::string& name, mode_t mode);
};

/// Opens a file below `directory` without following any symbolic link and without leaving it.
/// `flags` as for open(2); O_CLOEXEC is added.
[[nodiscard]] int open_below(int directory, const std::string& path, int flags, Descriptor& file);

/// Opens a file, making an empty one with mode 0600 where there is none.
[[nodiscard]] int open_or_create(FileSystem& files, int directory, const std::string& name,
                                 int flags, Descriptor& file);

/// Up to `size` bytes from `offset`; fewer where the file ends before.
[[nodiscard]] int read_at(int file, off_t offset, std::size_t size, std::string& text);

/// The whole of a file below `directory`.
[[nodiscard]] int read_file(int directory, const std::string& path, std::string& text);

/// Whether a name is there; a link counts as what it is.
[[nodiscard]] bool exists(int directory, const std::string& path);

/// Removes what lies at `name`, all of it if it is a directory. Links are removed, not followed.
/// What is gone already is no error.
[[nodiscard]] int remove_tree(FileSystem& files, int directory, const std::string& name);

/// The names in a directory, without `.` and `..`, in no order.
template <typename Function>
[[nodiscard]] int for_each_name(int directory, Function&& function);

namespace detail {
[[nodiscard]] int list_names(int directory, void* context,
                             bool (*each)(void* context, const char* name));
} // namespace detail

template <typename Function>
int for_each_name(int directory, Function&& function) {
    return detail::list_names(directory, &function, [](void* context, const char* name) {
        return static_cast<bool>((*static_cast<std::remove_reference_t<Function>*>(context))(name));
    });
}

} // namespace loong::store_common
