# loong_add_test(<name> [OPTIMISED] SOURCES <file>... [LIBRARIES <target>...] [LABEL unit|slow])
#
# A GoogleTest program; each of its tests is a test of its own for ctest. ./tests/run builds and
# runs the programs labelled `unit` under the sanitizers, and all others optimised (LOONG_UNIT_TESTS
# is off there); --quick leaves out those labelled `slow`. One label at most: gtest_discover_tests
# takes no lists apart from its own.
add_custom_target(loong_unit_tests)

# How tests are compiled, other than the product.
function(loong_set_test_options target optimised)
    # Optimising a test takes a third of the time of compiling it; only the product is worth that.
    # (Fortified functions need the optimiser.)
    if(NOT optimised)
        target_compile_options(${target} PRIVATE -O0 -U_FORTIFY_SOURCE)
    endif()
    # Another third goes into looking for undefined behaviour in the tests themselves.
    if(LOONG_SANITIZE MATCHES "undefined")
        target_compile_options(${target} PRIVATE -fno-sanitize=undefined)
    endif()
endfunction()

function(loong_add_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "OPTIMISED" "LABEL" "SOURCES;LIBRARIES")
    add_executable(${name} ${arg_SOURCES})
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    target_link_libraries(${name} PRIVATE
        loong_settings ${arg_LIBRARIES} GTest::gmock GTest::gtest_main)
    loong_set_test_options(${name} ${arg_OPTIMISED})
    set(properties TIMEOUT 120)
    if(arg_LABEL)
        list(APPEND properties LABELS ${arg_LABEL})
    endif()
    if(arg_LABEL STREQUAL "unit")
        add_dependencies(loong_unit_tests ${name})
        if(NOT LOONG_UNIT_TESTS)
            set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
            return()
        endif()
    endif()
    # When the tests run, not when they are built: a test program that fails to start is then a
    # failed test and not a broken build.
    gtest_discover_tests(${name}
        DISCOVERY_MODE PRE_TEST
        DISCOVERY_TIMEOUT 60
        PROPERTIES ${properties})
endfunction()
