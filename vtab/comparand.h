#pragma once

#include <cstdint>
#include <string>

#include "engine/base/status.h"
#include "planner/request.h"
#include "vtab/sqlite_api.h"

namespace xtdb {

// The right side of a comparison after its column's affinity has been applied.
struct Comparand {
  enum class Kind : uint8_t { kNull, kInteger, kReal, kText, kBlob };
  Kind kind = Kind::kNull;
  int64_t integer = 0;
  double real = 0;
  std::string bytes;  // kText, kBlob
};

// For a column of INTEGER or NUMERIC affinity: a text that is wholly a number is that number.
Comparand NumericComparand(sqlite3_value* value);
// No conversion: for `value` of text tags.
Comparand RawComparand(sqlite3_value* value);
// For `tag`: a number is its text.
Comparand TextComparand(sqlite3_value* value);
// For `ts`: a number, or a time text. kInvalidArgument for other texts.
Result<Comparand> TsComparand(sqlite3_value* value, int64_t now_us);
// For `time`: a time text. kInvalidArgument for everything else but NULL.
Result<Comparand> TimeComparand(sqlite3_value* value, int64_t now_us);

// < 0, 0, > 0 as `value` is less, equal, greater; SQL's order of kinds, integers and reals exactly.
// The comparand is not NULL.
int CompareInteger(int64_t value, const Comparand& comparand);
int CompareText(std::string_view value, const Comparand& comparand);

Operand ToOperand(Comparand comparand);  // not NULL

}  // namespace xtdb
