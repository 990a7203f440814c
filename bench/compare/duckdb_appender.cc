#include "bench/compare/duckdb_appender.h"

#include "bench/common/text.h"

namespace xtdb::bench {

DuckdbAppender::DuckdbAppender(DuckdbConnection& db)
    : api_(db.api()), rows_max_(api_.vector_size()) {
  Check(api_.appender_create(db.get(), nullptr, "t", &appender_));
  DuckdbApi::LogicalType types[] = {api_.create_logical_type(DuckdbApi::kInteger),
                                    api_.create_logical_type(DuckdbApi::kTimestamp),
                                    api_.create_logical_type(DuckdbApi::kDouble),
                                    api_.create_logical_type(DuckdbApi::kUtinyint)};
  chunk_ = api_.create_data_chunk(types, 4);
  for (DuckdbApi::LogicalType& type : types) api_.destroy_logical_type(&type);
  Renew();
}

DuckdbAppender::~DuckdbAppender() {
  Flush();
  api_.destroy_data_chunk(&chunk_);
  Check(api_.appender_close(appender_));
  api_.appender_destroy(&appender_);
}

void DuckdbAppender::Check(DuckdbApi::State state) {
  if (state == 0) return;
  const char* const error = api_.appender_error(appender_);
  Fail(std::string("DuckDB appender: ") + (error != nullptr ? error : "failed"));
}

void DuckdbAppender::Renew() {
  api_.data_chunk_reset(chunk_);
  rows_ = 0;
  const auto data = [&](DuckdbApi::Index column) {
    return api_.vector_get_data(api_.data_chunk_get_vector(chunk_, column));
  };
  tags_ = static_cast<int32_t*>(data(0));
  ts_us_ = static_cast<int64_t*>(data(1));
  values_ = static_cast<double*>(data(2));
  qualities_ = static_cast<uint8_t*>(data(3));
}

void DuckdbAppender::PassOn() {
  api_.data_chunk_set_size(chunk_, rows_);
  Check(api_.append_data_chunk(appender_, chunk_));
  Renew();
}

void DuckdbAppender::Flush() {
  if (rows_ > 0) PassOn();
  Check(api_.appender_flush(appender_));
}

}  // namespace xtdb::bench
