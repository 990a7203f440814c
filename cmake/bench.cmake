# Each bench/NAME.cc is one program build/bench/NAME, target bench_NAME, with the sources of the
# folder bench/NAME/ if there is one; bench/common/ is for all. Built only when asked
# for; the target bench_all builds them all.
xtdb_find_sources(bench_common_sources ${PROJECT_SOURCE_DIR}/bench/common/*.cc)
add_custom_target(bench_all)
add_library(bench_common STATIC EXCLUDE_FROM_ALL ${bench_common_sources})
target_include_directories(bench_common PUBLIC ${PROJECT_SOURCE_DIR})
target_link_libraries(bench_common PUBLIC SQLite::SQLite3 xtdb_fmt)

xtdb_find_sources(bench_sources ${PROJECT_SOURCE_DIR}/bench/*.cc)
# Compares with xz, whose library (liblzma-dev) nothing else needs: without it this one is left out.
find_package(LibLZMA QUIET)
if(NOT LIBLZMA_FOUND)
  list(FILTER bench_sources EXCLUDE REGEX "series_bench.cc$")
endif()
foreach(source IN LISTS bench_sources)
  get_filename_component(name ${source} NAME_WE)
  xtdb_find_sources(part_sources ${PROJECT_SOURCE_DIR}/bench/${name}/*.cc)
  add_executable(bench_${name} EXCLUDE_FROM_ALL ${source} ${part_sources})
  target_link_libraries(bench_${name} PRIVATE xtdb_shell xtdb_entry SQLite::SQLite3
                        benchmark::benchmark)
  set_target_properties(bench_${name} PROPERTIES OUTPUT_NAME ${name}
                        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
  add_dependencies(bench_all bench_${name})
endforeach()
if(TARGET bench_series_bench)
  target_link_libraries(bench_series_bench PRIVATE LibLZMA::LibLZMA xtdb_fmt)
endif()
# These use xTdb as users do: the extension, and the program.
foreach(name compare growth_bench soak)
  add_dependencies(bench_${name} xtdb_module xtdb_program)
  target_link_libraries(bench_${name} PRIVATE bench_common xtdb_cli11 ${CMAKE_DL_LIBS})
endforeach()
foreach(name insert_bench write_bench scalar_bench)
  target_link_libraries(bench_${name} PRIVATE bench_common xtdb_cli11)
endforeach()
