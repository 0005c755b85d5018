#include "loong/plugin.hpp"

#include "file_store.hpp"

LOONG_STORE_PLUGIN(loong::store_files::FileStore, "store-files", "0.1.0")
