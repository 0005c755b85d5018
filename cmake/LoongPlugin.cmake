# loong_add_plugin(<name> SOURCES <file>... [LIBRARIES <target>...])
#
# A plugin for loong, <name>.so. It is compiled against loong's public headers and links nothing of
# loong. Only its descriptor is visible from outside, and a symbol that nobody defines is an error
# now instead of at the first call.
#
# The build writes it to LOONG_PLUGIN_OUTPUT_DIR and installs it to LOONG_PLUGIN_INSTALL_DIR, if
# these are set.
function(loong_add_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "loong_add_plugin ${name}: unknown: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT arg_SOURCES)
        message(FATAL_ERROR "loong_add_plugin ${name}: SOURCES is missing")
    endif()

    set(exports "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/loong-plugin.map")
    add_library(${name} MODULE ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE loong::headers ${arg_LIBRARIES})
    target_link_options(${name} PRIVATE -Wl,-z,now "-Wl,--version-script=${exports}")
    set_target_properties(${name} PROPERTIES
        PREFIX ""
        SUFFIX ".so"
        CXX_EXTENSIONS OFF
        CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON
        LINK_DEPENDS "${exports}")

    # What a plugin exports is looked up in its file each time that it is loaded, and with the names
    # that nobody can see they are thousands. Debug information stays.
    if(CMAKE_STRIP)
        add_custom_command(TARGET ${name} POST_BUILD
            COMMAND "${CMAKE_STRIP}" -x "$<TARGET_FILE:${name}>" VERBATIM)
    endif()

    # Clang leaves the sanitizers' symbols for the program to define.
    if(NOT (LOONG_SANITIZE AND CMAKE_CXX_COMPILER_ID MATCHES "Clang"))
        target_link_options(${name} PRIVATE -Wl,-z,defs)
    endif()
    if(TARGET loong_settings)
        target_link_libraries(${name} PRIVATE loong_settings)
    endif()
    if(TARGET loong_product)
        add_dependencies(loong_product ${name})
    endif()
    if(LOONG_PLUGIN_OUTPUT_DIR)
        set_target_properties(${name} PROPERTIES
            LIBRARY_OUTPUT_DIRECTORY "${LOONG_PLUGIN_OUTPUT_DIR}")
    endif()
    if(LOONG_PLUGIN_INSTALL_DIR)
        install(TARGETS ${name} LIBRARY DESTINATION "${LOONG_PLUGIN_INSTALL_DIR}")
    endif()
endfunction()

# loong_add_contract_test(<name> PLUGIN <target> SOURCES <file>... [LIBRARIES <target>...])
#
# A GoogleTest program that includes <loong/contract/runtime_contract.hpp> or store_contract.hpp,
# as one test for ctest. LOONG_PLUGIN_FILE is the plugin's file in it. Needs GTest::gtest_main.
function(loong_add_contract_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "PLUGIN" "SOURCES;LIBRARIES")
    if(NOT arg_SOURCES OR NOT arg_PLUGIN OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "loong_add_contract_test ${name}: needs PLUGIN and SOURCES, no more "
            "than LIBRARIES besides; unknown: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE
        loong::headers ${arg_LIBRARIES} GTest::gtest_main ${CMAKE_DL_LIBS})
    target_compile_definitions(${name} PRIVATE
        LOONG_PLUGIN_FILE="$<TARGET_FILE:${arg_PLUGIN}>")
    add_dependencies(${name} ${arg_PLUGIN})
    add_test(NAME ${name} COMMAND ${name})
endfunction()
