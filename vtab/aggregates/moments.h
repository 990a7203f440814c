#pragma once

#include <cstdint>

namespace xtdb {

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
