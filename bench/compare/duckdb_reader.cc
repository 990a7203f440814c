#include "bench/compare/duckdb_reader.h"

#include "bench/common/text.h"

namespace xtdb::bench {
namespace {

template <typename T>
double SumOf(const void* data, uint64_t rows) {
  const T* const values = static_cast<const T*>(data);
  double sum = 0;
  for (uint64_t row = 0; row < rows; ++row) sum += static_cast<double>(values[row]);
  return sum;
}

}  // namespace

DuckdbReader::DuckdbReader(DuckdbConnection& db, const std::string& sql)
    : api_(db.api()), statement_(db.Prepare(sql)) {}

DuckdbReader::~DuckdbReader() { api_.destroy_prepare(&statement_); }

Answer DuckdbReader::Read(const ReadKey& key) {
  Bind(key);
  DuckdbApi::QueryResult result{};
  if (api_.execute_prepared(statement_, &result) != 0) Fail(api_.result_error(&result));
  Answer answer;
  while (DuckdbApi::DataChunk chunk = api_.fetch_chunk(result)) {
    AddChunk(result, chunk, answer);
    api_.destroy_data_chunk(&chunk);
  }
  api_.destroy_result(&result);
  return answer;
}

void DuckdbReader::Bind(const ReadKey& key) {
  DuckdbApi::Index at = 0;
  const auto has = [&](const char* name) {
    return api_.bind_parameter_index(statement_, &at, name) == 0;
  };
  if (has("tag")) api_.bind_int32(statement_, at, static_cast<int32_t>(key.tag_number));
  if (has("from")) api_.bind_timestamp(statement_, at, {key.from_us});
  if (has("to")) api_.bind_timestamp(statement_, at, {key.to_us});
  if (has("bound")) api_.bind_double(statement_, at, key.bound);
}

void DuckdbReader::AddChunk(DuckdbApi::QueryResult& result, DuckdbApi::DataChunk chunk,
                            Answer& answer) {
  const DuckdbApi::Index rows = api_.data_chunk_get_size(chunk);
  const DuckdbApi::Index columns = api_.column_count(&result);
  answer.rows += rows;
  for (DuckdbApi::Index column = 0; column < columns; ++column) {
    const void* const data = api_.vector_get_data(api_.data_chunk_get_vector(chunk, column));
    switch (api_.column_type(&result, column)) {
      case DuckdbApi::kBigint:
      case DuckdbApi::kTimestamp:
        answer.sum += SumOf<int64_t>(data, rows);
        break;
      case DuckdbApi::kDouble:
        answer.sum += SumOf<double>(data, rows);
        break;
      case DuckdbApi::kUtinyint:
        answer.sum += SumOf<uint8_t>(data, rows);
        break;
      case DuckdbApi::kInteger:  // a tag, which elsewhere is text and does not count
        break;
      default:
        Fail("DuckDB answers with a type that nobody asked for");
    }
  }
}

}  // namespace xtdb::bench
