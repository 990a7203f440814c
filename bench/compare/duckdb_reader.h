#pragma once

#include <string>

#include "bench/compare/duckdb_connection.h"
#include "bench/compare/store.h"

namespace xtdb::bench {

// A prepared query with the parameters $tag, $from, $to and $bound, as far as it has them.
class DuckdbReader : public Reader {
 public:
  DuckdbReader(DuckdbConnection& db, const std::string& sql);
  ~DuckdbReader() override;
  Answer Read(const ReadKey& key) override;

 private:
  void Bind(const ReadKey& key);
  void AddChunk(DuckdbApi::QueryResult& result, DuckdbApi::DataChunk chunk, Answer& answer);

  const DuckdbApi& api_;
  DuckdbApi::Statement statement_;
};

}  // namespace xtdb::bench
