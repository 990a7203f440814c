#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vtab/text/interval_text.h"
#include "vtab/text/time_text.h"
#include "vtab/time/date_field.h"
#include "vtab/time/date_picture.h"
#include "vtab/time/time_bucket.h"
#include "vtab/time/timestamp.h"

namespace xtdb {
namespace {

void Require(bool condition) {
  if (!condition) __builtin_trap();
}

void CheckArithmetic(int64_t ts_us, const Interval& interval) {
  for (const Result<int64_t>& moved :
       {AddInterval(ts_us, interval), SubtractInterval(ts_us, interval)}) {
    Require(!moved.ok() || IsInfinite(moved.value()) || IsTimestamp(moved.value()));
  }
  const Result<int64_t> start =
      TimeBucket({.width = interval, .origin_us = {}, .offset = {}}, ts_us);
  Require(!start.ok() || start.value() <= ts_us);
}

void CheckTimestamp(int64_t ts_us) {
  Require(IsInfinite(ts_us) || IsTimestamp(ts_us));
  if (IsInfinite(ts_us)) return;
  const Result<int64_t> again = ParseTimestamp(FormatTime(ts_us), 0);
  Require(again.ok() && again.value() == ts_us);
  for (int field = 0; field <= static_cast<int>(DateField::kMillennium); ++field) {
    const Result<int64_t> cut = DateTrunc(static_cast<DateField>(field), ts_us);
    Require(!cut.ok() || cut.value() <= ts_us);
  }
  static const DatePicture whole("YYYY-MM-DD HH24:MI:SS.US BC");
  std::string written;
  whole.Write(ts_us, written);
  const Result<int64_t> read = whole.Read(written);
  Require(read.ok() && read.value() == ts_us);
}

void CheckRead(const DatePicture& picture, std::string_view text) {
  const Result<int64_t> read = picture.Read(text);
  if (read.ok()) {
    Require(IsTimestamp(read.value()));
  } else {
    Require(!read.status().message().empty() && read.status().message().size() <= 1024);
  }
}

}  // namespace
}  // namespace xtdb

// A line with a timestamp, one with an interval, and a template: errors of bounded size, or what is
// in range; whatever the template is, it writes, and reads the lines and what it has written.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto take_line = [&rest] {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return line;
  };
  const std::string_view first_line = take_line();
  const Result<int64_t> ts_us = ParseTimestamp(first_line, 1'700'000'000'000'000);
  const std::string_view second_line = take_line();
  const Result<Interval> interval = ParseInterval(second_line);
  const DatePicture picture(rest);
  std::string written;
  CheckRead(picture, first_line);
  CheckRead(picture, second_line);
  if (ts_us.ok()) {
    CheckTimestamp(ts_us.value());
    if (!IsInfinite(ts_us.value())) picture.Write(ts_us.value(), written);
    CheckRead(picture, written);
  } else {
    Require(!ts_us.status().message().empty() && ts_us.status().message().size() <= 1024);
  }
  if (interval.ok()) {
    IgnoreStatus(picture.Write(interval.value(), written), "some patterns need a calendar");
    if (ts_us.ok()) CheckArithmetic(ts_us.value(), interval.value());
  }
  Require(written.size() <= 2 * (32 * rest.size() + 64));
  return 0;
}
