#pragma once

#include <cstdint>

#include "bench/compare/duckdb_connection.h"

namespace xtdb::bench {

// Appends rows to table t by columnar chunks, DuckDB's fastest way in.
class DuckdbAppender {
 public:
  explicit DuckdbAppender(DuckdbConnection& db);
  ~DuckdbAppender();
  DuckdbAppender(const DuckdbAppender&) = delete;
  DuckdbAppender& operator=(const DuckdbAppender&) = delete;

  void Add(uint32_t tag, int64_t ts_us, double value) {
    tags_[rows_] = static_cast<int32_t>(tag);
    ts_us_[rows_] = ts_us;
    values_[rows_] = value;
    qualities_[rows_] = 192;
    if (++rows_ == rows_max_) PassOn();
  }
  // What was added is in the table, in the current transaction.
  void Flush();

 private:
  void PassOn();
  void Renew();
  void Check(DuckdbApi::State state);

  const DuckdbApi& api_;
  DuckdbApi::Appender appender_ = nullptr;
  DuckdbApi::DataChunk chunk_ = nullptr;
  int32_t* tags_ = nullptr;
  int64_t* ts_us_ = nullptr;
  double* values_ = nullptr;
  uint8_t* qualities_ = nullptr;
  DuckdbApi::Index rows_ = 0;
  const DuckdbApi::Index rows_max_;
};

}  // namespace xtdb::bench
