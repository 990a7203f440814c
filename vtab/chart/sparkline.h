#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xtdb {

// Values in a row of characters, from one eighth of a block for the least to a whole one for the
// greatest; alike values give blocks of half the height. A character is one value, a blank one that
// is missing. Where there are more values than characters each character is for as many of them,
// and shows the one that is farthest from the average of all, so that no peak is lost.
//
// Any number of values is kept in bounded memory: of more than kPartsMax each part stands for
// several neighbours, and its values' least and greatest are kept. Threads: one at a time.
class Sparkline {
 public:
  static constexpr size_t kPartsMax = 8192;

  // Nothing: it is missing. Infinities are shown at the edge and stretch nothing. Not NaN.
  void Add(std::optional<double> value);
  uint64_t value_count() const { return value_count_; }
  // At most `width` characters, at least 1.
  std::string Draw(size_t width) const;

 private:
  struct Part {
    double min = 0;
    double max = 0;
    bool is_missing = true;
    void Add(const Part& other);
  };
  std::vector<Part> ColumnsOf(size_t width) const;

  std::vector<Part> parts_;
  uint64_t values_per_part_ = 1;
  uint64_t value_count_ = 0;
  double least_ = 0;  // of the finite ones, of which there are finite_count_
  double greatest_ = 0;
  double mean_ = 0;
  uint64_t finite_count_ = 0;
};

}  // namespace xtdb
