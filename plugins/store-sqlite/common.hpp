#pragma once
/// What this store shares with the other one that keeps its state below a directory.

namespace loong::store_common {}

namespace loong::store_sqlite {
using namespace store_common;
} // namespace loong::store_sqlite
