#include <algorithm>
#include <charconv>

#include "engine/base/calendar.h"
#include "vtab/text/interval_text.h"

namespace xtdb {
namespace {

// Writes the parts of an interval one behind the other.
class IntervalWriter {
 public:
  explicit IntervalWriter(char* out) : begin_(out), next_(out) {}

  void PutPart(int64_t value, std::string_view unit) {
    if (value == 0) return;
    PutBlank();
    if (is_before_negative_ && value > 0) *next_++ = '+';
    next_ = std::to_chars(next_, next_ + kNumberBytes, value).ptr;
    *next_++ = ' ';
    Put(unit);
    if (value != 1) *next_++ = 's';
    is_before_negative_ = value < 0;
  }

  void PutClock(int64_t us) {
    const uint64_t magnitude = us < 0 ? 0 - static_cast<uint64_t>(us) : static_cast<uint64_t>(us);
    const uint64_t seconds = magnitude / kUsPerSecond;
    PutBlank();
    if (us < 0) {
      *next_++ = '-';
    } else if (is_before_negative_) {
      *next_++ = '+';
    }
    if (seconds < 36'000) *next_++ = '0';
    next_ = std::to_chars(next_, next_ + kNumberBytes, seconds / 3600).ptr;
    PutTwoDigits(seconds / 60 % 60);
    PutTwoDigits(seconds % 60);
    PutFraction(magnitude % kUsPerSecond);
  }

  size_t size() const { return static_cast<size_t>(next_ - begin_); }

 private:
  static constexpr size_t kNumberBytes = 20;

  void PutBlank() {
    if (next_ != begin_) *next_++ = ' ';
  }
  void Put(std::string_view text) { next_ = std::copy(text.begin(), text.end(), next_); }
  void PutTwoDigits(uint64_t value) {
    *next_++ = ':';
    *next_++ = static_cast<char>('0' + value / 10);
    *next_++ = static_cast<char>('0' + value % 10);
  }
  void PutFraction(uint64_t micros) {
    if (micros == 0) return;
    *next_++ = '.';
    for (uint64_t place = 100'000; micros != 0; micros %= place, place /= 10) {
      *next_++ = static_cast<char>('0' + micros / place);
      if (place == 1) return;
    }
  }

  char* const begin_;
  char* next_;
  bool is_before_negative_ = false;
};

}  // namespace

size_t FormatInterval(const Interval& interval, char* out) {
  IntervalWriter writer(out);
  writer.PutPart(interval.months / 12, "year");
  writer.PutPart(interval.months % 12, "mon");
  writer.PutPart(interval.days, "day");
  if (writer.size() == 0 || interval.us != 0) writer.PutClock(interval.us);
  return writer.size();
}

std::string FormatInterval(const Interval& interval) {
  char text[kIntervalTextBytesMax];
  return std::string(text, FormatInterval(interval, text));
}

}  // namespace xtdb
