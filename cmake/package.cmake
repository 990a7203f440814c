# The Debian package: `cpack -G DEB` in build/, behind a build of the products.
set(XTDB_PACKAGE_CONTACT "The xTdb developers <xtdb@localhost>" CACHE STRING
    "Maintainer of the Debian package: a name, and an address in <>")
set(CPACK_PACKAGE_NAME xtdb)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "${XTDB_PACKAGE_CONTACT}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "embedded time-series store for SQLite")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"A container holds signals: times, values and qualities, compressed and with
checksums. The package has the SQLite extension (.load xtdb), the program xtdb,
the C library libxtdb with its header, and the module xtdb for Python.")
# Debian's places: with another prefix the library folder has no name of the processor, and is
# searched by the linker all the same.
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/package_folders.cmake)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "tzdata, libsqlite3-0 (>= 3.40)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "sqlite3 (>= 3.40)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "python3 (>= 3.8)")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/cmake/debian/prerm)
set(CPACK_GENERATOR DEB)
include(CPack)
