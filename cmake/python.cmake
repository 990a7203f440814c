# The Python package. Where it belongs depends on the prefix, which the installation alone knows.
# Debian's Python is taken first: it can load SQLite extensions, and others often cannot.
find_program(XTDB_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(XTDB_PYTHON python3)
set(XTDB_PYTHON_FOLDER "" CACHE STRING
    "Where the Python package goes, relative to the prefix; empty: where a Python there looks")

install(CODE "set(xtdb_python \"${XTDB_PYTHON}\")
set(xtdb_python_folder \"${XTDB_PYTHON_FOLDER}\")
set(xtdb_library_folder \"${CMAKE_INSTALL_LIBDIR}\")
set(xtdb_source \"${PROJECT_SOURCE_DIR}\")")
install(SCRIPT cmake/install_python.cmake)
