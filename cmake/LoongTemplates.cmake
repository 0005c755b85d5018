# loong_write_templates(<file>): a source file with the projects that `loong plugins new` writes.
# Runtimes start from cli/templates/runtime; stores from the example store-memory, with what is in
# cli/templates/store in its place.

# Appends one file to a variable as an element of the array of templates.
function(loong_append_template variable kind name file)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    file(READ "${file}" content)
    if(kind STREQUAL "store")
        string(REPLACE "store-memory" "@ID@" content "${content}")
        string(REPLACE "store_memory" "@NAMESPACE@" content "${content}")
    endif()
    set(${variable}
        "${${variable}}    TemplateFile{\"${kind}\", \"${name}\", R\"loong(${content})loong\"},\n"
        PARENT_SCOPE)
endfunction()

function(loong_write_templates output)
    set(templates "${PROJECT_SOURCE_DIR}/cli/templates")
    set(example "${PROJECT_SOURCE_DIR}/examples/store-memory")
    set(text "")
    foreach(name IN ITEMS CMakeLists.txt README.md)
        loong_append_template(text runtime ${name} "${templates}/runtime/${name}")
    endforeach()
    # With words in them that are no C++ yet.
    foreach(name IN ITEMS runtime.cpp runtime_test.cpp)
        loong_append_template(text runtime ${name} "${templates}/runtime/${name}.in")
    endforeach()
    foreach(name IN ITEMS CMakeLists.txt README.md)
        loong_append_template(text store ${name} "${templates}/store/${name}")
    endforeach()
    foreach(name IN ITEMS contract_test.cpp memory_lease.cpp memory_lease.hpp memory_store.cpp
            memory_store.hpp memory_store_selection.cpp memory_watch.cpp memory_watch.hpp plugin.cpp)
        loong_append_template(text store ${name} "${example}/${name}")
    endforeach()
    file(CONFIGURE OUTPUT "${output}" CONTENT "\
// Made by cmake/LoongTemplates.cmake.
#include \"plugin_templates.hpp\"

#include <array>

namespace loong::cli {
namespace {

constexpr std::array template_files = {
\@text\@};

} // namespace

std::span<const TemplateFile> plugin_templates() noexcept { return template_files; }

} // namespace loong::cli
" @ONLY)
endfunction()
