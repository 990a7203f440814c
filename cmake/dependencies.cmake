# Everything comes from Debian packages; what is missing is named by its package.
function(xtdb_require found package)
  if(NOT ${found})
    message(FATAL_ERROR "xtdb needs the Debian package ${package}: run "
                        "scripts/install_dependencies.sh or 'apt-get install ${package}'")
  endif()
endfunction()

# As a static archive the extension depends on nothing an application has to ship.
function(xtdb_static_library target header archive package)
  find_path(${target}_INCLUDE ${header})
  find_library(${target}_ARCHIVE NAMES ${archive})
  if(NOT ${target}_INCLUDE OR NOT ${target}_ARCHIVE)
    xtdb_require(FALSE ${package})
  endif()
  add_library(${target} UNKNOWN IMPORTED)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${${target}_ARCHIVE}"
                        INTERFACE_INCLUDE_DIRECTORIES "${${target}_INCLUDE}")
endfunction()

function(xtdb_header_library target header package)
  find_path(${target}_INCLUDE ${header})
  xtdb_require(${target}_INCLUDE ${package})
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE "${${target}_INCLUDE}")
endfunction()

find_package(Threads REQUIRED)

find_package(SQLite3 3.40)
xtdb_require(SQLite3_FOUND libsqlite3-dev)

xtdb_static_library(xtdb_zlib zlib.h libz.a zlib1g-dev)
xtdb_static_library(xtdb_zstd zstd.h libzstd.a libzstd-dev)
xtdb_static_library(xtdb_deflate libdeflate.h libdeflate.a libdeflate-dev)

# Time zones. The last archives are what the first ones call. They are compiled for programs: an
# extension can have them only together with the C++ library, which a sanitizer wants outside.
if(XTDB_SANITIZE)
  set(absl_suffix so)
else()
  set(absl_suffix a)
endif()
xtdb_static_library(xtdb_absl absl/time/time.h libabsl_time.${absl_suffix} libabsl-dev)
foreach(part time_zone civil_time strings strings_internal base spinlock_wait int128
        throw_delegate raw_logging_internal log_severity)
  xtdb_static_library(xtdb_absl_${part} absl/time/time.h libabsl_${part}.${absl_suffix}
                      libabsl-dev)
  set_property(TARGET xtdb_absl APPEND PROPERTY INTERFACE_LINK_LIBRARIES xtdb_absl_${part})
endforeach()

# Header-only: a shared libspdlog or libfmt would have to be installed beside the extension.
xtdb_header_library(xtdb_fmt fmt/core.h libfmt-dev)
target_compile_definitions(xtdb_fmt INTERFACE FMT_HEADER_ONLY)
xtdb_header_library(xtdb_spdlog spdlog/spdlog.h libspdlog-dev)
target_compile_definitions(xtdb_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
target_link_libraries(xtdb_spdlog INTERFACE xtdb_fmt)
xtdb_header_library(xtdb_cli11 CLI/CLI.hpp libcli11-dev)
xtdb_header_library(xtdb_rapidjson rapidjson/reader.h rapidjson-dev)
xtdb_header_library(xtdb_xxhash xxhash.h libxxhash-dev)
target_compile_definitions(xtdb_xxhash INTERFACE XXH_INLINE_ALL)

if(XTDB_BUILD_TESTS AND NOT XTDB_FUZZ)
  find_package(GTest)
  xtdb_require(GTest_FOUND libgtest-dev)
  if(NOT TARGET GTest::gmock)
    xtdb_require(FALSE libgmock-dev)
  endif()
endif()
if(XTDB_BUILD_BENCH AND NOT XTDB_FUZZ)
  find_package(benchmark)
  xtdb_require(benchmark_FOUND libbenchmark-dev)
endif()
