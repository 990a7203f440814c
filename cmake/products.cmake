# The loadable extension build/xtdb.so and the program build/xtdb.

# The entry point, apart from xtdb_vtab: the extension, the program and the tests each link its
# objects, and the last two hand it to sqlite3_auto_extension.
add_library(xtdb_entry INTERFACE)
xtdb_find_sources(entry_source ${PROJECT_SOURCE_DIR}/vtab/extension.cc)
if(entry_source)
  add_library(xtdb_entry_objects OBJECT ${entry_source})
  # Visible to the version script, which exports this one symbol and nothing else.
  set_target_properties(xtdb_entry_objects PROPERTIES CXX_VISIBILITY_PRESET default)
  target_link_libraries(xtdb_entry_objects PRIVATE xtdb_vtab)
  target_sources(xtdb_entry INTERFACE $<TARGET_OBJECTS:xtdb_entry_objects>)
  target_link_libraries(xtdb_entry INTERFACE xtdb_vtab)
endif()

if(entry_source AND NOT XTDB_FUZZ)
  add_library(xtdb_module MODULE $<TARGET_OBJECTS:xtdb_entry_objects>)
  target_link_libraries(xtdb_module PRIVATE xtdb_vtab)
  set_target_properties(xtdb_module PROPERTIES OUTPUT_NAME xtdb PREFIX "" SUFFIX ".so"
                        LINKER_LANGUAGE CXX LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}
                        LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/xtdb.map)
  # nodelete: threads of an open container must outlive sqlite3_close's dlclose.
  target_link_options(xtdb_module PRIVATE -Wl,-z,nodelete -Wl,--gc-sections
                      -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/xtdb.map)
  if(NOT XTDB_SANITIZE)
    target_link_options(xtdb_module PRIVATE -static-libstdc++ -static-libgcc -Wl,-z,defs)
  endif()
  install(CODE "set(CMAKE_INSTALL_DO_STRIP TRUE)")
  install(TARGETS xtdb_module LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

xtdb_find_sources(program_source ${PROJECT_SOURCE_DIR}/shell/main.cc)
if(program_source AND NOT XTDB_FUZZ)
  add_executable(xtdb_program ${program_source})
  target_link_libraries(xtdb_program PRIVATE xtdb_shell xtdb_entry SQLite::SQLite3)
  set_target_properties(xtdb_program PROPERTIES OUTPUT_NAME xtdb
                        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  install(CODE "set(CMAKE_INSTALL_DO_STRIP TRUE)")
  install(TARGETS xtdb_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES shell/xtdb.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES shell/completion/xtdb.bash RENAME xtdb
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES shell/completion/_xtdb
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
endif()

# The C interface: libxtdb.so, which exports what capi/xtdb.h declares and nothing else.
xtdb_find_sources(capi_sources ${PROJECT_SOURCE_DIR}/capi/*.cc)
if(capi_sources AND NOT XTDB_FUZZ)
  add_library(xtdb_shared SHARED ${capi_sources})
  target_link_libraries(xtdb_shared PRIVATE xtdb_planner)
  set_target_properties(xtdb_shared PROPERTIES OUTPUT_NAME xtdb VERSION ${PROJECT_VERSION}
                        SOVERSION 1 LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}
                        EXPORT_NAME xtdb LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/libxtdb.map)
  set_source_files_properties(${PROJECT_SOURCE_DIR}/capi/capi_version.cc PROPERTIES
                              COMPILE_DEFINITIONS XTDB_VERSION="${PROJECT_VERSION}")
  target_include_directories(xtdb_shared INTERFACE
                             $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/capi>
                             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_options(xtdb_shared PRIVATE -Wl,-z,nodelete -Wl,--gc-sections
                      -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/libxtdb.map)
  if(NOT XTDB_SANITIZE)
    target_link_options(xtdb_shared PRIVATE -static-libstdc++ -static-libgcc -Wl,-z,defs)
  endif()
  include(cmake/install.cmake)
endif()

# As they stand in the sources, so that their links lead to each other.
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES python/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/python)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY sql DESTINATION ${CMAKE_INSTALL_DATADIR}/xtdb OPTIONAL)
