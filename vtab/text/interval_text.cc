#include "vtab/text/interval_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "engine/base/calendar.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

enum class Part : uint8_t { kMonths, kDays, kMicros };

struct Unit {
  std::string_view name;
  Part part;
  int64_t scale;   // of `part` in one unit
  uint32_t field;  // bit: a text names each field once
};

enum Field : uint32_t {
  kMicrosecond = 1 << 0,
  kMillisecond = 1 << 1,
  kSecond = 1 << 2,
  kMinute = 1 << 3,
  kHour = 1 << 4,
  kDay = 1 << 5,
  kWeek = 1 << 6,
  kMonth = 1 << 7,
  kYear = 1 << 8,
  kDecade = 1 << 9,
  kCentury = 1 << 10,
  kMillennium = 1 << 11,
};
constexpr uint32_t kTimeOfDayFields = kSecond | kMinute | kHour;

constexpr Unit Micros(std::string_view name) { return {name, Part::kMicros, 1, kMicrosecond}; }
constexpr Unit Millis(std::string_view name) {
  return {name, Part::kMicros, kUsPerMillisecond, kMillisecond};
}
constexpr Unit Seconds(std::string_view name) {
  return {name, Part::kMicros, kUsPerSecond, kSecond};
}
constexpr Unit Minutes(std::string_view name) {
  return {name, Part::kMicros, kUsPerMinute, kMinute};
}
constexpr Unit Hours(std::string_view name) { return {name, Part::kMicros, kUsPerHour, kHour}; }
constexpr Unit Days(std::string_view name) { return {name, Part::kDays, 1, kDay}; }
constexpr Unit Weeks(std::string_view name) { return {name, Part::kDays, 7, kWeek}; }
constexpr Unit Months(std::string_view name) { return {name, Part::kMonths, 1, kMonth}; }
constexpr Unit Years(std::string_view name) { return {name, Part::kMonths, 12, kYear}; }
constexpr Unit Decades(std::string_view name) { return {name, Part::kMonths, 120, kDecade}; }
constexpr Unit Centuries(std::string_view name) { return {name, Part::kMonths, 1'200, kCentury}; }
constexpr Unit Millennia(std::string_view name) {
  return {name, Part::kMonths, 12'000, kMillennium};
}

constexpr auto kUnits = std::to_array<Unit>({
    Micros("us"),
    Micros("usec"),
    Micros("usecs"),
    Micros("usecond"),
    Micros("useconds"),
    Micros("microsecond"),
    Micros("microseconds"),
    Millis("ms"),
    Millis("msec"),
    Millis("msecs"),
    Millis("msecond"),
    Millis("mseconds"),
    Millis("millisecond"),
    Millis("milliseconds"),
    Seconds("s"),
    Seconds("sec"),
    Seconds("secs"),
    Seconds("second"),
    Seconds("seconds"),
    Minutes("m"),
    Minutes("min"),
    Minutes("mins"),
    Minutes("minute"),
    Minutes("minutes"),
    Hours("h"),
    Hours("hr"),
    Hours("hrs"),
    Hours("hour"),
    Hours("hours"),
    Days("d"),
    Days("day"),
    Days("days"),
    Weeks("w"),
    Weeks("week"),
    Weeks("weeks"),
    Months("mon"),
    Months("mons"),
    Months("month"),
    Months("months"),
    Years("y"),
    Years("yr"),
    Years("yrs"),
    Years("year"),
    Years("years"),
    Decades("dec"),
    Decades("decs"),
    Decades("decade"),
    Decades("decades"),
    Centuries("c"),
    Centuries("cent"),
    Centuries("century"),
    Centuries("centuries"),
    Millennia("mil"),
    Millennia("mils"),
    Millennia("millennium"),
    Millennia("millennia"),
});

// The designators of ISO 8601; an M is months before the T and minutes behind it.
constexpr auto kIsoDateUnits =
    std::to_array<Unit>({Years("Y"), Months("M"), Weeks("W"), Days("D")});
constexpr auto kIsoTimeUnits = std::to_array<Unit>({Hours("H"), Minutes("M"), Seconds("S")});

constexpr Unit kBareSeconds = Seconds("");
constexpr Unit kBareDays = Days("");

enum class Outcome { kOk, kSyntax, kBeyondRange };

// `whole` and `fraction` (0 <= fraction < 1) with the sign apart, so that -0.5 is not lost.
struct Quantity {
  bool negative = false;
  int64_t whole = 0;
  double fraction = 0.0;
};

class IntervalScanner {
 public:
  explicit IntervalScanner(std::string_view text)
      : next_(text.data()), end_(text.data() + text.size()) {}

  Outcome Scan(Interval& interval) {
    const Outcome outcome = AtEnd() || *next_ != 'P' ? ScanFields() : ScanIso();
    if (outcome != Outcome::kOk) return outcome;
    constexpr int64_t kMin = std::numeric_limits<int32_t>::min();
    constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
    if (months_ < kMin || months_ > kMax || days_ < kMin || days_ > kMax) {
      return Outcome::kBeyondRange;
    }
    interval = {static_cast<int32_t>(months_), static_cast<int32_t>(days_), us_};
    return Outcome::kOk;
  }

 private:
  bool AtEnd() const { return next_ == end_; }
  bool Sees(char c) const { return next_ != end_ && *next_ == c; }
  bool SeesDigit() const { return next_ != end_ && IsDigit(*next_); }
  bool Take(char c) {
    if (!Sees(c)) return false;
    ++next_;
    return true;
  }

  // PostgreSQL skips these marks between fields: `@ 1 minute`, `1 day, 2 hours`.
  void SkipSeparators() {
    while (next_ != end_ && (IsBlank(*next_) || *next_ == '@' || *next_ == ',' || *next_ == ';')) {
      ++next_;
    }
  }

  Outcome TakeWhole(int64_t& whole) {
    if (!SeesDigit()) return Outcome::kSyntax;
    const auto [end, error] = std::from_chars(next_, end_, whole);
    next_ = end;
    return error == std::errc() ? Outcome::kOk : Outcome::kBeyondRange;
  }

  void TakeFraction(double& fraction) {
    const auto [end, error] = std::from_chars(next_, end_, fraction, std::chars_format::fixed);
    if (error == std::errc::result_out_of_range) fraction = 0.0;  // .000...1
    next_ = end;
  }

  // [+-] digits [. digits], or a fraction alone.
  Outcome TakeQuantity(Quantity& quantity) {
    quantity.negative = Take('-');
    if (!quantity.negative) Take('+');
    while (next_ != end_ && IsBlank(*next_)) ++next_;
    return TakeUnsigned(quantity);
  }

  Outcome TakeUnsigned(Quantity& quantity) {
    if (SeesDigit()) {
      const Outcome outcome = TakeWhole(quantity.whole);
      if (outcome != Outcome::kOk) return outcome;
    } else if (!Sees('.') || end_ - next_ < 2 || !IsDigit(next_[1])) {
      return Outcome::kSyntax;
    }
    if (Sees('.')) {
      if (end_ - next_ > 1 && IsDigit(next_[1])) {
        TakeFraction(quantity.fraction);
      } else {
        ++next_;
      }
    }
    return Outcome::kOk;
  }

  Outcome ScanFields() {
    bool any = false;
    for (SkipSeparators(); !AtEnd(); SkipSeparators()) {
      if (any && IsLetter(*next_)) return ScanAgo();
      const Outcome outcome = ScanField();
      if (outcome != Outcome::kOk) return outcome;
      any = true;
    }
    return any ? Outcome::kOk : Outcome::kSyntax;
  }

  Outcome ScanAgo() {
    const std::string_view rest(next_, static_cast<size_t>(end_ - next_));
    if (!EqualsIgnoreCase(TrimBlanks(rest), "ago")) return Outcome::kSyntax;
    if (us_ == std::numeric_limits<int64_t>::min()) return Outcome::kBeyondRange;
    months_ = -months_;
    days_ = -days_;
    us_ = -us_;
    next_ = end_;
    return Outcome::kOk;
  }

  // One of: 12:30:15.5, 1-2, 1.5 days, or a number without a unit.
  Outcome ScanField() {
    Quantity quantity;
    const Outcome outcome = TakeQuantity(quantity);
    if (outcome != Outcome::kOk) return outcome;
    if (Sees(':')) return ScanClock(quantity);
    if (Sees('-')) return ScanYearsMonths(quantity);
    while (next_ != end_ && IsBlank(*next_)) ++next_;
    if (next_ != end_ && IsLetter(*next_)) return ScanUnit(quantity);
    return ScanBareNumber(quantity);
  }

  // Without a unit a number is seconds at the end of the text, and days before a time of day.
  Outcome ScanBareNumber(const Quantity& quantity) {
    SkipSeparators();
    if (AtEnd()) return Add(quantity, kBareSeconds);
    const char* ahead = next_;
    if (*ahead == '-' || *ahead == '+') ++ahead;
    const char* const digits = ahead;
    while (ahead != end_ && IsDigit(*ahead)) ++ahead;
    if (ahead == digits || ahead == end_ || *ahead != ':') return Outcome::kSyntax;
    return Add(quantity, kBareDays);
  }

  Outcome ScanUnit(const Quantity& quantity) {
    const char* const begin = next_;
    while (next_ != end_ && IsLetter(*next_)) ++next_;
    const std::string_view name(begin, static_cast<size_t>(next_ - begin));
    // A sign that touches the unit makes it another word in PostgreSQL: `1h-30m`.
    if (Sees('-') || Sees('+')) return Outcome::kSyntax;
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [name](const Unit& candidate) {
      return EqualsIgnoreCase(candidate.name, name);
    });
    return unit == kUnits.end() ? Outcome::kSyntax : Add(quantity, *unit);
  }

  // 1-2: a year and two months; the sign holds for both.
  Outcome ScanYearsMonths(const Quantity& years) {
    ++next_;
    Quantity months{.negative = years.negative};
    if (years.fraction != 0.0 || !SeesDigit()) return Outcome::kSyntax;
    Outcome outcome = TakeWhole(months.whole);
    if (outcome != Outcome::kOk) return outcome;
    if (!AtEnd() && !IsBlank(*next_) && *next_ != 'T') return Outcome::kSyntax;
    if (months.whole > 11) return Outcome::kBeyondRange;
    outcome = Add(years, Years(""));
    return outcome == Outcome::kOk ? Add(months, Months("")) : outcome;
  }

  // HH:MM, HH:MM:SS[.f] or MM:SS.f; the sign holds for the whole.
  Outcome ScanClock(const Quantity& first) {
    ++next_;
    if (first.fraction != 0.0) return Outcome::kSyntax;
    Quantity hours = first, minutes, seconds;
    Outcome outcome = TakeUnsigned(minutes);
    if (outcome != Outcome::kOk) return outcome;
    if (Take(':')) {
      if (minutes.fraction != 0.0) return Outcome::kSyntax;
      outcome = TakeUnsigned(seconds);
      if (outcome != Outcome::kOk) return outcome;
    } else if (minutes.fraction != 0.0) {
      seconds = minutes;
      minutes = first;
      hours = {};
    }
    if (!AtEnd() && !IsBlank(*next_) && *next_ != ',' && *next_ != ';') return Outcome::kSyntax;
    if (minutes.whole > 59 || seconds.whole > 60) return Outcome::kBeyondRange;
    if ((fields_ & kTimeOfDayFields) != 0) return Outcome::kSyntax;
    hours.negative = minutes.negative = seconds.negative = first.negative;
    if ((outcome = Add(hours, Hours(""))) != Outcome::kOk) return outcome;
    if ((outcome = Add(minutes, Minutes(""))) != Outcome::kOk) return outcome;
    return Add(seconds, kBareSeconds);
  }

  // P [n Y] [n M] [n W] [n D] [T [n H] [n M] [n S]], or P YYYY-MM-DD T HH:MM:SS.
  Outcome ScanIso() {
    ++next_;
    bool any = false, in_time = false;
    while (!AtEnd()) {
      if (Sees('T')) {
        if (in_time) return Outcome::kSyntax;
        in_time = true;
        any = false;  // a T promises a time
        ++next_;
        continue;
      }
      const Outcome outcome = ScanIsoField(in_time);
      if (outcome != Outcome::kOk) return outcome;
      any = true;
    }
    return any ? Outcome::kOk : Outcome::kSyntax;
  }

  Outcome ScanIsoField(bool in_time) {
    Quantity quantity;
    if (!AtEnd() && IsBlank(*next_)) return Outcome::kSyntax;
    Outcome outcome = TakeQuantity(quantity);
    if (outcome != Outcome::kOk) return outcome;
    if (in_time && Sees(':')) return ScanClock(quantity);
    if (!in_time && Sees('-') && fields_ == 0) return ScanIsoDate(quantity);
    if (AtEnd()) return Outcome::kSyntax;
    const std::string_view name(next_++, 1);
    const Unit* const begin = in_time ? kIsoTimeUnits.data() : kIsoDateUnits.data();
    const Unit* const end = begin + (in_time ? kIsoTimeUnits.size() : kIsoDateUnits.size());
    const Unit* const unit =
        std::find_if(begin, end, [name](const Unit& candidate) { return candidate.name == name; });
    return unit == end ? Outcome::kSyntax : Add(quantity, *unit);
  }

  Outcome ScanIsoDate(const Quantity& years) {
    ++next_;
    Quantity months, days;
    if (years.fraction != 0.0) return Outcome::kSyntax;
    Outcome outcome = TakeWhole(months.whole);
    if (outcome == Outcome::kOk && Take('-')) outcome = TakeWhole(days.whole);
    if (outcome != Outcome::kOk) return outcome;
    if (!AtEnd() && *next_ != 'T') return Outcome::kSyntax;
    if ((outcome = Add(years, Years(""))) != Outcome::kOk) return outcome;
    if ((outcome = Add(months, Months(""))) != Outcome::kOk) return outcome;
    return Add(days, kBareDays);
  }

  Outcome Add(const Quantity& quantity, const Unit& unit) {
    if ((fields_ & unit.field) != 0) return Outcome::kSyntax;
    fields_ |= unit.field;
    int64_t amount = 0;
    if (__builtin_mul_overflow(quantity.whole, unit.scale, &amount)) return Outcome::kBeyondRange;
    const double fraction = quantity.fraction * static_cast<double>(unit.scale);
    switch (unit.part) {
      case Part::kMonths:
        if (unit.field == kMonth) {
          if (!AddWhole(days_, SpillDays(fraction * 30.0, quantity.negative), quantity.negative)) {
            return Outcome::kBeyondRange;
          }
        } else if (__builtin_add_overflow(amount, std::llrint(fraction), &amount)) {
          return Outcome::kBeyondRange;
        }
        return Settle(AddWhole(months_, amount, quantity.negative));
      case Part::kDays:
        if (__builtin_add_overflow(amount, SpillDays(fraction, quantity.negative), &amount)) {
          return Outcome::kBeyondRange;
        }
        return Settle(AddWhole(days_, amount, quantity.negative));
      case Part::kMicros:
        if (__builtin_add_overflow(amount, std::llrint(fraction), &amount)) {
          return Outcome::kBeyondRange;
        }
        return Settle(AddWhole(us_, amount, quantity.negative));
    }
    return Outcome::kSyntax;
  }

  Outcome Settle(bool fits) const {
    return fits && !spill_overflow_ ? Outcome::kOk : Outcome::kBeyondRange;
  }

  // Returns the whole days of `days`; their rest goes to the time of day.
  int64_t SpillDays(double days, bool negative) {
    const auto whole = static_cast<int64_t>(days);
    const int64_t rest_us =
        std::llrint((days - static_cast<double>(whole)) * static_cast<double>(kUsPerDay));
    if (!AddWhole(us_, rest_us, negative)) spill_overflow_ = true;
    return whole;
  }

  static bool AddWhole(int64_t& sum, int64_t amount, bool negative) {
    return negative ? !__builtin_sub_overflow(sum, amount, &sum)
                    : !__builtin_add_overflow(sum, amount, &sum);
  }

  const char* next_;
  const char* const end_;
  int64_t months_ = 0;
  int64_t days_ = 0;
  int64_t us_ = 0;
  uint32_t fields_ = 0;
  bool spill_overflow_ = false;
};

}  // namespace

Result<Interval> ParseInterval(std::string_view text) {
  Interval interval;
  switch (IntervalScanner(TrimBlanks(text)).Scan(interval)) {
    case Outcome::kOk:
      return interval;
    case Outcome::kBeyondRange:
      return Status::InvalidArgument("interval field value out of range: " + QuoteForMessage(text));
    case Outcome::kSyntax:
      break;
  }
  return Status::InvalidArgument(
      "invalid input syntax for type interval: " + QuoteForMessage(text) +
      "; write '90 days', '1h30m', '5 min' (m and min are minutes, mon is months), '1.5 hours', "
      "'500 ms', '1 day 12:30:00' or 'P1DT12H'");
}

}  // namespace xtdb
