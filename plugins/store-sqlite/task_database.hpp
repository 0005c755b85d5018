#pragma once
/// The file that all tasks are kept in: made whole, opened, and what its failures mean.
///
/// Commits are durable (WAL, `synchronous=FULL`). Two things are done beside SQLite:
/// - Who opens the file while nobody else has it open syncs the log first. SQLite counts what it finds
///   there, and a writer that was killed may have written a commit without having synced it.
/// - After a commit that failed the log is written over: its pages may stand there whole, and would
///   count for whoever reads the log anew.

#include "common.hpp"
#include "database.hpp"
#include "descriptor.hpp"
#include "loong/error.hpp"
#include "root.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace loong::store_sqlite {

inline constexpr const char* database_name = "tasks.sqlite";
inline constexpr const char* lock_name = "store.lock";

/// What the state directories of this plugin are.
[[nodiscard]] const RootKind& root_kind();

class TaskDatabase {
public:
    using Work = std::function<Result<void>(Database&)>;

    explicit TaskDatabase(const Root& root) : root_(&root) {}

    /// `store_corrupt` where the file is missing or is no database, `store_version` where it is of
    /// a newer format; nothing is changed then.
    Result<void> open();

    /// Runs `work` in a transaction that sees one state of everything. Never waits for a writer.
    Result<void> look(const Work& work);
    /// Runs `work` in a transaction of its own and makes what it did durable. An error that `work`
    /// returns takes all of it back, as any failure does.
    Result<void> change(const Work& work);
    /// As change(), where it is no harm if it cannot be done: waits for nobody.
    void try_change(const Work& work);

    /// Takes out of the log what was erased, as far as no reader stands in the way.
    void empty_log();

    [[nodiscard]] std::string path() const;

private:
    Result<void> open_file();
    Result<void> check_version();
    Result<void> run(Transaction::Kind kind, const Work& work);
    void overwrite_log();
    [[nodiscard]] bool is_current() const;
    [[nodiscard]] Error as_error() const;

    const Root* root_;
    /// Byte 0 is locked, shared, as long as the file is open.
    Descriptor lock_;
    std::unique_ptr<Database> database_;
    std::uint64_t inode_ = 0;
};

} // namespace loong::store_sqlite
