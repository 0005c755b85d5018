# loong_add_manual(): the manual pages, made by the program itself from what its help is made from, and
# from cli/manual what no help tells. Installed where man(1) looks.
function(loong_add_manual)
    set(directory "${CMAKE_BINARY_DIR}/share/man")
    set(pages "")
    foreach(page IN ITEMS loong.1 loong-tasks.1 loong-sessions.1 loong.yaml.5)
        string(REGEX MATCH "[0-9]$" section "${page}")
        set(file "${directory}/man${section}/${page}")
        add_custom_command(OUTPUT "${file}"
            COMMAND "${CMAKE_COMMAND}" -E make_directory "${directory}/man${section}"
            COMMAND loong manual "${page}" > "${file}"
            DEPENDS loong
            COMMENT "Writing ${page}"
            VERBATIM)
        install(FILES "${file}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}")
        list(APPEND pages "${file}")
    endforeach()
    set(file "${directory}/man7/loong-plugins.7")
    configure_file("${PROJECT_SOURCE_DIR}/cli/manual/loong-plugins.7.in" "${file}" @ONLY)
    install(FILES "${file}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man7")
    add_custom_target(loong_manual ALL DEPENDS ${pages})
    add_dependencies(loong_product loong_manual)
endfunction()
