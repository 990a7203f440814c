#include "vtab/aggregates/held_value.h"

#include <cmath>

#include "vtab/sqlite_glue.h"

namespace xtdb {
namespace {

int Order(double a, double b) { return a < b ? -1 : a > b ? 1 : 0; }

// An integer beside a real, exactly.
int Order(int64_t a, double b) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (b >= kTwoTo63) return -1;
  if (b < -kTwoTo63) return 1;
  const double whole = std::trunc(b);
  const auto integer = static_cast<int64_t>(whole);
  if (a != integer) return a < integer ? -1 : 1;
  return Order(whole, b);
}

// Places of the types in the order of values; integers and reals share one.
int RankOf(int type) {
  switch (type) {
    case SQLITE_NULL:
      return 0;
    case SQLITE_TEXT:
      return 2;
    case SQLITE_BLOB:
      return 3;
    default:
      return 1;
  }
}

}  // namespace

void HeldValue::Take(sqlite3_value* value) {
  type_ = sqlite3_value_type(value);
  switch (type_) {
    case SQLITE_INTEGER:
      integer_ = sqlite3_value_int64(value);
      break;
    case SQLITE_FLOAT:
      real_ = sqlite3_value_double(value);
      break;
    case SQLITE_TEXT:
      bytes_.assign(TextOf(value));
      break;
    case SQLITE_BLOB:
      bytes_.assign(BlobOf(value));
      break;
    default:
      break;
  }
}

int HeldValue::Compare(const HeldValue& other) const {
  const int rank = RankOf(type_);
  const int other_rank = RankOf(other.type_);
  if (rank != other_rank) return rank < other_rank ? -1 : 1;
  if (rank == 0) return 0;
  if (rank != 1) return bytes_.compare(other.bytes_);
  if (type_ == SQLITE_INTEGER) {
    if (other.type_ == SQLITE_INTEGER) {
      return integer_ < other.integer_ ? -1 : integer_ > other.integer_ ? 1 : 0;
    }
    return Order(integer_, other.real_);
  }
  return other.type_ == SQLITE_INTEGER ? -Order(other.integer_, real_) : Order(real_, other.real_);
}

void HeldValue::Give(sqlite3_context* context) const {
  switch (type_) {
    case SQLITE_INTEGER:
      return sqlite3_result_int64(context, integer_);
    case SQLITE_FLOAT:
      return sqlite3_result_double(context, real_);
    case SQLITE_TEXT:
      return sqlite3_result_text64(context, bytes_.data(), bytes_.size(), SQLITE_TRANSIENT,
                                   SQLITE_UTF8);
    case SQLITE_BLOB:
      return sqlite3_result_blob64(context, bytes_.data(), bytes_.size(), SQLITE_TRANSIENT);
    default:
      return;
  }
}

}  // namespace xtdb
