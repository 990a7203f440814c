#include "bench/compare/duckdb_api.h"

#include <dlfcn.h>

namespace xtdb::bench {
namespace {

class Finder {
 public:
  Finder(void* library, std::string& error) : library_(library), error_(error) {}

  template <typename Function>
  void Find(const char* name, Function& function) {
    const std::string symbol = std::string("duckdb_") + name;
    function = reinterpret_cast<Function>(dlsym(library_, symbol.c_str()));
    if (function == nullptr && error_.empty()) error_ = "no function " + symbol;
  }

 private:
  void* const library_;
  std::string& error_;
};

}  // namespace

std::unique_ptr<DuckdbApi> DuckdbApi::Load(const std::string& path, std::string& error) {
  // Stays loaded: it has threads that outlive its databases.
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    error = dlerror();
    return nullptr;
  }
  auto api = std::make_unique<DuckdbApi>();
  Finder finder(library, error);
#define XTDB_BENCH_FIND(name) finder.Find(#name, api->name)
  XTDB_BENCH_FIND(library_version);
  XTDB_BENCH_FIND(open);
  XTDB_BENCH_FIND(close);
  XTDB_BENCH_FIND(connect);
  XTDB_BENCH_FIND(disconnect);
  XTDB_BENCH_FIND(query);
  XTDB_BENCH_FIND(result_error);
  XTDB_BENCH_FIND(destroy_result);
  XTDB_BENCH_FIND(column_count);
  XTDB_BENCH_FIND(column_type);
  XTDB_BENCH_FIND(prepare);
  XTDB_BENCH_FIND(prepare_error);
  XTDB_BENCH_FIND(destroy_prepare);
  XTDB_BENCH_FIND(bind_parameter_index);
  XTDB_BENCH_FIND(bind_int32);
  XTDB_BENCH_FIND(bind_double);
  XTDB_BENCH_FIND(bind_timestamp);
  XTDB_BENCH_FIND(execute_prepared);
  XTDB_BENCH_FIND(fetch_chunk);
  XTDB_BENCH_FIND(create_logical_type);
  XTDB_BENCH_FIND(destroy_logical_type);
  XTDB_BENCH_FIND(create_data_chunk);
  XTDB_BENCH_FIND(destroy_data_chunk);
  XTDB_BENCH_FIND(data_chunk_reset);
  XTDB_BENCH_FIND(data_chunk_get_size);
  XTDB_BENCH_FIND(data_chunk_set_size);
  XTDB_BENCH_FIND(data_chunk_get_vector);
  XTDB_BENCH_FIND(vector_get_data);
  XTDB_BENCH_FIND(vector_size);
  XTDB_BENCH_FIND(appender_create);
  XTDB_BENCH_FIND(appender_error);
  XTDB_BENCH_FIND(append_data_chunk);
  XTDB_BENCH_FIND(appender_flush);
  XTDB_BENCH_FIND(appender_close);
  XTDB_BENCH_FIND(appender_destroy);
#undef XTDB_BENCH_FIND
  if (!error.empty()) return nullptr;
  return api;
}

}  // namespace xtdb::bench
