# Each tests/fuzz/NAME_fuzz.cc is one target: a libFuzzer program when XTDB_FUZZ is on, else a test
# that replays tests/fuzz/corpus/NAME and seeded mutations of it.
# What reads a damaged store takes the corpus of `container`.
set(fuzz_damaged_store backup salvage)
xtdb_find_sources(fuzz_sources ${PROJECT_SOURCE_DIR}/tests/fuzz/*_fuzz.cc)
# The file system in memory and the plain reader, which need no test framework.
add_library(xtdb_fuzz_support STATIC
            ${PROJECT_SOURCE_DIR}/tests/support/engine_oracle.cc
            ${PROJECT_SOURCE_DIR}/tests/support/faulty_core.cc
            ${PROJECT_SOURCE_DIR}/tests/support/faulty_file.cc
            ${PROJECT_SOURCE_DIR}/tests/support/faulty_file_system.cc
            ${PROJECT_SOURCE_DIR}/tests/support/simulated_process.cc
            ${PROJECT_SOURCE_DIR}/tests/support/sparse_bytes.cc
            ${PROJECT_SOURCE_DIR}/tests/fuzz/forged_store.cc)
target_link_libraries(xtdb_fuzz_support PUBLIC xtdb_engine)
set(fuzz_mutations 20000)
if(XTDB_SANITIZE)
  set(fuzz_mutations 2000)
endif()
# What opens a store for each input takes milliseconds, not microseconds, of them.
set(fuzz_slow backup log_apply salvage shared_memory)
math(EXPR fuzz_slow_mutations "${fuzz_mutations} / 20")
foreach(source IN LISTS fuzz_sources)
  get_filename_component(target ${source} NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" name ${target})
  add_executable(${target} ${source} ${PROJECT_SOURCE_DIR}/tests/fuzz/limited_memory.cc)
  target_link_libraries(${target} PRIVATE xtdb_fuzz_support xtdb_shell xtdb_entry
                                          SQLite::SQLite3)
  if(XTDB_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/driver_main.cc)
    set(mutations ${fuzz_mutations})
    if(name IN_LIST fuzz_slow)
      set(mutations ${fuzz_slow_mutations})
    endif()
    set(corpus ${name})
    if(name IN_LIST fuzz_damaged_store)
      set(corpus container)
    endif()
    add_test(NAME fuzz_replay.${name}
             COMMAND ${target} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${corpus} ${mutations})
    set_tests_properties(fuzz_replay.${name} PROPERTIES LABELS fuzz TIMEOUT 300)
  endif()
endforeach()
