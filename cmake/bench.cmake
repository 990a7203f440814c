# Each bench/NAME.cc is one Google Benchmark program build/bench/NAME.
xtdb_find_sources(bench_sources ${PROJECT_SOURCE_DIR}/bench/*.cc)
# Compares with xz, whose library (liblzma-dev) nothing else needs: without it this one is left out.
find_package(LibLZMA QUIET)
if(NOT LIBLZMA_FOUND)
  list(FILTER bench_sources EXCLUDE REGEX "series_bench.cc$")
endif()
foreach(source IN LISTS bench_sources)
  get_filename_component(name ${source} NAME_WE)
  add_executable(bench_${name} ${source})
  target_link_libraries(bench_${name} PRIVATE xtdb_shell xtdb_entry SQLite::SQLite3
                        benchmark::benchmark)
  set_target_properties(bench_${name} PROPERTIES OUTPUT_NAME ${name}
                        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
endforeach()
if(TARGET bench_series_bench)
  target_link_libraries(bench_series_bench PRIVATE LibLZMA::LibLZMA xtdb_fmt)
endif()
