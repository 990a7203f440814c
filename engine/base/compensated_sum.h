#pragma once

#include <cmath>

namespace xtdb {

// A sum of doubles with the error that each addition made [Neumaier 1974].
class CompensatedSum {
 public:
  void Add(double value) {
    const double sum = sum_ + value;
    error_ += std::fabs(sum_) >= std::fabs(value) ? (sum_ - sum) + value : (value - sum) + sum_;
    sum_ = sum;
  }
  double value() const {
    // Past the largest double, or with infinities, the error is NaN and means nothing.
    return std::isfinite(sum_) ? sum_ + error_ : sum_;
  }

 private:
  double sum_ = 0;
  double error_ = 0;
};

}  // namespace xtdb
