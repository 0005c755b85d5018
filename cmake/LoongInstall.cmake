# The package for others to build against: `find_package(loong)` gives loong::headers and
# loong_add_plugin, all that a plugin needs; `find_package(loong COMPONENTS core)` adds loong::core.

include(CMakePackageConfigHelpers)

set(LOONG_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/loong")

install(TARGETS loong_headers EXPORT loong-headers
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT loong-headers FILE loongHeaders.cmake NAMESPACE loong::
    DESTINATION "${LOONG_PACKAGE_DIR}")

if(TARGET loong_core)
    install(TARGETS loong_core EXPORT loong-core ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    install(EXPORT loong-core FILE loongCore.cmake NAMESPACE loong::
        DESTINATION "${LOONG_PACKAGE_DIR}")
endif()

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
