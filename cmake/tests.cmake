# One executable for each folder tests/<layer> with *_test.cc in it; tests/support is linked to all.
include(GoogleTest)

add_library(xtdb_test_options INTERFACE)
target_compile_definitions(xtdb_test_options INTERFACE
                           XTDB_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                           XTDB_BINARY_DIR="${PROJECT_BINARY_DIR}")
if(XTDB_SANITIZE)
  target_compile_definitions(xtdb_test_options INTERFACE XTDB_SANITIZED=1)
endif()
target_link_libraries(xtdb_test_options INTERFACE xtdb_shell xtdb_entry SQLite::SQLite3
                      xtdb_zlib xtdb_zstd GTest::gmock GTest::gtest)

file(GLOB_RECURSE support_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.cc)
add_library(xtdb_test_support STATIC ${support_sources})
target_link_libraries(xtdb_test_support PUBLIC xtdb_test_options)
# The precompiled header is shared, so library and executables must agree on -fPIC and -fPIE.
set_target_properties(xtdb_test_support PROPERTIES POSITION_INDEPENDENT_CODE OFF)
target_precompile_headers(xtdb_test_support PRIVATE
  <gmock/gmock.h> <gtest/gtest.h> <algorithm> <filesystem> <functional> <map> <memory> <random>
  <span> <string> <vector>)

file(GLOB test_folders CONFIGURE_DEPENDS LIST_DIRECTORIES true ${PROJECT_SOURCE_DIR}/tests/*)
foreach(folder IN LISTS test_folders)
  get_filename_component(layer ${folder} NAME)
  file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS ${folder}/*_test.cc)
  if(NOT test_sources OR (layer STREQUAL "style" AND XTDB_SANITIZE))
    continue()  # style reads the sources: a sanitizer would add nothing but time
  endif()
  set(suites "-*LongTest*.*")
  if(XTDB_SANITIZE MATCHES "thread")
    # Threads meet in the engine, where many tags are aggregated, and in the C interface; else the
    # layers above it belong to one connection each.
    if(NOT layer MATCHES "^(engine|planner|capi)$")
      continue()
    endif()
    set(suites "Concurren*:WriterLock*:StorageEngineTest*:Transaction*:MemBuffer*:EventLog*"
        ":TagDictionary*:LogSyncer*:WriteCache*:ManyProcessesTest*:ProcessRaces*:FailedLogTest*"
        ":BackgroundWorker*:BackgroundCompaction*:BackgroundRetention*:GroupCommit*:BlockOutput*"
        ":AggregateParallel*:SealedDirectory*:CApiTest*")
    string(CONCAT suites ${suites})
  endif()
  set(target ${layer}_tests)
  # What stands beside these tests no other test needs.
  if(layer MATCHES "^(style|crash|oom|postgres)$")
    file(GLOB test_sources CONFIGURE_DEPENDS ${folder}/*.cc)
  endif()
  add_executable(${target} ${test_sources})
  target_link_libraries(${target} PRIVATE xtdb_test_support GTest::gmock_main)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_precompile_headers(${target} REUSE_FROM xtdb_test_support)
  if(TARGET xtdb_module)
    add_dependencies(${target} xtdb_module)
  endif()
  if(layer STREQUAL "capi")
    target_link_libraries(${target} PRIVATE xtdb_shared)
  endif()
  if(TARGET xtdb_program)
    add_dependencies(${target} xtdb_program)
  endif()
  if(layer STREQUAL "shell" AND TARGET xtdb_shared)
    add_dependencies(${target} xtdb_shared)  # of the package
  endif()
  # A suite whose name ends with LongTest is labelled `long`; sanitizer runs leave those out.
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_FILTER "${suites}"
                       DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300 LABELS ${layer})
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_FILTER "*LongTest*.*"
                       DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 1800 LABELS long)
endforeach()

# The long form of tests/crash/process_stress_test.cc, for as long as one likes.
file(GLOB stress_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/crash/*stress*.cc)
list(FILTER stress_sources EXCLUDE REGEX "_test\\.cc$")
if(NOT XTDB_SANITIZE MATCHES "thread")
  add_executable(process_stress ${PROJECT_SOURCE_DIR}/tests/crash/program/process_stress.cc
                 ${stress_sources})
  target_link_libraries(process_stress PRIVATE xtdb_test_options)
  if(TARGET xtdb_module)
    add_dependencies(process_stress xtdb_module)
  endif()
endif()

# xtdb_add_python_test(name label file [argument...])
function(xtdb_add_python_test name label file)
  add_test(NAME ${name} COMMAND ${XTDB_PYTHON} -B ${PROJECT_SOURCE_DIR}/tests/${file} ${ARGN})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300 LABELS ${label})
endfunction()
if(XTDB_PYTHON AND NOT XTDB_SANITIZE)
  xtdb_add_python_test(day_in_the_life python python/day_in_the_life.py
                       $<TARGET_FILE:xtdb_module>)
  xtdb_add_python_test(python.ThePackage python python/package_test.py $<TARGET_FILE:xtdb_module>)
  xtdb_add_python_test(docs.Links docs docs/links_test.py)
  if(TARGET xtdb_program AND TARGET xtdb_shared)
    xtdb_add_python_test(docs.ConsoleSessions docs docs/console_test.py ${PROJECT_BINARY_DIR})
    xtdb_add_python_test(docs.CodeBlocks docs docs/code_test.py ${PROJECT_BINARY_DIR})
  endif()
endif()

if(TARGET xtdb_shared AND TARGET xtdb_program AND NOT XTDB_SANITIZE)
  add_test(NAME install.TheInstalledTreeWorks
           COMMAND ${PROJECT_SOURCE_DIR}/tests/install/installed_tree.sh ${PROJECT_BINARY_DIR})
  set_tests_properties(install.TheInstalledTreeWorks PROPERTIES LABELS install TIMEOUT 300)
  # Ten seconds, and the first time a minute for what the root is made of.
  add_test(NAME install.CleanRoot
           COMMAND ${PROJECT_SOURCE_DIR}/tests/install/clean_root.sh ${PROJECT_BINARY_DIR})
  set_tests_properties(install.CleanRoot PROPERTIES SKIP_RETURN_CODE 77 LABELS install TIMEOUT 900)
endif()

# Programs in which users load the extension; each test is left out where its program is not there.
if(TARGET xtdb_module AND TARGET xtdb_shared AND NOT XTDB_SANITIZE)
  foreach(tool shell newer_shell isql odbc python newest_python jdbc node php perl sqlitebrowser
          libreoffice loggers pages)
    add_test(NAME tools.${tool}
             COMMAND ${PROJECT_SOURCE_DIR}/tests/tools/run.sh ${tool} ${PROJECT_BINARY_DIR})
    set_tests_properties(tools.${tool} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300 LABELS tools)
  endforeach()
endif()
