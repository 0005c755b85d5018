#include "database.hpp"

#include "file_lock.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace loong::store_common {

Database::Database() : patience_(lock_limit) {}

/// SQLite's own pauses grow to 100 ms; the writers here need less than one each.
int Database::wait_for_writer(void* database, int tries) {
    using Clock = std::chrono::steady_clock;
    auto& self = *static_cast<Database*>(database);
    if (tries == 0) self.waiting_since_ = Clock::now();
    if (Clock::now() - self.waiting_since_ > self.patience_) return 0;
    std::this_thread::sleep_for(Microseconds(std::min(50 * (tries + 1), 2000)));
    return 1;
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      sql_(other.sql_),
      statement_(other.statement_),
      parameter_(other.parameter_) {
    other.statement_ = nullptr;
}

Statement::~Statement() {
    if (statement_ != nullptr) database_->give_back(sql_, statement_);
}

Statement& Statement::bind(std::int64_t value) {
    ++parameter_;
    if (statement_ != nullptr) sqlite3_bind_int64(statement_, parameter_, value);
    return *this;
}

Statement& Statement::bind(std::string_view text) {
    ++parameter_;
    if (statement_ != nullptr) {
        // A null pointer would be NULL, which is not the empty text.
        sqlite3_bind_text64(statement_, parameter_, text.data() == nullptr ? "" : text.data(),
                            text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    return *this;
}

Statement& Statement::bind(std::optional<std::int64_t> value) {
    return value ? bind(*value) : bind_null();
}

Statement& Statement::bind_null() {
    ++parameter_;
    if (statement_ != nullptr) sqlite3_bind_null(statement_, parameter_);
    return *this;
}

bool Statement::step() {
    if (statement_ == nullptr || database_->failure() != SQLITE_OK) return false;
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) database_->fail(code);
    return false;
}

void Statement::run() {
    while (step()) {
    }
    reset();
}

void Statement::reset() {
    if (statement_ != nullptr) sqlite3_reset(statement_);
    parameter_ = 0;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
    if (is_null(column)) return {};
    return integer(column);
}

std::string_view Statement::text(int column) const {
    const void* text = sqlite3_column_text(statement_, column);
    if (text == nullptr) return {};
    return {static_cast<const char*>(text),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Database::~Database() {
    for (auto& [sql, statements] : idle_) {
        for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
    }
    sqlite3_close_v2(connection_);
}

void Database::open(const std::string& path) {
    const int code = sqlite3_open_v2(path.c_str(), &connection_,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    if (connection_ != nullptr) {
        sqlite3_extended_result_codes(connection_, 1);
        sqlite3_busy_handler(connection_, &Database::wait_for_writer, this);
        sqlite3_db_config(connection_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    }
    if (code != SQLITE_OK) fail(code);
}

void Database::keep_log() {
    if (connection_ == nullptr || failure_ != SQLITE_OK) return;
    int yes = 1;
    const int code = sqlite3_file_control(connection_, "main", SQLITE_FCNTL_PERSIST_WAL, &yes);
    if (code != SQLITE_OK) fail(code);
    // Without a limit the log would keep its size and its content.
    run("PRAGMA journal_size_limit=4194304");
}

Statement Database::prepare(const char* sql) {
    if (connection_ == nullptr || failure_ != SQLITE_OK) return {*this, sql, nullptr};
    std::vector<sqlite3_stmt*>& idle = idle_[sql];
    if (!idle.empty()) {
        sqlite3_stmt* statement = idle.back();
        idle.pop_back();
        return {*this, sql, statement};
    }
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(connection_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) fail(code);
    return {*this, sql, statement};
}

void Database::give_back(const char* sql, sqlite3_stmt* statement) {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    idle_[sql].push_back(statement);
}

void Database::run(const char* sql) {
    if (connection_ == nullptr || failure_ != SQLITE_OK) return;
    const int code = sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code);
}

void Database::fail(int code) {
    if (failure_ != SQLITE_OK) return;
    failure_ = code;
    system_error_ = connection_ != nullptr ? sqlite3_system_errno(connection_) : 0;
    failure_text_ = connection_ != nullptr ? sqlite3_errmsg(connection_) : sqlite3_errstr(code);
}

void Database::report_damage(const char* what) {
    if (failure_ != SQLITE_OK) return;
    failure_ = SQLITE_CORRUPT;
    failure_text_ = what;
}

void Database::report_io(const char* what) {
    if (failure_ != SQLITE_OK) return;
    failure_ = SQLITE_IOERR;
    failure_text_ = what;
}

void Database::clear_failure() {
    failure_ = SQLITE_OK;
    system_error_ = 0;
    failure_text_.clear();
}

bool Database::is_damaged() const noexcept {
    switch (failure_ & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_SCHEMA:
    // A table is missing, or data has another type than any version of this index has written.
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
    case SQLITE_RANGE: return true;
    default: return false;
    }
}

void Database::roll_back() {
    // After some failures SQLite has done it by itself already.
    if (connection_ != nullptr && sqlite3_get_autocommit(connection_) == 0)
        sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
}

bool Database::is_only_unwritable() const noexcept {
    switch (failure_ & 0xff) {
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_READONLY:
    case SQLITE_IOERR: return true;
    default: return false;
    }
}

int Database::changes() const { return sqlite3_changes(connection_); }

Transaction::Transaction(Database& database, Kind kind) : database_(&database) {
    database.prepare(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN").run();
}

Transaction::~Transaction() {
    if (open_) database_->roll_back();
}

void Transaction::commit() {
    database_->prepare("COMMIT").run();
    if (database_->failure() == SQLITE_OK) open_ = false;
}

} // namespace loong::store_common
