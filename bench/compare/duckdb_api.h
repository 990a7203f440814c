#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace xtdb::bench {

// The calls of DuckDB's documented C interface that the benchmark needs, found in its shared
// library when the program runs: Debian has no package to build with.
struct DuckdbApi {
  using Index = uint64_t;
  using State = int;  // 0: done
  using Database = struct OpaqueDatabase*;
  using Connection = struct OpaqueConnection*;
  using Statement = struct OpaqueStatement*;
  using Appender = struct OpaqueAppender*;
  using DataChunk = struct OpaqueDataChunk*;
  using Vector = struct OpaqueVector*;
  using LogicalType = struct OpaqueLogicalType*;
  struct QueryResult {  // of the size and alignment of duckdb_result
    void* fields[6];
  };
  struct Timestamp {
    int64_t micros;
  };
  enum Type : int { kInteger = 4, kBigint = 5, kUtinyint = 6, kDouble = 11, kTimestamp = 12 };

  const char* (*library_version)();
  State (*open)(const char* path, Database* out);
  void (*close)(Database* database);
  State (*connect)(Database database, Connection* out);
  void (*disconnect)(Connection* connection);
  State (*query)(Connection connection, const char* sql, QueryResult* out);
  const char* (*result_error)(QueryResult* result);
  void (*destroy_result)(QueryResult* result);
  Index (*column_count)(QueryResult* result);
  Type (*column_type)(QueryResult* result, Index column);

  State (*prepare)(Connection connection, const char* sql, Statement* out);
  const char* (*prepare_error)(Statement statement);
  void (*destroy_prepare)(Statement* statement);
  State (*bind_parameter_index)(Statement statement, Index* out, const char* name);
  State (*bind_int32)(Statement statement, Index index, int32_t value);
  State (*bind_double)(Statement statement, Index index, double value);
  State (*bind_timestamp)(Statement statement, Index index, Timestamp value);
  State (*execute_prepared)(Statement statement, QueryResult* out);

  DataChunk (*fetch_chunk)(QueryResult result);
  LogicalType (*create_logical_type)(Type type);
  void (*destroy_logical_type)(LogicalType* type);
  DataChunk (*create_data_chunk)(LogicalType* types, Index columns);
  void (*destroy_data_chunk)(DataChunk* chunk);
  void (*data_chunk_reset)(DataChunk chunk);
  Index (*data_chunk_get_size)(DataChunk chunk);
  void (*data_chunk_set_size)(DataChunk chunk, Index size);
  Vector (*data_chunk_get_vector)(DataChunk chunk, Index column);
  void* (*vector_get_data)(Vector vector);
  Index (*vector_size)();

  State (*appender_create)(Connection connection, const char* schema, const char* table,
                           Appender* out);
  const char* (*appender_error)(Appender appender);
  State (*append_data_chunk)(Appender appender, DataChunk chunk);
  State (*appender_flush)(Appender appender);
  State (*appender_close)(Appender appender);
  State (*appender_destroy)(Appender* appender);

  // Null, and `error` says why: the library is not there, or lacks one of these.
  static std::unique_ptr<DuckdbApi> Load(const std::string& path, std::string& error);
};

}  // namespace xtdb::bench
