#include "index_file.hpp"

#include "errors.hpp"
#include "file_lock.hpp"
#include "index_rows.hpp"
#include "loong/ids.hpp"
#include "text.hpp"

#include <cerrno>
#include <fcntl.h>

namespace loong::store_files {

namespace {

constexpr const char* index_name = "index.sqlite";
constexpr const char* index_format = "3";
constexpr LockRange use_byte{0, 1};
constexpr LockRange completion_byte{1, 1};

/// `pending` names the tasks that somebody is changing.
constexpr const char* own_tables = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE pending(mark INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE);
)sql";

} // namespace

std::string IndexFile::path() const { return root_->path() + "/" + index_name; }

Error IndexFile::as_error(const Database& database) const {
    const std::string message = "index " + path() + ": " + database.failure_text();
    switch (database.failure() & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {ErrorCode::store_busy, message, "try again"};
    case SQLITE_FULL:
        return {ErrorCode::store_io, message, "make room on that file system, then try again"};
    default: return {ErrorCode::store_io, message, {}};
    }
}

Result<void> IndexFile::open_lock() {
    if (lock_.is_open()) return {};
    const int failed = open_or_create(root_->files(), root_->root(), "index.lock", O_RDWR, lock_);
    if (failed != 0) return io_error("open", root_->path() + "/index.lock", failed);
    return {};
}

bool IndexFile::is_current() const {
    struct stat about {};
    return database_ != nullptr &&
           ::fstatat(root_->root(), index_name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
           about.st_ino == inode_;
}

Result<Database*> IndexFile::begin() {
    if (auto opened = open_lock(); !opened) return std::move(opened).error();
    for (int round = 0; round < 10; ++round) {
        const int failed = wait_lock(lock_.get(), LockKind::shared, use_byte, lock_limit);
        if (failed == EAGAIN)
            return Error{ErrorCode::store_busy, "index " + path() + ": it is being replaced", {}};
        if (failed != 0) return io_error("lock", root_->path() + "/index.lock", failed);
        if (is_current()) return database_.get();
        struct stat about {};
        if (::fstatat(root_->root(), index_name, &about, AT_SYMLINK_NOFOLLOW) == 0) {
            if (!S_ISREG(about.st_mode)) {
                end();
                return corrupt(path(), "it is not a file; remove it, it is then made anew");
            }
            inode_ = about.st_ino;
            open_database();
            return database_.get();
        }
        end();
        if (auto made = replace(); !made) return std::move(made).error();
    }
    return Error{ErrorCode::store_busy, "index " + path() + ": others replace it all the time", {}};
}

void IndexFile::end() { unlock(lock_.get(), use_byte); }

void IndexFile::open_database() {
    complete_ = false;
    database_ = std::make_unique<Database>();
    database_->open(path());
    // The index can be lost at any time, so nothing in it is worth waiting for the disk.
    database_->run("PRAGMA synchronous=OFF");
    if (meta("format") != index_format) database_->report_damage("it is of another format");
}

std::string IndexFile::meta(std::string_view key) {
    Statement statement = database_->prepare("SELECT value FROM meta WHERE key = ?");
    statement.bind(key);
    return statement.step() ? std::string(statement.text(0)) : std::string();
}

Result<void> IndexFile::replace() {
    if (auto opened = open_lock(); !opened) return opened;
    database_.reset();
    const int failed = wait_lock(lock_.get(), LockKind::exclusive, use_byte, lock_limit);
    if (failed == EAGAIN)
        return Error{ErrorCode::store_busy, "index " + path() + ": it is in use all the time", {}};
    if (failed != 0) return io_error("lock", root_->path() + "/index.lock", failed);
    // Another process may have been faster, and what it made is fine.
    struct stat about {};
    if (::fstatat(root_->root(), index_name, &about, AT_SYMLINK_NOFOLLOW) == 0) {
        const bool seen = about.st_ino == inode_;
        inode_ = about.st_ino;
        bool usable = false;
        if (!seen && S_ISREG(about.st_mode)) {
            open_database();
            usable = database_->failure() == SQLITE_OK;
            database_.reset();
        }
        if (usable) {
            end();
            return {};
        }
    }
    auto made = make();
    end();
    return made;
}

Result<void> IndexFile::make() {
    FileSystem& files = root_->files();
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        const std::string name = std::string(index_name) + suffix;
        const int failed = files.remove_file(root_->root(), name);
        if (failed != 0 && failed != ENOENT)
            return io_error("remove", root_->path() + "/" + name, failed);
    }
    Descriptor file;
    const int failed = files.create_file(root_->root(), index_name, file);
    if (failed != 0) return io_error("make", path(), failed);
    file.close();
    bool has_tasks = false;
    static_cast<void>(for_each_name(root_->tasks(), [&](const char* name) {
        has_tasks = is_task_id(name);
        return !has_tasks;
    }));
    Database database;
    database.open(path());
    database.run("PRAGMA journal_mode=WAL");
    database.run("PRAGMA synchronous=OFF");
    Transaction transaction(database, Transaction::Kind::write);
    database.run(selection_tables);
    database.run(own_tables);
    const std::string boot = has_tasks ? std::string("none") : boot_id();
    database.prepare("INSERT INTO meta VALUES('format', ?)")
        .bind(std::string_view(index_format))
        .run();
    database.prepare("INSERT INTO meta VALUES('complete_in_boot', ?)")
        .bind(std::string_view(boot))
        .run();
    transaction.commit();
    inode_ = 0;
    if (database.failure() != SQLITE_OK) return as_error(database);
    return {};
}

bool IndexFile::is_complete() {
    if (!complete_) complete_ = meta("complete_in_boot") == boot_id();
    return complete_;
}

bool IndexFile::is_from_earlier_boot() { return meta("complete_in_boot") != "none"; }

void IndexFile::set_complete() {
    const std::string boot = boot_id();
    database_->prepare("UPDATE meta SET value = ? WHERE key = 'complete_in_boot'")
        .bind(std::string_view(boot))
        .run();
}

int IndexFile::lock_completion(Milliseconds limit) {
    return wait_lock(lock_.get(), LockKind::exclusive, completion_byte, limit);
}

void IndexFile::unlock_completion() { unlock(lock_.get(), completion_byte); }

} // namespace loong::store_files
