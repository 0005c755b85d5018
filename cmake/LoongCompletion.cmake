# loong_write_completion_scripts(<file>): a source file with the scripts in cli/completion.
function(loong_write_completion_scripts output)
    set(scripts "")
    foreach(shell IN ITEMS bash zsh fish)
        set(file "${PROJECT_SOURCE_DIR}/cli/completion/loong.${shell}")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
        file(READ "${file}" content)
        string(APPEND scripts
            "    if (shell == \"${shell}\") return R\"loong(${content})loong\";\n")
    endforeach()
    file(CONFIGURE OUTPUT "${output}" CONTENT "\
// Made by cmake/LoongCompletion.cmake.
#include \"completion_scripts.hpp\"

namespace loong::cli {

std::string_view completion_script(std::string_view shell) noexcept {
\@scripts\@    return {};
}

} // namespace loong::cli
" @ONLY)
endfunction()
