#include "vtab/aggregates/moments.h"

#include <cmath>
#include <limits>

namespace xtdb {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// What became infinite is NaN from then on; that it did so of finite values is an overflow.
bool Settle(double sum, double value, double sum_before, double& squares) {
  if (!std::isinf(sum) && !std::isinf(squares)) return false;
  squares = kNan;
  return std::isfinite(sum_before) && std::isfinite(value);
}

__extension__ using Int128 = __int128;

}  // namespace

double Origin::Distance(const Number& number) {
  if (!is_set_) {
    is_set_ = true;
    integer_ = number.is_integer ? number.integer : 0;
  }
  if (!number.is_integer) return number.real - value();
  return static_cast<double>(Int128{number.integer} - integer_);
}

void Moments::Add(double value) {
  const double n_before = n, sum_before = sum;
  n += 1;
  sum += value;
  if (n_before > 0) {
    const double difference = value * n - sum;
    squares += difference * difference / (n * n_before);
    has_overflow |= Settle(sum, value, sum_before, squares);
  } else if (!std::isfinite(value)) {
    squares = kNan;
  }
}

void PairMoments::Add(double x, double y) {
  const double n_before = n, sum_x_before = sum_x, sum_y_before = sum_y;
  n += 1;
  sum_x += x;
  sum_y += y;
  if (n_before > 0) {
    const double difference_x = x * n - sum_x;
    const double difference_y = y * n - sum_y;
    const double scale = 1.0 / (n * n_before);
    squares_x += difference_x * difference_x * scale;
    squares_y += difference_y * difference_y * scale;
    products += difference_x * difference_y * scale;
    const bool is_finite = std::isfinite(sum_x_before) && std::isfinite(sum_y_before) &&
                           std::isfinite(x) && std::isfinite(y);
    if (std::isinf(products)) {
      products = kNan;
      has_overflow |= is_finite;
    }
    has_overflow |= Settle(sum_x, x, sum_x_before, squares_x);
    has_overflow |= Settle(sum_y, y, sum_y_before, squares_y);
    return;
  }
  if (!std::isfinite(x)) squares_x = products = kNan;
  if (!std::isfinite(y)) squares_y = products = kNan;
}

}  // namespace xtdb
