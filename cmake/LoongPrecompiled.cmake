# loong_precompile(<target>): its sources find the headers below, that most of them include,
# parsed already: a fifth of the time of compiling them. Off by default; the preset debug turns it on.
# Not release: with these and -O2, GCC 12 sees overruns in ordinary concatenation of strings.
#
# A source still includes what it needs: neither the linter nor a build with a compiler cache sees
# these. (ccache would have to hash 60 megabytes for each source, and saves more by itself.)
option(LOONG_PRECOMPILED_HEADERS "Parse common headers once; GCC without a compiler cache" OFF)

# Not <filesystem>: it brings std::quoted, which an argument's type prefers to loong::quoted.
set(LOONG_COMMON_HEADERS
    <algorithm>
    <array>
    <charconv>
    <chrono>
    <cstdint>
    <cstring>
    <functional>
    <map>
    <memory>
    <mutex>
    <optional>
    <set>
    <string>
    <string_view>
    <system_error>
    <utility>
    <vector>
)

set(LOONG_PRECOMPILE OFF)
if(LOONG_PRECOMPILED_HEADERS AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU"
        AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(LOONG_PRECOMPILE ON)
endif()

# loong_add_precompiled(<name> <header>...): a target that parses them, for others to reuse. GCC wants
# the same options there as here, and says so where they differ; more definitions do no harm.
function(loong_add_precompiled name)
    set(source "${PROJECT_BINARY_DIR}/${name}.cpp")
    file(CONFIGURE OUTPUT "${source}" CONTENT "// Nothing: the headers are what is compiled.\n")
    add_library(${name} OBJECT EXCLUDE_FROM_ALL "${source}")
    target_precompile_headers(${name} PRIVATE ${ARGN})
    target_link_libraries(${name} PRIVATE loong_settings)
endfunction()

if(LOONG_PRECOMPILE)
    loong_add_precompiled(loong_precompiled ${LOONG_COMMON_HEADERS})
endif()

function(loong_precompile target)
    if(LOONG_PRECOMPILE)
        target_precompile_headers(${target} REUSE_FROM loong_precompiled)
    endif()
endfunction()
