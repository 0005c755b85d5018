#pragma once
/// Reading the directory of one task. Readers never wait, and see what is durable only.
///
/// How a reader knows what is durable: who appends holds a lock on `events.yaml` that begins where
/// the durable part ends, and lets go of it once the rest is durable or cut off again. A reader
/// asks where the lock of somebody else begins and takes nothing from there on.

#include "common.hpp"
#include "descriptor.hpp"
#include "loong/error.hpp"
#include "loong/store.hpp"
#include "root.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong::store_files {

/// Who changes a task holds this byte of `events.yaml`, far beyond its content.
inline constexpr off_t writer_byte = off_t{1} << 62;

/// What tells whether `events.yaml` is still the file that something was derived from.
struct FileStamp {
    std::int64_t size = 0;
    std::int64_t changed_ns = 0;
    std::uint64_t inode = 0;

    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

[[nodiscard]] FileStamp stamp_of(const struct stat& about);
[[nodiscard]] std::string to_text(const FileStamp& stamp);

/// Everything that a task's summary is made from.
struct TaskText {
    std::string document;
    std::vector<std::string> records;
    FileStamp stamp;
    /// Somebody is changing the task; what they do is not in here yet.
    bool in_use = false;
};

/// How a task directory is found by somebody who wants to know whether its writer still lives.
enum class TaskPresence { absent, being_made, in_use, at_rest };

class TaskFiles {
public:
    explicit TaskFiles(const Root& root) : root_(&root) {}

    [[nodiscard]] Result<TaskText> read(std::string_view task_id) const;
    [[nodiscard]] Result<EventRecords> read_events(std::string_view task_id, std::uint64_t after_id,
                                                   std::size_t limit);
    [[nodiscard]] Result<std::uint64_t> revision(std::string_view task_id) const;

    /// Absent where the task is not there.
    [[nodiscard]] std::optional<FileStamp> stamp(std::string_view task_id) const;
    [[nodiscard]] TaskPresence presence(std::string_view task_id) const;
    /// Makes durable what a writer that died may have left unsynced.
    [[nodiscard]] int sync_events(std::string_view task_id) const;

    [[nodiscard]] Result<std::optional<std::string>> secrets(std::string_view task_id) const;
    [[nodiscard]] Result<void> write_secrets(std::string_view task_id,
                                             std::string_view secrets) const;
    [[nodiscard]] Result<void> erase_secrets(std::string_view task_id) const;
    [[nodiscard]] Result<std::string> directory(std::string_view task_id) const;

    [[nodiscard]] std::string path(std::string_view task_id, std::string_view name) const;
    /// Why something of a task could not be opened.
    [[nodiscard]] Error not_readable(std::string_view task_id, int error_number) const;

private:
    /// Where a reader of increasing event ids left off, so that following a long task does not
    /// read it from the beginning each time.
    struct Bookmark {
        std::string task_id;
        std::uint64_t inode = 0;
        std::uint64_t last_id = 0;
        off_t offset = 0;
    };

    [[nodiscard]] Result<Descriptor> open_events(std::string_view task_id) const;

    const Root* root_;
    Bookmark bookmark_;
};

/// The part of an open `events.yaml` from `offset` on that is durable.
struct DurableText {
    int error_number = 0;
    std::string text;
    struct stat about {};
    bool in_use = false;
    /// The task is being created: nothing of it is there yet.
    bool unborn = false;
};
[[nodiscard]] DurableText read_durable(int file, off_t offset);

/// As read_durable, for the last `size` bytes or more.
[[nodiscard]] DurableText read_durable_tail(int file, off_t size, off_t& offset);

} // namespace loong::store_files
