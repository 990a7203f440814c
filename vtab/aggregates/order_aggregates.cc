#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vtab/aggregates/aggregate_glue.h"
#include "vtab/aggregates/aggregates.h"
#include "vtab/aggregates/held_value.h"
#include "vtab/aggregates/sorted_values.h"
#include "vtab/text/number_text.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

Status CheckFraction(double fraction) {
  if (fraction >= 0 && fraction <= 1) return {};
  return Status::InvalidArgument("percentile value " + ShowReal(fraction) +
                                 " is not between 0 and 1; it comes behind the values: "
                                 "percentile_cont(x, 0.9)");
}

// The value at `fraction` of the way through the ordered values, between two of them if need be.
double ValueAt(std::span<const double> sorted, double fraction) {
  const double place = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(std::floor(place));
  const auto above = static_cast<size_t>(std::ceil(place));
  const double low = sorted[below], high = sorted[above];
  if (low == high) return low;
  const double share = place - static_cast<double>(below);
  const double step = high - low;
  if (std::isfinite(step)) return low + share * step;
  return low * (1 - share) + high * share;  // their distance is more than a double holds
}

using SortedNumbers = SortedValues<double, std::less<>>;

// A second argument that is the same in every row.
class Fraction {
 public:
  // False: it is NULL.
  Result<bool> Take(sqlite3_value* value) {
    XTDB_ASSIGN_OR_RETURN(const std::optional<double> fraction, NumberOf(value));
    if (!fraction) return false;
    XTDB_RETURN_IF_ERROR(CheckFraction(*fraction));
    if (value_ && *value_ != *fraction) {
      return Status::InvalidArgument("the fraction is " + ShowReal(*value_) + " in one row and " +
                                     ShowReal(*fraction) + " in another");
    }
    value_ = fraction;
    return true;
  }
  double value() const { return value_.value_or(0); }

 private:
  std::optional<double> value_;
};

// percentile_cont(x, fraction), and median(x).
class PercentileCont {
 public:
  using Item = double;
  Result<std::optional<Item>> Read(AggregateArguments arguments) {
    if (arguments.size() > 1) {
      XTDB_ASSIGN_OR_RETURN(const bool has_fraction, fraction_.Take(arguments[1]));
      if (!has_fraction) return std::optional<Item>();
    }
    is_median_ = arguments.size() == 1;
    return NumberOf(arguments[0]);
  }
  void Add(double value) { values_.Add(value); }
  void Clear() { values_.Clear(); }
  Status Give(sqlite3_context* context) const {
    if (values_.empty()) return {};
    const double fraction = is_median_ ? 0.5 : fraction_.value();
    sqlite3_result_double(context, ValueAt(values_.Sorted(), fraction));
    return {};
  }

 private:
  Fraction fraction_;
  bool is_median_ = false;
  SortedNumbers values_;
};

// Values of any type, in SQLite's order.
class Values {
 public:
  using Item = HeldValue;
  void Add(const HeldValue& value) { values_.Add(value); }
  void Clear() { values_.Clear(); }

 protected:
  struct Less {
    bool operator()(const HeldValue& a, const HeldValue& b) const { return a.Compare(b) < 0; }
  };
  const std::vector<HeldValue>& Sorted() const { return values_.Sorted(); }
  static std::optional<HeldValue> NotNull(sqlite3_value* value) {
    HeldValue held(value);
    return held.is_null() ? std::nullopt : std::optional(std::move(held));
  }

 private:
  SortedValues<HeldValue, Less> values_;
};

// percentile_disc(x, fraction): the first value at which so much of all is reached.
class PercentileDisc : public Values {
 public:
  Result<std::optional<Item>> Read(AggregateArguments arguments) {
    XTDB_ASSIGN_OR_RETURN(const bool has_fraction, fraction_.Take(arguments[1]));
    return has_fraction ? NotNull(arguments[0]) : std::optional<Item>();
  }
  Status Give(sqlite3_context* context) const {
    const std::vector<HeldValue>& sorted = Sorted();
    if (sorted.empty()) return {};
    const auto reached =
        static_cast<size_t>(std::ceil(fraction_.value() * static_cast<double>(sorted.size())));
    sorted[std::max<size_t>(reached, 1) - 1].Give(context);
    return {};
  }

 private:
  Fraction fraction_;
};

// mode(x): the most frequent value; of several the least.
class Mode : public Values {
 public:
  static Result<std::optional<Item>> Read(AggregateArguments arguments) {
    return NotNull(arguments[0]);
  }
  Status Give(sqlite3_context* context) const {
    const std::vector<HeldValue>& sorted = Sorted();
    size_t best = 0, best_count = 0;
    for (size_t first = 0; first < sorted.size();) {
      size_t behind = first + 1;
      while (behind < sorted.size() && sorted[behind].Compare(sorted[first]) == 0) ++behind;
      if (behind - first > best_count) {
        best = first;
        best_count = behind - first;
      }
      first = behind;
    }
    if (!sorted.empty()) sorted[best].Give(context);
    return {};
  }
};

// '[0.1, 0.5, 0.9]'
Result<std::vector<double>> ParseFractions(std::string_view text) {
  std::vector<double> fractions;
  std::string_view rest = TrimBlanks(text);
  const auto malformed = [&] {
    return Status::InvalidArgument("the fractions are " + QuoteForMessage(text) +
                                   "; write a JSON array such as '[0.1, 0.5, 0.9]'");
  };
  if (rest.size() < 2 || rest.front() != '[' || rest.back() != ']') return malformed();
  rest = TrimBlanks(rest.substr(1, rest.size() - 2));
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    const std::optional<Number> number = ParseWholeNumber(rest.substr(0, comma));
    if (!number) return malformed();
    XTDB_RETURN_IF_ERROR(CheckFraction(number->AsReal()));
    fractions.push_back(number->AsReal());
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    if (comma != std::string_view::npos && TrimBlanks(rest).empty()) return malformed();
  }
  return fractions;
}

// percentiles(x, '[0.1, 0.9]'): PostgreSQL's array form, as JSON.
class Percentiles {
 public:
  using Item = double;
  Result<std::optional<Item>> Read(AggregateArguments arguments) {
    if (sqlite3_value_type(arguments[1]) == SQLITE_NULL) return std::optional<Item>();
    const std::string_view text = TextOf(arguments[1]);
    if (!fractions_) {
      XTDB_ASSIGN_OR_RETURN(fractions_, ParseFractions(text));
      text_ = text;
    } else if (text != text_) {
      return Status::InvalidArgument("the fractions are " + QuoteForMessage(text_) +
                                     " in one row and " + QuoteForMessage(text) + " in another");
    }
    return NumberOf(arguments[0]);
  }
  void Add(double value) { values_.Add(value); }
  void Clear() { values_.Clear(); }
  Status Give(sqlite3_context* context) const {
    if (values_.empty()) return {};
    const std::vector<double>& sorted = values_.Sorted();
    std::string json = "[";
    for (const double fraction : *fractions_) {
      if (json.size() > 1) json += ",";
      json += JsonNumber(ValueAt(sorted, fraction));
    }
    json += "]";
    sqlite3_result_text64(context, json.data(), json.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return {};
  }

 private:
  std::optional<std::vector<double>> fractions_;
  std::string text_;
  SortedNumbers values_;
};

constexpr AggregateFunction kFunctions[] = {
    MakeAggregate<PercentileCont>("percentile_cont", 2), MakeAggregate<PercentileCont>("median", 1),
    MakeAggregate<PercentileDisc>("percentile_disc", 2), MakeAggregate<Mode>("mode", 1),
    MakeAggregate<Percentiles>("percentiles", 2)};

}  // namespace

std::span<const AggregateFunction> OrderAggregates() { return kFunctions; }

}  // namespace xtdb
