// Rows of many tags at common times, against values looked up among all points.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "planner/wide/wide_rows.h"
#include "tests/planner/random_history.h"
#include "tests/support/engine_oracle.h"

namespace xtdb {
namespace {

using Values = std::map<int64_t, TestPoint>;  // of one tag, those that count

double NumberOf(const TestPoint& point) { return ToDouble(point.type, point.bits); }

Values ValuesOf(const TestPoints& points, const std::string& tag, Accept accept) {
  Values values;
  for (const auto& [key, point] : points) {
    if (key.first != tag || point.type == ValueType::kNone) continue;
    if (point.quality < LeastAccepted(accept)) continue;
    if (point.type != ValueType::kText && std::isnan(NumberOf(point))) continue;
    values.emplace(key.second, point);
  }
  return values;
}

std::string Show(ValueType type, ValueBits bits, std::string_view text, int64_t source_us) {
  std::ostringstream out;
  if (type == ValueType::kText)
    out << text;
  else
    out << ToDouble(type, bits);
  out << "@" << source_us;
  return out.str();
}

std::string Show(const Values::value_type& value) {
  return Show(value.second.type, value.second.bits, value.second.text, value.first);
}

// The value at a time as its mode says; "" for none.
std::string ValueAt(const Values& values, const SampleRequest& request, int64_t ts_us) {
  const auto behind = values.lower_bound(ts_us);
  const bool has_behind = behind != values.end();
  if (has_behind && behind->first == ts_us) return Show(*behind);
  const bool has_before = behind != values.begin();
  const auto before = has_before ? std::prev(behind) : values.end();
  const int64_t gap_us = request.gap_max_us;
  switch (request.mode) {
    case SampleMode::kExact:
      return "";
    case SampleMode::kStep:
      return has_before && ts_us - before->first <= gap_us ? Show(*before) : "";
    case SampleMode::kNearest: {
      const bool is_behind =
          has_behind && (!has_before || behind->first - ts_us < ts_us - before->first);
      if (!is_behind && !has_before) return "";
      const auto& nearest = is_behind ? *behind : *before;
      return std::abs(nearest.first - ts_us) <= gap_us ? Show(nearest) : "";
    }
    case SampleMode::kLinear:
      break;
  }
  if (!has_before || !has_behind || behind->first - before->first > gap_us) return "";
  if (before->second.type == ValueType::kText) return "";
  const double from = NumberOf(before->second), to = NumberOf(behind->second);
  const double share = static_cast<double>(ts_us - before->first) /
                       static_cast<double>(behind->first - before->first);
  return Show(ValueType::kFloat64, FromDouble(from + (to - from) * share), "", before->first);
}

using Lines = std::vector<std::string>;

Lines ExpectedRows(const TestPoints& points, const std::vector<std::string>& tags,
                   const WideRequest& request, const std::set<int64_t>& wanted) {
  std::vector<Values> values;
  std::set<int64_t> times;
  for (const std::string& tag : tags) {
    values.push_back(ValuesOf(points, tag, request.sample.accept));
    for (const auto& [ts_us, point] : values.back()) times.insert(ts_us);
  }
  if (request.grid && !times.empty()) {
    const int64_t first_us = *times.begin(), last_us = *times.rbegin();
    times.clear();
    for (int64_t ts_us = request.grid->FloorOf(first_us); ts_us <= last_us;
         ts_us = request.grid->NextOf(ts_us)) {
      if (ts_us >= first_us) times.insert(ts_us);
    }
  }
  Lines lines;
  for (const int64_t ts_us : times) {
    if (ts_us < request.range.ts_from_us || ts_us > request.range.ts_to_us) continue;
    if (!wanted.empty() && !wanted.contains(ts_us)) continue;
    std::string line = std::to_string(ts_us);
    for (size_t i = 0; i < tags.size(); ++i) {
      if (request.columns[i].is_wanted) line += " " + ValueAt(values[i], request.sample, ts_us);
    }
    lines.push_back(line);
  }
  if (request.range.descending) std::reverse(lines.begin(), lines.end());
  return lines;
}

std::string ShowRow(const WideRows& rows, const WideRequest& request) {
  std::string line = std::to_string(rows.ts_us());
  for (size_t i = 0; i < request.columns.size(); ++i) {
    if (!request.columns[i].is_wanted) continue;
    const std::optional<Sampled>& value = rows.values()[i];
    line += " ";
    if (!value) continue;
    const FoundPoint& found = value->found;
    line += Show(found.type, found.point.bits, found.text, value->source_us);
  }
  return line;
}

// wanted: if not empty, the rows at these times, each of which is skipped to.
Lines ActualRows(const ReadView& view, const WideRequest& request,
                 const std::set<int64_t>& wanted) {
  Lines lines;
  PlanCounters counters;
  auto made = WideRows::Make(view, request, counters);
  EXPECT_OK(made);
  if (!made.ok()) return lines;
  WideRows& rows = *made.value();
  while (true) {
    const Result<bool> has_row = rows.Next();
    EXPECT_OK(has_row);
    if (!has_row.ok() || !has_row.value()) return lines;
    const int64_t ts_us = rows.ts_us();
    if (wanted.empty() || wanted.contains(ts_us)) lines.push_back(ShowRow(rows, request));
    if (wanted.empty()) continue;
    if (request.range.descending) {
      const auto it = wanted.lower_bound(ts_us);
      if (it == wanted.begin() || *std::prev(it) < request.range.ts_from_us) return lines;
      EXPECT_OK(rows.SkipTo(*std::prev(it)));
    } else {
      const auto it = wanted.upper_bound(ts_us);
      if (it == wanted.end() || *it > request.range.ts_to_us) return lines;
      EXPECT_OK(rows.SkipTo(*it));
    }
  }
}

WideRequest RandomRequest(RandomHistory& history, int64_t range_us) {
  const auto below = [&](int64_t bound) {
    return static_cast<int64_t>(history.Below(static_cast<size_t>(bound)));
  };
  WideRequest request;
  if (below(2) == 0) request.grid = Buckets::Fixed(1 + below(range_us / 4), below(100));
  if (below(4) == 0) request.grid = Buckets::Whole();
  if (below(2) == 0) request.range.ts_from_us = below(range_us);
  if (below(2) == 0) request.range.ts_to_us = below(range_us);
  request.range.descending = below(2) == 0;
  request.sample.mode = static_cast<SampleMode>(below(4));
  request.sample.accept = static_cast<Accept>(below(3));
  if (below(3) == 0) request.sample.gap_max_us = 1 + below(30);
  return request;
}

std::set<int64_t> RandomTimes(RandomHistory& history, int64_t range_us) {
  std::set<int64_t> times;
  const size_t most = history.Below(2) == 0 ? 5 : 200;
  for (size_t count = 1 + history.Below(most); count > 0; --count) {
    times.insert(static_cast<int64_t>(history.Below(static_cast<size_t>(range_us))));
  }
  return times;
}

void CheckHistory(RandomHistory& history, int64_t range_us) {
  ASSERT_NO_FATAL_FAILURE(history.Make());
  ASSERT_OK_AND_ASSIGN(const TestPoints points, ReadAll(history.view()));
  for (int round = 0; round < 4; ++round) {
    WideRequest request = RandomRequest(history, range_us);
    if (request.grid && request.grid->is_whole()) request.grid = Buckets::Fixed(range_us, 1);
    std::vector<std::string> tags;
    for (size_t count = 1 + history.Below(4); count > 0; --count) {
      tags.push_back(history.Below(8) == 0 ? "none" : kHistoryTags[history.Below(4)]);
      // What a union shows of a column that is not wanted is nobody's business.
      const bool is_wanted = !request.grid || history.Below(4) != 0;
      request.columns.push_back({history.view().FindTag(tags.back()), is_wanted});
    }
    SCOPED_TRACE(testing::Message()
                 << "mode " << static_cast<int>(request.sample.mode) << " accept "
                 << static_cast<int>(request.sample.accept) << " gap " << request.sample.gap_max_us
                 << " from " << request.range.ts_from_us << " to " << request.range.ts_to_us
                 << " descending " << request.range.descending << " grid "
                 << (request.grid ? request.grid->NextOf(0) : 0) << " tags "
                 << testing::PrintToString(tags));
    ASSERT_EQ(ActualRows(history.view(), request, {}), ExpectedRows(points, tags, request, {}));
    const std::set<int64_t> wanted = RandomTimes(history, range_us);
    if (history.Below(2) == 0) request.rows_max = wanted.size();
    ASSERT_EQ(ActualRows(history.view(), request, wanted),
              ExpectedRows(points, tags, request, wanted));
  }
}

TEST(WideRandomTest, EachRowHasWhatEachTagHasAtItsTime) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    RandomHistory history(seed);
    ASSERT_NO_FATAL_FAILURE(CheckHistory(history, 900));
  }
}

// So many points for each row that they are looked for, not read.
TEST(WideRandomTest, FarBetweenRowsAreLookedUp) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    RandomHistory history(seed, {.rows_max = 6000});
    ASSERT_NO_FATAL_FAILURE(CheckHistory(history, 60'000));
  }
}

}  // namespace
}  // namespace xtdb
