# Each tests/fuzz/NAME_fuzz.cc is one target: a libFuzzer program when XTDB_FUZZ is on, else a test
# that replays tests/fuzz/corpus/NAME and seeded mutations of it.
xtdb_find_sources(fuzz_sources ${PROJECT_SOURCE_DIR}/tests/fuzz/*_fuzz.cc)
foreach(source IN LISTS fuzz_sources)
  get_filename_component(target ${source} NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" name ${target})
  add_executable(${target} ${source})
  target_link_libraries(${target} PRIVATE xtdb_shell xtdb_entry SQLite::SQLite3)
  if(XTDB_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/driver_main.cc)
    add_test(NAME fuzz_replay.${name}
             COMMAND ${target} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(fuzz_replay.${name} PROPERTIES LABELS fuzz TIMEOUT 300)
  endif()
endforeach()
