#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "vtab/sqlite_api.h"

namespace xtdb {

// A value of SQL's that outlives the row it came from. Keeps the memory of a text for the next one.
class HeldValue {
 public:
  HeldValue() = default;
  explicit HeldValue(sqlite3_value* value) { Take(value); }
  void Take(sqlite3_value* value);
  size_t HeapBytes() const { return bytes_.capacity(); }
  bool is_null() const { return type_ == SQLITE_NULL; }
  bool is_number() const { return type_ == SQLITE_INTEGER || type_ == SQLITE_FLOAT; }
  // Of a number.
  double AsReal() const { return type_ == SQLITE_INTEGER ? static_cast<double>(integer_) : real_; }
  // SQLite's order under BINARY: NULL, numbers, texts, BLOBs.
  int Compare(const HeldValue& other) const;
  void Give(sqlite3_context* context) const;

 private:
  int type_ = SQLITE_NULL;
  int64_t integer_ = 0;
  double real_ = 0;
  std::string bytes_;  // of a text or BLOB
};

}  // namespace xtdb
