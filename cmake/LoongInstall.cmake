# The package for others to build against. `find_package(loong)` gives loong::headers and
# loong_add_plugin, all that a plugin needs; the contract suites with loong_add_contract_test, for
# its tests; and loong::core, for programs that embed loong.

include(CMakePackageConfigHelpers)

set(LOONG_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/loong")

install(TARGETS loong_headers loong_core_shared EXPORT loong
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT loong FILE loongTargets.cmake NAMESPACE loong:: DESTINATION "${LOONG_PACKAGE_DIR}")

# The suites lie in two folders here and in one there; they include each other by name alone.
set(LOONG_CONTRACT_HEADERS
    contract/must.hpp
    contract/runtime_contract.hpp
    contract/runtime_contract_durable.hpp
    contract/runtime_contract_fixture.hpp
    contract/runtime_contract_run.hpp
    contract/store_contract.hpp
    contract/store_contract_append.hpp
    contract/store_contract_create.hpp
    contract/store_contract_dependencies.hpp
    contract/store_contract_files.hpp
    contract/store_contract_fixture.hpp
    contract/store_contract_leases.hpp
    contract/store_contract_lists.hpp
    contract/store_contract_model.hpp
    contract/store_contract_processes.hpp
    contract/store_contract_reading.hpp
    contract/store_contract_watch.hpp
    support/child_process.hpp
    support/fake_session_context.hpp
    support/fifo.hpp
    support/loaded_plugin.hpp
    support/session_processes.hpp
    support/summary_text.hpp
    support/temporary_directory.hpp
    support/test_ids.hpp
    support/test_store_host.hpp
)
list(TRANSFORM LOONG_CONTRACT_HEADERS PREPEND "${PROJECT_SOURCE_DIR}/tests/")
install(FILES ${LOONG_CONTRACT_HEADERS} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/loong/contract")

# From where the .pc files lie back to the prefix, so that the installation can be moved.
string(REGEX REPLACE "[^/]+" ".." LOONG_PREFIX_FROM_PKGCONFIG "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
foreach(name IN ITEMS loong loong-core)
    configure_file("${CMAKE_CURRENT_LIST_DIR}/${name}.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/${name}.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()

configure_package_config_file(
    "${CMAKE_CURRENT_LIST_DIR}/loongConfig.cmake.in" "${PROJECT_BINARY_DIR}/loongConfig.cmake"
    INSTALL_DESTINATION "${LOONG_PACKAGE_DIR}" PATH_VARS LOONG_PLUGIN_INSTALL_DIR)
# Before 1.0 a minor version may change the interfaces.
write_basic_package_version_file(
    "${PROJECT_BINARY_DIR}/loongConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/loongConfig.cmake"
    "${PROJECT_BINARY_DIR}/loongConfigVersion.cmake"
    "${CMAKE_CURRENT_LIST_DIR}/LoongPlugin.cmake"
    "${CMAKE_CURRENT_LIST_DIR}/loong-plugin.map"
    DESTINATION "${LOONG_PACKAGE_DIR}")
