#include "task_database.hpp"

#include "errors.hpp"
#include "file_lock.hpp"
#include "index_rows.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace loong::store_sqlite {

namespace {

constexpr LockRange use_byte{0, 1};
constexpr LockRange making_byte{1, 1};
constexpr std::int64_t database_format = 1;
constexpr const char* unfinished_name = "tasks.sqlite.new";
constexpr const char* log_name = "tasks.sqlite-wal";
/// For what a reader does in passing.
constexpr Milliseconds short_patience{200};
/// For emptying the log after secrets were erased; readers are done in less.
constexpr Milliseconds emptying_patience{1'000};

/// `records` are the truth; the tables that tasks are selected by say the same once more.
constexpr const char* own_tables = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES('taken_back', 0);
CREATE TABLE documents(task INTEGER PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE records(task INTEGER NOT NULL, id INTEGER NOT NULL, record TEXT NOT NULL,
  PRIMARY KEY(task, id)) WITHOUT ROWID;
CREATE TABLE secrets(task INTEGER PRIMARY KEY, secrets TEXT NOT NULL);
PRAGMA application_id=1819242350;
PRAGMA user_version=1;
)sql";

std::string path_of(const Root& root, const std::string& name) { return root.path() + "/" + name; }

int make_file(const Root& root, std::string& why) {
    FileSystem& files = root.files();
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        const int failed = files.remove_file(root.root(), std::string(unfinished_name) + suffix);
        if (failed != 0 && failed != ENOENT) return failed;
    }
    Descriptor file;
    int failed = files.create_file(root.root(), unfinished_name, file);
    if (failed != 0) return failed;
    // SQLite has to open it first: closing another descriptor would drop the locks that it takes.
    file.close();
    {
        Database database;
        database.open(path_of(root, unfinished_name));
        database.run("PRAGMA synchronous=FULL");
        {
            Transaction transaction(database, Transaction::Kind::write);
            database.run(selection_tables);
            database.run(own_tables);
            transaction.commit();
        }
        // Not before, so that all of it lies in the file itself: closing does not tell where moving
        // it there from a log has failed.
        {
            Statement mode = database.prepare("PRAGMA journal_mode=WAL");
            if (mode.step() && mode.text(0) != "wal") database.report_io("it has no log");
        }
        if (database.failure() != SQLITE_OK) {
            why = database.failure_text();
            return database.system_error() != 0 ? database.system_error() : EIO;
        }
    }
    for (const char* suffix : {"-wal", "-journal"}) {
        struct stat about {};
        const std::string name = std::string(unfinished_name) + suffix;
        if (::fstatat(root.root(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (about.st_size == 0)
            failed = files.remove_file(root.root(), name);
        else
            failed = EIO;
        if (failed != 0) return failed;
    }
    failed = open_below(root.root(), unfinished_name, O_RDWR | O_NONBLOCK, file);
    if (failed == 0) failed = files.sync_file(file.get());
    if (failed == 0) failed = files.replace(root.root(), unfinished_name, database_name);
    return failed != 0 ? failed : files.sync_directory(root.root());
}

Result<void> make_database(const Root& root) {
    Descriptor lock;
    int failed = open_or_create(root.files(), root.root(), lock_name, O_RDWR, lock);
    if (failed == 0) failed = wait_lock(lock.get(), LockKind::exclusive, making_byte, lock_limit);
    if (failed != 0) return io_error("lock", path_of(root, lock_name), failed);
    if (exists(root.root(), database_name)) return {};
    std::string why;
    failed = make_file(root, why);
    if (failed == 0) return {};
    Error error = io_error("make", path_of(root, database_name), failed);
    if (!why.empty()) error.message += " (" + why + ")";
    return error;
}

Error damaged(const std::string& path, const std::string& why) {
    return {ErrorCode::store_corrupt, path + " is damaged: " + why,
            "put it back from a copy, together with its -wal file if there is one; or save what "
            "can be read: `sqlite3 " +
                path + " .recover`"};
}

} // namespace

const RootKind& root_kind() {
    static const RootKind kind{"store-sqlite", 1, lock_name, &make_database};
    return kind;
}

std::string TaskDatabase::path() const { return path_of(*root_, database_name); }

Error TaskDatabase::as_error() const {
    const Database& database = *database_;
    switch (database.failure() & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return {ErrorCode::store_busy,
                path() + ": another process is changing it and does not come to an end",
                "try again"};
    case SQLITE_FULL: return io_error("write", path(), ENOSPC);
    default: break;
    }
    if (database.is_damaged()) return damaged(path(), database.failure_text());
    if (database.system_error() == 0)
        return {ErrorCode::store_io, "use " + path() + ": " + database.failure_text(), {}};
    Error error = io_error("use", path(), database.system_error());
    error.message += " (" + database.failure_text() + ")";
    return error;
}

bool TaskDatabase::is_current() const {
    struct stat about {};
    return database_ != nullptr &&
           ::fstatat(root_->root(), database_name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
           about.st_ino == inode_;
}

Result<void> TaskDatabase::open() {
    database_.reset();
    lock_.close();
    int failed = open_or_create(root_->files(), root_->root(), lock_name, O_RDWR, lock_);
    if (failed != 0) return io_error("open", path_of(*root_, lock_name), failed);
    const bool first = try_lock(lock_.get(), LockKind::exclusive, use_byte) == 0;
    if (!first) failed = wait_lock(lock_.get(), LockKind::shared, use_byte, lock_limit);
    if (failed != 0) return io_error("lock", path_of(*root_, lock_name), failed);
    if (first) {
        Descriptor log;
        failed = open_below(root_->root(), log_name, O_RDWR | O_NONBLOCK, log);
        struct stat about {};
        if (failed == 0 && ::fstat(log.get(), &about) != 0) failed = errno;
        if (failed == 0 && about.st_size > 0) failed = root_->files().sync_file(log.get());
        if (failed != 0 && failed != ENOENT)
            return io_error("sync", path_of(*root_, log_name), failed);
    }
    auto opened = open_file();
    if (opened && first) {
        failed = try_lock(lock_.get(), LockKind::shared, use_byte);
        if (failed != 0) return io_error("lock", path_of(*root_, lock_name), failed);
    }
    if (!opened) {
        database_.reset();
        lock_.close();
    }
    return opened;
}

Result<void> TaskDatabase::open_file() {
    for (const char* suffix : {"", "-wal", "-shm"}) {
        struct stat about {};
        const std::string name = std::string(database_name) + suffix;
        if (::fstatat(root_->root(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
            if (*suffix != '\0' && errno == ENOENT) continue;
            if (errno != ENOENT) return io_error("look at", path_of(*root_, name), errno);
            return damaged(path(), "it is missing, with all tasks in it");
        }
        if (!S_ISREG(about.st_mode)) return damaged(path_of(*root_, name), "it is not a file");
        if (*suffix == '\0') inode_ = about.st_ino;
    }
    database_ = std::make_unique<Database>();
    database_->open(path());
    database_->run("PRAGMA synchronous=FULL");
    database_->run("PRAGMA secure_delete=ON");
    database_->keep_log();
    return check_version();
}

Result<void> TaskDatabase::check_version() {
    std::int64_t version = 0;
    {
        Statement read = database_->prepare("PRAGMA user_version");
        if (read.step()) version = read.integer(0);
    }
    if (database_->failure() == SQLITE_OK && version > database_format) {
        return Error{ErrorCode::store_version,
                     path() + ": format " + std::to_string(version) +
                         " is newer than what this loong knows (" +
                         std::to_string(database_format) + ")",
                     "use the loong that made it, or another state directory; nothing was changed"};
    }
    if (database_->failure() == SQLITE_OK && version < 1)
        database_->report_damage("these are not loong's tables");
    if (database_->failure() != SQLITE_OK) return as_error();
    return {};
}

Result<void> TaskDatabase::look(const Work& work) { return run(Transaction::Kind::read, work); }

Result<void> TaskDatabase::change(const Work& work) { return run(Transaction::Kind::write, work); }

void TaskDatabase::try_change(const Work& work) {
    if (database_ == nullptr) return;
    database_->set_patience(short_patience);
    static_cast<void>(change(work));
    if (database_ != nullptr) database_->set_patience(lock_limit);
}

Result<void> TaskDatabase::run(Transaction::Kind kind, const Work& work) {
    if (!is_current()) {
        if (auto opened = open(); !opened) return opened;
    }
    Result<void> done;
    bool commit_failed = false;
    {
        Transaction transaction(*database_, kind);
        if (database_->failure() == SQLITE_OK) done = work(*database_);
        if (done && database_->failure() == SQLITE_OK) {
            transaction.commit();
            commit_failed = kind == Transaction::Kind::write && database_->failure() != SQLITE_OK;
        }
    }
    if (database_->failure() != SQLITE_OK) done = as_error();
    database_->clear_failure();
    if (commit_failed) overwrite_log();
    return done;
}

void TaskDatabase::overwrite_log() {
    // Another writer may have been faster and have done the same by writing what it had to.
    {
        Transaction transaction(*database_, Transaction::Kind::write);
        database_->run("UPDATE meta SET value = value + 1 WHERE key = 'taken_back'");
        transaction.commit();
    }
    database_->clear_failure();
}

void TaskDatabase::empty_log() {
    if (database_ == nullptr) return;
    database_->set_patience(emptying_patience);
    database_->prepare("PRAGMA wal_checkpoint(TRUNCATE)").run();
    database_->set_patience(lock_limit);
    database_->clear_failure();
}

} // namespace loong::store_sqlite
