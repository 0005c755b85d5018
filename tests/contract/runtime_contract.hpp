#pragma once
/// What every runtime has to keep: loong/runtime.hpp, sentence by sentence, as tests.
///
/// A test program includes this header once and says which runtimes to try:
///
///     #include "runtime_contract.hpp"
///     INSTANTIATE_TEST_SUITE_P(mine, RuntimeContract, testing::Values(my_subject()),
///                              loong::test::runtime_subject_name);

#include "runtime_contract_durable.hpp"
#include "runtime_contract_fixture.hpp"
#include "runtime_contract_run.hpp"
