#include "vtab/text/time_text.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "engine/base/calendar.h"
#include "engine/base/types.h"
#include "vtab/text/interval_text.h"
#include "vtab/text/number_text.h"
#include "vtab/text/quote_text.h"
#include "vtab/time/timestamp.h"

namespace xtdb {
namespace {

constexpr std::string_view kForms =
    "write 'YYYY-MM-DD HH:MM:SS.ffffff' (a blank or T between; seconds and fraction may be left "
    "out; Z or an offset such as +02:00 may follow, otherwise it is UTC), 'YYYY-MM-DD', 'now' or "
    "'epoch'; to_timestamp('31.12.2026', 'DD.MM.YYYY') reads other forms";

enum class Outcome { kOk, kSyntax, kNoSuchField, kBeyondRange };

// Reads one time text from left to right; every method takes its part or says why not.
class TimeScanner {
 public:
  explicit TimeScanner(std::string_view text)
      : next_(text.data()), end_(text.data() + text.size()) {}

  // Of a point.
  Outcome Scan(int64_t& ts_us) {
    const Outcome outcome = ScanText();
    if (outcome != Outcome::kOk) return outcome;
    if (year_ < 1 || year_ > 9999) return Outcome::kBeyondRange;
    if (!DateExists()) return Outcome::kNoSuchField;
    ts_us = DaysFromCivil(year_, month_, day_) * kUsPerDay + time_of_day_us_ - offset_us_;
    return ts_us < kTsMin || ts_us > kTsMax ? Outcome::kBeyondRange : Outcome::kOk;
  }

  // Any that PostgreSQL knows.
  Outcome ScanDistant(bool is_bc, int64_t& ts_us) {
    const Outcome outcome = ScanText();
    if (outcome != Outcome::kOk) return outcome;
    if (year_ == 0) return Outcome::kNoSuchField;
    if (is_bc) year_ = 1 - year_;
    if (!DateExists()) return Outcome::kNoSuchField;
    const int64_t days = DaysFromCivil(year_, month_, day_);
    if (__builtin_mul_overflow(days, kUsPerDay, &ts_us) ||
        __builtin_add_overflow(ts_us, time_of_day_us_ - offset_us_, &ts_us)) {
      return Outcome::kBeyondRange;
    }
    return IsTimestamp(ts_us) ? Outcome::kOk : Outcome::kBeyondRange;
  }

 private:
  Outcome ScanText() {
    Outcome outcome = ScanDate();
    if (outcome != Outcome::kOk) return outcome;
    if (next_ != end_) {
      outcome = ScanTimeOfDay();
      if (outcome == Outcome::kOk) outcome = ScanZone();
      if (outcome != Outcome::kOk) return outcome;
    } else if (compact_) {
      return Outcome::kSyntax;
    }
    return Outcome::kOk;
  }

  bool DateExists() const {
    return month_ >= 1 && month_ <= 12 && day_ >= 1 && day_ <= DaysInMonth(year_, month_);
  }

  bool Take(char c) {
    if (next_ == end_ || *next_ != c) return false;
    ++next_;
    return true;
  }

  bool SkipBlanks() {
    const char* const begin = next_;
    while (next_ != end_ && IsBlank(*next_)) ++next_;
    return next_ != begin;
  }

  // Takes at most `digits_max` digits; returns how many.
  int TakeDigits(int digits_max, int& value) {
    value = 0;
    int digits = 0;
    for (; digits < digits_max && next_ != end_ && IsDigit(*next_); ++digits) {
      value = value * 10 + (*next_++ - '0');
    }
    return digits;
  }

  Outcome ScanDate() {
    const int digits = TakeDigits(9, year_);
    if (digits == 8) {
      compact_ = true;
      day_ = year_ % 100;
      month_ = year_ / 100 % 100;
      year_ /= 10'000;
      return Outcome::kOk;
    }
    if (digits < 4 || next_ == end_ || (*next_ != '-' && *next_ != '/')) return Outcome::kSyntax;
    const char separator = *next_++;
    if (TakeDigits(2, month_) == 0 || !Take(separator) || TakeDigits(2, day_) == 0) {
      return Outcome::kSyntax;
    }
    return Outcome::kOk;
  }

  Outcome ScanTimeOfDay() {
    const bool blank = SkipBlanks();
    if (!Take('T') && !Take('t') && !blank) return Outcome::kSyntax;
    int hour = 0, minute = 0, second = 0;
    if (TakeDigits(2, hour) == 0) return Outcome::kSyntax;
    const bool colons = Take(':');
    if ((!colons && !compact_) || TakeDigits(2, minute) == 0) return Outcome::kSyntax;
    int64_t fraction_us = 0;
    const bool has_second = colons ? Take(':') : next_ != end_ && IsDigit(*next_);
    if (has_second) {
      if (TakeDigits(2, second) == 0) return Outcome::kSyntax;
      if (Take('.') || Take(',')) fraction_us = TakeFraction();
    }
    time_of_day_us_ =
        hour * kUsPerHour + minute * kUsPerMinute + second * kUsPerSecond + fraction_us;
    if (minute > 59 || second > 60 || hour > 24) return Outcome::kNoSuchField;
    return hour == 24 && time_of_day_us_ != kUsPerDay ? Outcome::kNoSuchField : Outcome::kOk;
  }

  int64_t TakeFraction() {
    int micros = 0;
    int digits = TakeDigits(6, micros);
    for (; digits < 6; ++digits) micros *= 10;
    if (next_ == end_ || !IsDigit(*next_)) return micros;
    if (*next_ >= '5') ++micros;
    while (next_ != end_ && IsDigit(*next_)) ++next_;
    return micros;
  }

  Outcome ScanZone() {
    SkipBlanks();
    if (next_ == end_) return Outcome::kOk;
    const std::string_view rest(next_, static_cast<size_t>(end_ - next_));
    if (EqualsIgnoreCase(rest, "Z") || EqualsIgnoreCase(rest, "UTC") ||
        EqualsIgnoreCase(rest, "GMT")) {
      return Outcome::kOk;
    }
    const bool west = Take('-');
    if (!west && !Take('+')) return Outcome::kSyntax;
    int hour = 0, minute = 0, second = 0;
    const int digits = TakeDigits(4, hour);
    if (digits == 0) return Outcome::kSyntax;
    if (digits > 2) {
      minute = hour % 100;
      hour /= 100;
    } else if (Take(':')) {
      if (TakeDigits(2, minute) != 2) return Outcome::kSyntax;
      if (Take(':') && TakeDigits(2, second) != 2) return Outcome::kSyntax;
    }
    if (next_ != end_) return Outcome::kSyntax;
    if (hour > 15 || minute > 59 || second > 59) return Outcome::kNoSuchField;
    offset_us_ = hour * kUsPerHour + minute * kUsPerMinute + second * kUsPerSecond;
    if (west) offset_us_ = -offset_us_;
    return Outcome::kOk;
  }

  const char* next_;
  const char* const end_;
  int year_ = 0;
  int month_ = 0;
  int day_ = 0;
  bool compact_ = false;  // YYYYMMDD: its time may come without colons
  int64_t time_of_day_us_ = 0;
  int64_t offset_us_ = 0;  // east of Greenwich
};

Status BeyondRange(std::string_view text) {
  return Status::InvalidArgument(
      "time out of range: " + QuoteForMessage(text) +
      "; stored times lie in 0001-01-01 00:00:00 .. 9999-12-31 23:59:59.999999 UTC");
}

// "44-03-15 BC", "-infinity": understood, but not a time that a point may carry.
bool IsKnownButBeyondRange(std::string_view text) {
  std::string_view word = text;
  if (!word.empty() && (word[0] == '-' || word[0] == '+')) word.remove_prefix(1);
  if (EqualsIgnoreCase(word, "infinity") || EqualsIgnoreCase(word, "inf")) return true;
  if (text.size() > 1 && text[0] == '-' && IsDigit(text[1])) {
    int64_t ts_us = 0;  // ISO 8601 writes years before Christ with a sign
    return TimeScanner(word).Scan(ts_us) != Outcome::kSyntax;
  }
  return text.size() > 2 && IsDigit(text[0]) && text.find('-') != std::string_view::npos &&
         EqualsIgnoreCase(text.substr(text.size() - 2), "BC");
}

Status Explain(std::string_view text, Outcome outcome) {
  if (outcome == Outcome::kBeyondRange || IsKnownButBeyondRange(text)) return BeyondRange(text);
  if (outcome == Outcome::kNoSuchField) {
    return Status::InvalidArgument("date/time field value out of range: " + QuoteForMessage(text));
  }
  if (ParseWholeNumber(text)) return NumberAsTime(text);
  // "2026-01" is one as well, of years and months, but will be meant as a month.
  const bool is_interval = std::ranges::any_of(text, IsLetter) && ParseInterval(text).ok();
  return Status::InvalidArgument(
      "not a time: " + QuoteForMessage(text) + "; " +
      (is_interval ? "it is an interval; write ts_sub(now(), '1 day')" : std::string(kForms)));
}

// "yesterday", "2026-01-02 08:00 Europe/Berlin"
Status ReadByFunction(std::string_view text) {
  return Status::InvalidArgument("not a time: " + QuoteForMessage(text) +
                                 "; beside the column ts the function ts('" + std::string(text) +
                                 "') reads it");
}

// "20260102": '2026-01-02'.
std::optional<std::string> DateOfDigits(std::string_view digits) {
  if (digits.size() != 8 || !std::all_of(digits.begin(), digits.end(), IsDigit)) return {};
  int64_t ts_us = 0;
  const std::string text = std::string(digits) + "T000000Z";
  if (TimeScanner(text).Scan(ts_us) != Outcome::kOk) return {};
  return FormatTime(ts_us).substr(0, 10);
}

std::optional<int64_t> NamedTimestamp(std::string_view word, int64_t now_us) {
  const int64_t today_us = FloorDivide(now_us, kUsPerDay) * kUsPerDay;
  if (EqualsIgnoreCase(word, "now")) return now_us;
  if (EqualsIgnoreCase(word, "epoch")) return 0;
  if (EqualsIgnoreCase(word, "today")) return today_us;
  if (EqualsIgnoreCase(word, "tomorrow")) return today_us + kUsPerDay;
  if (EqualsIgnoreCase(word, "yesterday")) return today_us - kUsPerDay;
  if (EqualsIgnoreCase(word, "infinity")) return kInfinity;
  if (EqualsIgnoreCase(word, "-infinity")) return kMinusInfinity;
  return std::nullopt;
}

// Cuts the last word off the text, if it is behind a blank and begins with a letter.
std::string_view TakeLastWord(std::string_view& text) {
  size_t begin = text.size();
  while (begin > 0 && !IsBlank(text[begin - 1])) --begin;
  if (begin == 0 || begin == text.size() || !IsLetter(text[begin])) return {};
  const std::string_view word = text.substr(begin);
  text = TrimBlanks(text.substr(0, begin));
  return word;
}

constexpr char kTwoDigits[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546"
    "4748"
    "4950515253545556575859606162636465666768697071727374757677787980818283848586878889909192939495"
    "9697"
    "9899";

char* PutTwoDigits(char* out, uint32_t value) {
  std::memcpy(out, kTwoDigits + 2 * value, 2);
  return out + 2;
}

char* PutThreeDigits(char* out, uint32_t value) {
  *out++ = static_cast<char>('0' + value / 100);
  return PutTwoDigits(out, value % 100);
}

// "-MM-DD HH:MM:SS.mmm" or with six digits; every year has the same.
char* PutBehindYear(char* out, const CivilDate& date, uint64_t time_of_day_us) {
  const auto seconds = static_cast<uint32_t>(time_of_day_us / kUsPerSecond);
  const auto micros = static_cast<uint32_t>(time_of_day_us % kUsPerSecond);
  const uint32_t minutes = seconds / 60;
  *out++ = '-';
  out = PutTwoDigits(out, static_cast<uint32_t>(date.month));
  *out++ = '-';
  out = PutTwoDigits(out, static_cast<uint32_t>(date.day));
  *out++ = ' ';
  out = PutTwoDigits(out, minutes / 60);
  *out++ = ':';
  out = PutTwoDigits(out, minutes % 60);
  *out++ = ':';
  out = PutTwoDigits(out, seconds % 60);
  *out++ = '.';
  out = PutThreeDigits(out, micros / 1'000);
  return micros % 1'000 == 0 ? out : PutThreeDigits(out, micros % 1'000);
}

// A year that is not four digits, or lies before the year 1.
size_t FormatDistantTime(const CivilDate& date, uint64_t time_of_day_us, char* out) {
  const bool bc = date.year < 1;
  const int64_t year = bc ? 1 - date.year : date.year;
  char* next = out;
  for (int64_t limit = 1'000; limit > 1 && year < limit; limit /= 10) *next++ = '0';
  next = std::to_chars(next, out + kTimeTextBytesMax, year).ptr;
  next = PutBehindYear(next, date, time_of_day_us);
  if (bc) {
    std::memcpy(next, " BC", 3);
    next += 3;
  }
  return static_cast<size_t>(next - out);
}

}  // namespace

Result<int64_t> ParseTime(std::string_view text, int64_t now_us) {
  const std::string_view trimmed = TrimBlanks(text);
  int64_t ts_us = 0;
  const Outcome outcome = TimeScanner(trimmed).Scan(ts_us);
  if (outcome == Outcome::kOk) [[likely]]
    return ts_us;
  if (EqualsIgnoreCase(trimmed, "now")) return now_us;
  if (EqualsIgnoreCase(trimmed, "epoch")) return int64_t{0};
  const bool is_timestamp = outcome == Outcome::kSyntax && !IsKnownButBeyondRange(trimmed) &&
                            ParseTimestamp(trimmed, now_us).ok();
  return is_timestamp ? ReadByFunction(trimmed) : Explain(trimmed, outcome);
}

Result<int64_t> ParseTimestamp(std::string_view text, int64_t now_us) {
  const std::string_view trimmed = TrimBlanks(text);
  int64_t ts_us = 0;
  const Outcome as_point = TimeScanner(trimmed).Scan(ts_us);
  if (as_point == Outcome::kOk) [[likely]]
    return ts_us;
  if (const std::optional<int64_t> named = NamedTimestamp(trimmed, now_us)) return *named;
  std::string_view rest = trimmed;
  std::string_view word = TakeLastWord(rest);
  const bool is_bc = EqualsIgnoreCase(word, "BC");
  if (is_bc || EqualsIgnoreCase(word, "AD")) word = TakeLastWord(rest);
  const bool is_zone = !word.empty() && !EqualsIgnoreCase(word, "Z");
  Outcome outcome = TimeScanner(rest).ScanDistant(is_bc, ts_us);
  if (outcome == Outcome::kOk && is_zone) {
    XTDB_ASSIGN_OR_RETURN(const TimeZone* const zone, FindZone(word));
    ts_us = zone->MomentOf(ts_us);
    if (!IsTimestamp(ts_us)) outcome = Outcome::kBeyondRange;
  }
  if (outcome == Outcome::kOk) return ts_us;
  if (outcome == Outcome::kBeyondRange) {
    return Status::InvalidArgument("timestamp out of range: " + QuoteForMessage(trimmed));
  }
  return Explain(trimmed, outcome);
}

Status NumberAsTime(std::string_view number) {
  std::string message = "time does not take a number: " + QuoteForMessage(number) +
                        "; the column ts takes microseconds since 1970, "
                        "to_timestamp(x) turns seconds into a time; JDBC "
                        "needs date_class=TEXT and a JVM in UTC";
  const std::optional<Number> parsed = ParseWholeNumber(number);
  if (parsed && parsed->is_integer && parsed->integer >= 1900 && parsed->integer < 2200) {
    message +=
        "; a year is what CAST and arithmetic make of a date: write the text as it is, "
        "'2026-01-02', and ts_sub(now(), '1 day') instead of now() - '1 day'";
  }
  if (const std::optional<std::string> date = DateOfDigits(number)) {
    message += "; a date is written '" + *date + "'";
  }
  return Status::InvalidArgument(std::move(message));
}

size_t FormatTime(int64_t ts_us, char* out) {
  const int64_t days = FloorDivide(ts_us, kUsPerDay);
  // The product may leave the 64 bits at their very ends; unsigned, the difference is right anyway.
  const uint64_t time_of_day_us =
      static_cast<uint64_t>(ts_us) - static_cast<uint64_t>(days) * uint64_t{kUsPerDay};
  const CivilDate date = CivilFromDays(days);
  if (ts_us < kTsMin || ts_us > kTsMax) [[unlikely]] {
    return FormatDistantTime(date, time_of_day_us, out);
  }
  const auto year = static_cast<uint32_t>(date.year);
  char* next = PutTwoDigits(out, year / 100);
  next = PutTwoDigits(next, year % 100);
  next = PutBehindYear(next, date, time_of_day_us);
  return static_cast<size_t>(next - out);
}

std::string FormatTime(int64_t ts_us) {
  char text[kTimeTextBytesMax];
  return std::string(text, FormatTime(ts_us, text));
}

}  // namespace xtdb
