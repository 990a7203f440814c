#pragma once

#include <string>

#include "bench/compare/duckdb_api.h"

namespace xtdb::bench {

// A database of DuckDB and one connection to it. Errors end the program.
class DuckdbConnection {
 public:
  // threads: 0 takes the default.
  DuckdbConnection(const DuckdbApi& api, const std::string& path, int threads);
  ~DuckdbConnection();
  DuckdbConnection(const DuckdbConnection&) = delete;
  DuckdbConnection& operator=(const DuckdbConnection&) = delete;

  void Run(const std::string& sql);
  DuckdbApi::Statement Prepare(const std::string& sql);  // the caller destroys it
  const DuckdbApi& api() const { return api_; }
  DuckdbApi::Connection get() const { return connection_; }

 private:
  const DuckdbApi& api_;
  DuckdbApi::Database database_ = nullptr;
  DuckdbApi::Connection connection_ = nullptr;
};

}  // namespace xtdb::bench
