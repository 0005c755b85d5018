#pragma once
/// SQLite, as far as stores need it.
///
/// The first failure is kept: after it every statement does nothing and tells of no row, until the
/// transaction's end reports it. So a sequence of statements is written without a check after each.

#include "loong/time.hpp"

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace loong::store_common {

class Database;

/// A prepared statement in use. Reset and given back to its database by destruction.
class Statement {
public:
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&&) = delete;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement();

    /// Binds the next parameter. Text is not copied: it has to live as long as the statement runs.
    Statement& bind(std::int64_t value);
    Statement& bind(std::string_view text);
    Statement& bind(std::optional<std::int64_t> value);
    Statement& bind_null();
    /// A temporary would be gone before the statement runs.
    Statement& bind(std::string&& text) = delete;

    /// The next row; false at the end, or after a failure.
    bool step();
    /// Runs to the end, and can be bound anew afterwards.
    void run();
    /// Can be bound anew.
    void reset();

    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const;
    /// Valid until the next step.
    [[nodiscard]] std::string_view text(int column) const;
    [[nodiscard]] bool is_null(int column) const;

private:
    friend class Database;
    Statement(Database& database, const char* sql, sqlite3_stmt* statement)
        : database_(&database),
          sql_(sql),
          statement_(statement) {}

    Database* database_;
    const char* sql_;
    sqlite3_stmt* statement_;
    int parameter_ = 0;
};

class Database {
public:
    Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database();

    /// Opens an existing file; a failure is kept as any other.
    void open(const std::string& path);
    [[nodiscard]] bool is_open() const noexcept { return connection_ != nullptr; }

    /// Closing the last connection empties the log instead of removing it and its index. Opening
    /// then makes no file, which a full disk would refuse to those who only want to read.
    void keep_log();

    /// `sql` has to be a literal: statements are kept by its address, to be used again.
    [[nodiscard]] Statement prepare(const char* sql);
    /// Runs statements without parameters and rows.
    void run(const char* sql);

    /// SQLITE_OK, or the extended code of the first failure since clear_failure().
    [[nodiscard]] int failure() const noexcept { return failure_; }
    /// The number of the system's error behind it; 0 where there was none.
    [[nodiscard]] int system_error() const noexcept { return system_error_; }
    [[nodiscard]] const std::string& failure_text() const noexcept { return failure_text_; }
    void clear_failure();
    /// The failure says that the file is not what it should be.
    [[nodiscard]] bool is_damaged() const noexcept;
    /// What is kept was found not to make sense.
    void report_damage(const char* what);
    /// Something outside of the database, which the work in it needs, has failed.
    void report_io(const char* what);

    /// The failure comes from writing, and reading may well go on: no room, or another writer that
    /// does not come to an end.
    [[nodiscard]] bool is_only_unwritable() const noexcept;
    /// How long another writer is waited for.
    void set_patience(Milliseconds patience) { patience_ = patience; }

    [[nodiscard]] int changes() const;
    void roll_back();

private:
    friend class Statement;
    static int wait_for_writer(void* database, int tries);
    void fail(int code);
    void give_back(const char* sql, sqlite3_stmt* statement);

    sqlite3* connection_ = nullptr;
    int failure_ = SQLITE_OK;
    int system_error_ = 0;
    std::string failure_text_;
    Milliseconds patience_;
    std::chrono::steady_clock::time_point waiting_since_;
    std::unordered_map<const char*, std::vector<sqlite3_stmt*>> idle_;
};

/// A transaction; taken back by destruction where it was not committed.
class Transaction {
public:
    enum class Kind { read, write };
    Transaction(Database& database, Kind kind);
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();
    void commit();

private:
    Database* database_;
    bool open_ = true;
};

} // namespace loong::store_common
