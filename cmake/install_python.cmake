# Run by `cmake --install`. Takes xtdb_python, xtdb_python_folder, xtdb_library_folder, xtdb_source.
if(NOT xtdb_python_folder AND xtdb_python)
  execute_process(COMMAND ${xtdb_python} -B ${xtdb_source}/cmake/python_folder.py
                          ${CMAKE_INSTALL_PREFIX}
                  OUTPUT_VARIABLE xtdb_python_folder OUTPUT_STRIP_TRAILING_WHITESPACE
                  COMMAND_ERROR_IS_FATAL ANY)
endif()
if(xtdb_python_folder)
  set(package ${CMAKE_INSTALL_PREFIX}/${xtdb_python_folder}/xtdb)
  # By name: what Python has left in the sources stays there.
  file(INSTALL TYPE FILE DESTINATION ${package}
       FILES ${xtdb_source}/python/xtdb/__init__.py ${xtdb_source}/python/xtdb/py.typed)
  # Relative, so that the tree may be moved. The package looks for the extension beside itself.
  get_filename_component(extension ${xtdb_library_folder}/xtdb.so ABSOLUTE
                         BASE_DIR ${CMAKE_INSTALL_PREFIX})
  file(RELATIVE_PATH extension ${package} ${extension})
  file(CREATE_LINK ${extension} $ENV{DESTDIR}${package}/xtdb.so SYMBOLIC)
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES ${package}/xtdb.so)
else()
  message(STATUS "No python3: the Python package is left out; XTDB_PYTHON_FOLDER says where to")
endif()
