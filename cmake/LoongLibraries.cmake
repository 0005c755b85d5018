# What loong is built on, as loong::fmt, loong::json, loong::yaml, loong::sqlite and loong::curses.
#
# Most of what a command costs is its start: a dynamic linker looks up thousands of names in the C++
# libraries, each time. With LOONG_STATIC_LIBRARIES they are part of the programs and plugins.

# loong_find_library(<target> <header> <name>): a library with its header.
function(loong_find_library target header name)
    # The two kinds are remembered apart, so that changing one's mind takes effect.
    if(LOONG_STATIC_LIBRARIES)
        set(library ${target}_STATIC_LIBRARY)
        set(name "${CMAKE_STATIC_LIBRARY_PREFIX}${name}${CMAKE_STATIC_LIBRARY_SUFFIX}")
    else()
        set(library ${target}_LIBRARY)
    endif()
    find_library(${library} NAMES ${name} REQUIRED)
    find_path(${target}_INCLUDE_DIR ${header} REQUIRED)
    mark_as_advanced(${library} ${target}_INCLUDE_DIR)
    add_library(${target} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(${target} PROPERTIES
        IMPORTED_LOCATION "${${library}}"
        INTERFACE_INCLUDE_DIRECTORIES "${${target}_INCLUDE_DIR}")
endfunction()

find_package(Threads REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
loong_find_library(loong::yaml yaml.h yaml)
loong_find_library(loong::sqlite sqlite3.h sqlite3)
loong_find_library(loong::terminfo term.h tinfo)
loong_find_library(loong::curses ncurses.h ncursesw)
target_link_libraries(loong::sqlite INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)
target_link_libraries(loong::curses INTERFACE loong::terminfo)

if(LOONG_STATIC_LIBRARIES)
    # The distribution has fmt as a shared library only, and Boost.JSON as an archive that no shared
    # library can have. Both are made to be built like this as well.
    add_library(loong_fmt STATIC "${CMAKE_CURRENT_LIST_DIR}/fmt.cpp")
    target_include_directories(loong_fmt SYSTEM PUBLIC
        $<TARGET_PROPERTY:fmt::fmt,INTERFACE_INCLUDE_DIRECTORIES>)
    target_compile_features(loong_fmt PUBLIC cxx_std_20)
    add_library(loong::fmt ALIAS loong_fmt)
    add_library(loong_json STATIC "${CMAKE_CURRENT_LIST_DIR}/json.cpp")
    target_compile_features(loong_json PUBLIC cxx_std_20)
    target_compile_definitions(loong_json PUBLIC BOOST_JSON_STATIC_LINK BOOST_JSON_NO_LIB)
    target_link_libraries(loong_json PUBLIC Boost::headers)
    add_library(loong::json ALIAS loong_json)
    # Not libloong-core, which shares the libraries of the program that embeds it. libgcc as well, an
    # eighth of the time of a start: where the processor is a virtual one, asking it what it can do,
    # as that library does once more when it is loaded, is slow. What a plugin throws with another copy
    # of it is caught all the same: see set_up_unwinding() in core/src/plugin_library.cpp.
    set(is_shared "$<STREQUAL:$<TARGET_PROPERTY:TYPE>,SHARED_LIBRARY>")
    set(is_as_of_others "$<BOOL:$<TARGET_PROPERTY:LOONG_LINKED_AS_OF_OTHERS>>")
    target_link_options(loong_settings INTERFACE
        "$<$<NOT:$<OR:${is_shared},${is_as_of_others}>>:-static-libstdc++;-static-libgcc>")
else()
    add_library(loong::fmt ALIAS fmt::fmt)
    add_library(loong::json ALIAS Boost::json)
endif()
