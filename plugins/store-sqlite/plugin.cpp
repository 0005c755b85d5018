#include "loong/plugin.hpp"

#include "sqlite_store.hpp"

LOONG_STORE_PLUGIN(loong::store_sqlite::SqliteStore, "store-sqlite", "0.1.0")
