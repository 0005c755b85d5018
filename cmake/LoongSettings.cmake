# `loong_settings`: how everything in this tree is compiled. Every target links it PRIVATE, except
# loong-keeper, which has needs of its own.

include(CheckPIESupported)
check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(loong_settings INTERFACE)
target_compile_features(loong_settings INTERFACE cxx_std_20)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
target_compile_definitions(loong_settings INTERFACE LOONG_VERSION="${PROJECT_VERSION}")

set(LOONG_WARNINGS
    -Wall
    -Wextra
    -Wpedantic
    -Wshadow
    -Wconversion
    -Wsign-conversion
    -Wold-style-cast
    -Wnon-virtual-dtor
    -Woverloaded-virtual
    -Wextra-semi
    -Wformat=2
    -Wundef
    # A designated initialiser leaves fields out on purpose; their defaults are what is meant.
    -Wno-missing-field-initializers
)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    list(APPEND LOONG_WARNINGS
        -Wduplicated-cond
        -Wlogical-op
        -Wsuggest-override
        # GCC 12 sees overlapping copies in ordinary concatenation of strings (GCC bug 105651).
        -Wno-restrict
    )
    if(LOONG_SANITIZE)
        # The instrumentation hides initialisations from GCC's analysis.
        list(APPEND LOONG_WARNINGS -Wno-maybe-uninitialized)
    endif()
endif()
if(CMAKE_UNITY_BUILD)
    # A name in one source would shadow one in another that happens to be compiled with it.
    list(APPEND LOONG_WARNINGS -Wno-shadow)
endif()
if(LOONG_DEVELOPER)
    list(APPEND LOONG_WARNINGS -Werror)
endif()
target_compile_options(loong_settings INTERFACE ${LOONG_WARNINGS} -fstack-protector-strong)
target_link_options(loong_settings INTERFACE -Wl,-z,relro -Wl,-z,now)

if(NOT LOONG_LINE_NUMBERS)
    target_compile_options(loong_settings INTERFACE -g0)
endif()

if(LOONG_SANITIZE)
    # A null pointer that is used ends the process without a check before each use, which takes a
    # twentieth of the time of compiling.
    target_compile_options(loong_settings INTERFACE
        -fsanitize=${LOONG_SANITIZE} -fno-sanitize=null -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    target_link_options(loong_settings INTERFACE -fsanitize=${LOONG_SANITIZE})
    target_compile_definitions(loong_settings INTERFACE _GLIBCXX_ASSERTIONS)
elseif(CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$")
    # Fortified functions need the optimiser, and hide calls from the sanitizers.
    target_compile_options(loong_settings INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    # What nobody calls is left out: each page that is mapped for nothing delays the start.
    target_compile_options(loong_settings INTERFACE -ffunction-sections -fdata-sections)
    target_link_options(loong_settings INTERFACE -Wl,--gc-sections -Wl,--as-needed)
endif()

# A compiler cache is used where there is one.
find_program(LOONG_CCACHE ccache)
mark_as_advanced(LOONG_CCACHE)
if(LOONG_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${LOONG_CCACHE}")
endif()
