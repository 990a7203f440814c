#pragma once

#include <span>
#include <string>
#include <vector>

#include "vtab/sqlite_api.h"

namespace xtdb {

// A scalar function with a name of PostgreSQL's or TimescaleDB's.
struct Scalar {
  using Function = void (*)(sqlite3_context*, int, sqlite3_value**);
  const char* name;
  int argument_count;
  Function function;
  bool is_deterministic = true;
};

// Of each source file.
std::span<const Scalar> BucketScalars();  // time_bucket, date_bin
std::span<const Scalar> TimeScalars();    // ts, now, date_trunc, date_part, to_timestamp, timezone
std::span<const Scalar> IntervalScalars();  // ts_add, ts_sub, ts_diff, age
std::span<const Scalar> FormatScalars();    // to_char, to_timestamp of a template, pg_text
std::span<const Scalar> QualityScalars();   // q_good, q_uncertain, q_bad, q_text, quality_to_ua ...
std::span<const Scalar> SketchScalars();    // approx_percentile, rate, average, distinct_count ...

// Registers all of them and the aggregates but those that the host has with that number of
// arguments, whose names are appended to `left_to_host` as "name/2". Returns an SQLite code.
int RegisterSqlFunctions(sqlite3* db, std::vector<std::string>& left_to_host);

}  // namespace xtdb
