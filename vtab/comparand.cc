#include "vtab/comparand.h"

#include <cmath>
#include <optional>

#include "vtab/sqlite_glue.h"
#include "vtab/text/number_text.h"
#include "vtab/text/quote_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {

using Kind = Comparand::Kind;

Comparand RawComparand(sqlite3_value* value) {
  Comparand comparand;
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      comparand.kind = Kind::kInteger;
      comparand.integer = sqlite3_value_int64(value);
      break;
    case SQLITE_FLOAT:
      comparand.kind = Kind::kReal;
      comparand.real = sqlite3_value_double(value);
      break;
    case SQLITE_TEXT:
      comparand.kind = Kind::kText;
      comparand.bytes = TextOf(value);
      break;
    case SQLITE_BLOB:
      comparand.kind = Kind::kBlob;
      comparand.bytes = BlobOf(value);
      break;
    default:
      break;
  }
  return comparand;
}

Comparand NumericComparand(sqlite3_value* value) {
  Comparand comparand = RawComparand(value);
  if (comparand.kind != Kind::kText) return comparand;
  const std::optional<Number> number = ParseWholeNumber(comparand.bytes);
  if (!number) return comparand;
  comparand.kind = number->is_integer ? Kind::kInteger : Kind::kReal;
  comparand.integer = number->integer;
  comparand.real = number->real;
  return comparand;
}

Comparand TextComparand(sqlite3_value* value) {
  Comparand comparand;
  switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
      return comparand;
    case SQLITE_BLOB:
      return RawComparand(value);
    default:
      comparand.kind = Kind::kText;
      comparand.bytes = TextOf(value);
      return comparand;
  }
}

Result<Comparand> TsComparand(sqlite3_value* value, int64_t now_us) {
  Comparand comparand = NumericComparand(value);
  if (comparand.kind != Kind::kText) return comparand;
  XTDB_ASSIGN_OR_RETURN(comparand.integer, ParseTime(comparand.bytes, now_us));
  comparand.kind = Kind::kInteger;
  return comparand;
}

Result<Comparand> TimeComparand(sqlite3_value* value, int64_t now_us) {
  Comparand comparand;
  switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
      return comparand;
    case SQLITE_TEXT: {
      XTDB_ASSIGN_OR_RETURN(comparand.integer, ParseTime(TextOf(value), now_us));
      comparand.kind = Kind::kInteger;
      return comparand;
    }
    case SQLITE_BLOB:
      return Status::InvalidArgument("time is compared with " + ShowValue(value) +
                                     "; write a text like '2026-01-02 03:04:05'");
    default:
      return NumberAsTime(ShowValue(value));
  }
}

int CompareInteger(int64_t value, const Comparand& comparand) {
  switch (comparand.kind) {
    case Kind::kInteger:
      return value < comparand.integer ? -1 : value > comparand.integer ? 1 : 0;
    case Kind::kReal: {
      constexpr double kTwoTo63 = 9223372036854775808.0;
      if (comparand.real >= kTwoTo63) return -1;
      if (comparand.real < -kTwoTo63) return 1;
      const double floor = std::floor(comparand.real);
      const auto whole = static_cast<int64_t>(floor);
      if (value != whole) return value < whole ? -1 : 1;
      return comparand.real > floor ? -1 : 0;
    }
    default:
      return -1;  // numbers are before texts and BLOBs
  }
}

int CompareText(std::string_view value, const Comparand& comparand) {
  if (comparand.kind == Kind::kBlob) return -1;
  if (comparand.kind != Kind::kText) return 1;
  return value.compare(comparand.bytes);
}

Operand ToOperand(Comparand comparand) {
  Operand operand;
  switch (comparand.kind) {
    case Kind::kInteger:
      operand.kind = Operand::Kind::kInteger;
      break;
    case Kind::kReal:
      operand.kind = Operand::Kind::kReal;
      break;
    case Kind::kText:
      operand.kind = Operand::Kind::kText;
      break;
    default:
      operand.kind = Operand::Kind::kBlob;
      break;
  }
  operand.integer = comparand.integer;
  operand.real = comparand.real;
  operand.text = std::move(comparand.bytes);
  return operand;
}

}  // namespace xtdb
