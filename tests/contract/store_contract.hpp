#pragma once
/// What every store has to keep: loong/store.hpp, sentence by sentence, as tests.
///
/// A test program includes this header once and says which stores to try:
///
///     #include "store_contract.hpp"
///     INSTANTIATE_TEST_SUITE_P(mine, StoreContract, testing::Values(my_subject()),
///                              loong::test::subject_name);
///
/// Nothing of the store but its interface is used, except for what its subject offers: ways to
/// damage what it keeps.

#include "store_contract_append.hpp"
#include "store_contract_create.hpp"
#include "store_contract_dependencies.hpp"
#include "store_contract_files.hpp"
#include "store_contract_fixture.hpp"
#include "store_contract_leases.hpp"
#include "store_contract_lists.hpp"
#include "store_contract_processes.hpp"
#include "store_contract_reading.hpp"
#include "store_contract_watch.hpp"
