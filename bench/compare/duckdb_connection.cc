#include "bench/compare/duckdb_connection.h"

#include "bench/common/text.h"

namespace xtdb::bench {

DuckdbConnection::DuckdbConnection(const DuckdbApi& api, const std::string& path, int threads)
    : api_(api) {
  if (api_.open(path.c_str(), &database_) != 0) Fail("DuckDB cannot open " + path);
  if (api_.connect(database_, &connection_) != 0) Fail("DuckDB cannot connect to " + path);
  if (threads > 0) Run("SET threads = " + std::to_string(threads));
}

DuckdbConnection::~DuckdbConnection() {
  api_.disconnect(&connection_);
  api_.close(&database_);
}

void DuckdbConnection::Run(const std::string& sql) {
  DuckdbApi::QueryResult result{};
  if (api_.query(connection_, sql.c_str(), &result) != 0)
    Fail(sql + ": " + api_.result_error(&result));
  api_.destroy_result(&result);
}

DuckdbApi::Statement DuckdbConnection::Prepare(const std::string& sql) {
  DuckdbApi::Statement statement = nullptr;
  if (api_.prepare(connection_, sql.c_str(), &statement) != 0)
    Fail(sql + ": " + api_.prepare_error(statement));
  return statement;
}

}  // namespace xtdb::bench
