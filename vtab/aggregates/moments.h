#pragma once

#include <cstdint>

#include "vtab/text/number_text.h"

namespace xtdb {

// From where numbers are counted: from the first one, if that is an integer, so that times in
// microseconds and other large integers lose no digits; REALs from zero, as PostgreSQL's float8.
class Origin {
 public:
  // How far the number is from it; the first one sets it.
  double Distance(const Number& number);
  double value() const { return static_cast<double>(integer_); }

 private:
  bool is_set_ = false;
  int64_t integer_ = 0;
};

// Count, sum and sum of squared differences from the mean, as PostgreSQL adds them up
// (src/backend/utils/adt/float.c): E. A. Youngs and E. M. Cramer, "Some Results Relevant to Choice
// of Sum and Sum-of-Product Algorithms", Technometrics 13 (1971). What is not finite makes the sums
// of squares NaN. Threads: one at a time.
struct Moments {
  double n = 0;
  double sum = 0;
  double squares = 0;
  bool has_overflow = false;  // of finite values

  void Add(double value);
};

// The same of pairs.
struct PairMoments {
  double n = 0;
  double sum_x = 0;
  double sum_y = 0;
  double squares_x = 0;
  double squares_y = 0;
  double products = 0;
  bool has_overflow = false;

  void Add(double x, double y);
};

}  // namespace xtdb
