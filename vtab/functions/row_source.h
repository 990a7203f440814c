#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/status.h"
#include "planner/plan.h"
#include "vtab/sqlite_api.h"

namespace xtdb {

// A TIMESTAMP: text in SQL.
struct TimeCell {
  int64_t ts_us = 0;
};
// Not computed yet: RowSource::Complete fills it in when SQLite asks for it.
// Not copied, so that no Cell is: where memory ends within the copy of a variant of such types, the
// library's destructor reads an index that was never set.
struct LateCell {
  LateCell() = default;
  LateCell(LateCell&&) = default;
  LateCell& operator=(LateCell&&) = default;
};
struct BlobCell {
  std::string bytes;
};
// One value of an output row; monostate is NULL.
using Cell =
    std::variant<std::monostate, int64_t, double, std::string, TimeCell, BlobCell, LateCell>;
using Cells = std::vector<Cell>;

template <typename... Values>
Cells MakeCells(Values&&... values) {
  Cells cells;
  cells.reserve(sizeof...(values));
  (cells.emplace_back(std::forward<Values>(values)), ...);
  return cells;
}

struct FunctionRow {
  int64_t key = 0;  // unique among the rows of one call, whatever columns are constrained
  Cells cells;      // one for each declared column
};

// The rows of one call of a table-valued function, made as they are asked for.
// Threads: one connection's.
class RowSource {
 public:
  virtual ~RowSource() = default;
  // Replaces `row` by the next one; false at the end.
  virtual Result<bool> Next(FunctionRow& row) = 0;
  // Replaces the LateCells of the row that Next gave last.
  virtual Status Complete(FunctionRow& /*row*/) { return {}; }
};

// NaN, as of infinities that cancel each other, is NULL in SQL.
Cell RealCell(double value);
// A value of `tag_type` as SQL has it: NaN is NULL, integers from before a tag widened are REAL.
Cell ValueCell(const FoundPoint& found, ValueType tag_type);
Cell ValueCell(ValueBits bits, ValueType type, ValueType tag_type);  // not text

// Hands it to SQLite, which copies it.
void SetResult(sqlite3_context* context, const Cell& cell);

// A key of a row that a tag and a time name.
constexpr int64_t RowKey(TagId tag, int64_t ts_us) {
  constexpr uint64_t kOdd = 0x9E37'79B9'7F4A'7C15;
  return static_cast<int64_t>(static_cast<uint64_t>(ts_us) * kOdd + tag * (kOdd << 20 | 1));
}

inline Cell Count(uint64_t count) { return static_cast<int64_t>(count); }

}  // namespace xtdb
