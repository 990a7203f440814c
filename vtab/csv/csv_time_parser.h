#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/status.h"
#include "vtab/csv/csv_time.h"

namespace xtdb {

// ParseCsvTime for the times of one file. The usual forms are read without looking at each
// character: a date in full with the time of day behind it, to the microsecond at most, and whole
// Unix times. Neighbouring lines share the date, so that only a new one goes through the calendar.
//
// Threads: one at a time.
class CsvTimeParser {
 public:
  // now_us: what the word `now` means. zone: whose wall clock shows times that name no zone; null:
  // UTC; must outlive it.
  CsvTimeParser(CsvTimeFormat format, int64_t now_us, const TimeZone* zone = nullptr)
      : format_(format), now_us_(now_us), zone_(zone) {}

  // text: with kCsvSlackBytes behind it that may be read
  bool Parse(std::string_view text, int64_t& ts_us) {
    if (ParsePlain(text, ts_us)) [[likely]] {
      return zone_ == nullptr || MoveToZone(text, format_, *zone_, ts_us);
    }
    const Result<int64_t> general = ParseCsvTime(text, format_, now_us_, zone_);
    if (!general.ok()) return false;  // ParseCsvTime tells why
    ts_us = general.value();
    return true;
  }

  // As if times without a zone were UTC. False says nothing of the text: the general parser has to
  // look at it.
  bool ParsePlain(std::string_view text, int64_t& ts_us);

 private:
  bool ParseDateAndTime(const char* text, size_t size, int64_t& ts_us);
  bool ParseWholeUnixTime(const char* text, size_t size, int64_t& ts_us) const;
  bool LearnDate(const char* text);

  const CsvTimeFormat format_;
  const int64_t now_us_;
  const TimeZone* const zone_;
  // The date known, and the character behind it: bytes [0, 8) and [3, 11) of the text. They
  // overlap, so that no text equals the two before the first date.
  uint64_t date_front_ = 0;
  uint64_t date_back_ = ~uint64_t{0};
  int64_t date_us_ = 0;
};

}  // namespace xtdb
