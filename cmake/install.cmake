# What a program that uses libxtdb.so needs: header, pkg-config file and CMake package.
include(CMakePackageConfigHelpers)

install(FILES ${PROJECT_SOURCE_DIR}/capi/xtdb.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS xtdb_shared EXPORT xtdb-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/xtdb)
install(EXPORT xtdb-targets NAMESPACE xtdb:: DESTINATION ${package_folder})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/xtdb-config.cmake.in
                              ${PROJECT_BINARY_DIR}/xtdb-config.cmake
                              INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/xtdb-config-version.cmake
                                 COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/xtdb-config.cmake
              ${PROJECT_BINARY_DIR}/xtdb-config-version.cmake
        DESTINATION ${package_folder})

# Relative, so that the tree may be moved, as into a package.
file(RELATIVE_PATH xtdb_prefix_of_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${PROJECT_SOURCE_DIR}/cmake/xtdb.pc.in ${PROJECT_BINARY_DIR}/xtdb.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/xtdb.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
