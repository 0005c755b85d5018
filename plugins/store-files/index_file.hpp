#pragma once
/// The file of the index: opened late, checked, and made anew where it is of no use.
///
/// Everything in it is derived from the task directories, so a file that is missing, damaged or of
/// another format is simply replaced. Every use holds a shared lock (byte 0 of `index.lock`), and
/// replacing holds it alone: nobody is ever at work in a file that has lost its name.

#include "common.hpp"
#include "database.hpp"
#include "descriptor.hpp"
#include "loong/error.hpp"
#include "root.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace loong::store_files {

class IndexFile {
public:
    explicit IndexFile(const Root& root) : root_(&root) {}

    /// The open database, with the shared lock held until end(). A failure of the database itself
    /// is kept in it; an error here is one of the lock or of making the file.
    Result<Database*> begin();
    void end();

    /// Puts a new, empty index in the place of what is there. Not between begin() and end().
    Result<void> replace();

    /// All tasks are in the index, and it was looked through since the machine was started.
    [[nodiscard]] bool is_complete();
    void set_complete();
    /// It was complete before the machine was started anew.
    [[nodiscard]] bool is_from_earlier_boot();

    /// Held by the one who completes the index, beside the shared lock. EAGAIN after `limit`.
    int lock_completion(Milliseconds limit);
    void unlock_completion();

    [[nodiscard]] std::string path() const;
    /// What a failure of the database means for whoever called.
    [[nodiscard]] Error as_error(const Database& database) const;

private:
    Result<void> open_lock();
    Result<void> make();
    void open_database();
    [[nodiscard]] bool is_current() const;
    std::string meta(std::string_view key);

    const Root* root_;
    std::unique_ptr<Database> database_;
    Descriptor lock_;
    std::uint64_t inode_ = 0;
    bool complete_ = false;
};

} // namespace loong::store_files
