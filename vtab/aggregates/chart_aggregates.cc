#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/types.h"
#include "vtab/aggregates/aggregate_glue.h"
#include "vtab/aggregates/aggregates.h"
#include "vtab/chart/sparkline.h"
#include "vtab/chart/text_chart.h"
#include "vtab/chart/time_envelope.h"
#include "vtab/scalars/scalar_arguments.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

void SetText(sqlite3_context* context, const std::string& text) {
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

// A number of characters, the same in all rows; NULL is as if it were left out.
class Extent {
 public:
  // hint: what else may have been meant
  Extent(const char* name, int least, int greatest, int usual, const char* hint = "")
      : name_(name), least_(least), greatest_(greatest), value_(usual), hint_(hint) {}

  Status Take(sqlite3_value* value) {
    if (sqlite3_value_type(value) == SQLITE_NULL) return {};
    XTDB_ASSIGN_OR_RETURN(const std::optional<double> number, NumberOf(value));
    if (!(*number >= least_ && *number <= greatest_ && *number == std::floor(*number))) {
      return Status::InvalidArgument(std::string("the ") + name_ + " is " + ShowValue(value) +
                                     "; write a whole number of characters from " +
                                     std::to_string(least_) + " to " + std::to_string(greatest_) +
                                     hint_);
    }
    const int given = static_cast<int>(*number);
    if (is_given_ && given != value_) {
      return Status::InvalidArgument(std::string("the ") + name_ + " is " + std::to_string(value_) +
                                     " in one row and " + std::to_string(given) + " in another");
    }
    is_given_ = true;
    value_ = given;
    return {};
  }
  int value() const { return value_; }

 private:
  const char* name_;
  int least_;
  int greatest_;
  int value_;
  const char* hint_;
  bool is_given_ = false;
};

struct SparklineItem {
  std::optional<double> value;
};

// sparkline(value [, width])
class SparklineState {
 public:
  using Item = SparklineItem;
  Result<std::optional<Item>> Read(AggregateArguments arguments) {
    if (arguments.size() > 1) XTDB_RETURN_IF_ERROR(width_.Take(arguments[1]));
    XTDB_ASSIGN_OR_RETURN(const std::optional<double> value, NumberOf(arguments[0]));
    return std::optional(Item{value});
  }
  void Add(const Item& item) { line_.Add(item.value); }
  void Clear() { line_ = Sparkline(); }
  Status Give(sqlite3_context* context) const {
    if (line_.value_count() > 0) SetText(context, line_.Draw(static_cast<size_t>(width_.value())));
    return {};
  }

 private:
  Extent width_{"width", 1, TextChart::kWidthMax, 80};
  Sparkline line_;
};

struct ChartItem {
  int64_t ts_us = 0;
  double value = 0;
  uint32_t line = 0;
  bool is_missing = false;
};

// xtdb_chart(time, value [, tag] [, width [, height]])
class ChartState {
 public:
  using Item = ChartItem;

  Result<std::optional<Item>> Read(sqlite3_context* context, AggregateArguments arguments) {
    XTDB_ASSIGN_OR_RETURN(const std::string_view name, ReadOptions(arguments));
    if (sqlite3_value_type(arguments[0]) == SQLITE_NULL) return std::optional<Item>();
    XTDB_ASSIGN_OR_RETURN(const int64_t ts_us, ReadTime(context, arguments[0]));
    XTDB_ASSIGN_OR_RETURN(const std::optional<double> value, NumberOf(arguments[1]));
    XTDB_ASSIGN_OR_RETURN(const uint32_t line, LineOf(name));
    return std::optional(Item{ts_us, value.value_or(0), line, !value});
  }

  void Add(const Item& item) {
    TimeEnvelope& envelope = envelopes_[item.line];
    if (item.is_missing || !std::isfinite(item.value)) {
      infinite_count_ += item.is_missing ? 0 : 1;
      envelope.AddBreak(item.ts_us);
    } else {
      envelope.Add(item.ts_us, item.value);
    }
  }

  void Clear() {
    for (TimeEnvelope& envelope : envelopes_) envelope.Clear();
    infinite_count_ = 0;
  }

  Status Give(sqlite3_context* context) const {
    std::vector<ChartLine> lines;
    for (const auto& [name, number] : numbers_) {
      const TimeEnvelope& envelope = envelopes_[number];
      if (!envelope.empty()) lines.push_back({name, "", envelope.Bins()});
    }
    TextChartOptions options;
    options.width = width_.value();
    options.height = height_.value();
    if (infinite_count_ > 0) {
      options.note = infinite_count_ == 1
                         ? "1 infinite value is left out"
                         : std::to_string(infinite_count_) + " infinite values are left out";
    }
    SetText(context, TextChart(std::move(lines), std::move(options)).Draw());
    return {};
  }

 private:
  // Gives the line's name, "" if there is none.
  Result<std::string_view> ReadOptions(AggregateArguments arguments) {
    AggregateArguments rest = arguments.subspan(2);
    std::string_view name;
    // With all five given a number can be a name, too.
    const auto is_number = [](sqlite3_value* value) {
      const int type = sqlite3_value_type(value);
      return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
    };
    if (!rest.empty() && (rest.size() == 3 || !is_number(rest[0]))) {
      name = TextOf(rest[0]);
      rest = rest.subspan(1);
    }
    if (!rest.empty()) XTDB_RETURN_IF_ERROR(width_.Take(rest[0]));
    if (rest.size() > 1) XTDB_RETURN_IF_ERROR(height_.Take(rest[1]));
    return name;
  }

  static Result<int64_t> ReadTime(sqlite3_context* context, sqlite3_value* value) {
    XTDB_ASSIGN_OR_RETURN(const TimeArgument time, TimeOf(context, value));
    if (time.us >= kTsMin && time.us <= kTsMax) return time.us;
    return Status::InvalidArgument("a chart shows times from 0001-01-01 to 9999-12-31, not " +
                                   ShowValue(value));
  }

  Result<uint32_t> LineOf(std::string_view name) {
    const auto known = numbers_.find(name);
    if (known != numbers_.end()) return known->second;
    if (numbers_.size() == TextChart::kLinesMax) {
      return Status::InvalidArgument(
          "more than " + std::to_string(TextChart::kLinesMax) +
          " lines; choose some with WHERE, or draw a chart of each with GROUP BY");
    }
    const auto number = static_cast<uint32_t>(numbers_.size());
    numbers_.emplace(name, number);
    return number;
  }

  Extent width_{"width", TextChart::kWidthMin, TextChart::kWidthMax, TextChartOptions().width,
                "; the name of a line is a text"};
  Extent height_{"height", TextChart::kHeightMin, TextChart::kHeightMax, TextChartOptions().height};
  // In the order of names, so that the picture does not hang on that of the rows.
  std::map<std::string, uint32_t, std::less<>> numbers_;
  std::array<TimeEnvelope, TextChart::kLinesMax> envelopes_;
  uint64_t infinite_count_ = 0;
};

constexpr AggregateFunction kFunctions[] = {
    MakeAggregate<SparklineState>("sparkline", 1), MakeAggregate<SparklineState>("sparkline", 2),
    MakeAggregate<ChartState>("xtdb_chart", 2),    MakeAggregate<ChartState>("xtdb_chart", 3),
    MakeAggregate<ChartState>("xtdb_chart", 4),    MakeAggregate<ChartState>("xtdb_chart", 5)};

}  // namespace

std::span<const AggregateFunction> ChartAggregates() { return kFunctions; }

}  // namespace xtdb
