# loong_add_test(<name> SOURCES <file>... [LIBRARIES <target>...] [LABELS <label>...])
#
# A GoogleTest program; each of its tests is a test of its own for ctest. Tests with the label
# `unit` also run under the sanitizers in ./tests/run; `slow` ones are left out by --quick.
function(loong_add_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES;LABELS")
    add_executable(${name} ${arg_SOURCES})
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    target_link_libraries(${name} PRIVATE
        loong_settings ${arg_LIBRARIES} GTest::gmock GTest::gtest_main)
    # When the tests run, not when they are built: a test program that fails to start is then a
    # failed test and not a broken build.
    gtest_discover_tests(${name}
        DISCOVERY_MODE PRE_TEST
        DISCOVERY_TIMEOUT 60
        PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 120)
endfunction()
