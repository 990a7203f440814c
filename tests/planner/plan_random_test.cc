#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/plan.h"
#include "planner/tag_summary.h"
#include "tests/planner/random_history.h"
#include "tests/planner/stream_fakes.h"
#include "tests/support/engine_oracle.h"

namespace xtdb {
namespace {

struct NamedRow {
  std::string tag;
  Row row;
  bool operator==(const NamedRow&) const = default;
  friend void PrintTo(const NamedRow& named, std::ostream* out) {
    *out << named.tag << " ";
    PrintTo(named.row, out);
  }
};

Request RandomRequest(RandomHistory& history) {
  const auto below = [&](size_t bound) { return history.Below(bound); };
  Request request;
  for (const TagPtr& tag : history.view().AllTags()) {
    if (below(4) != 0) request.tags.push_back(tag);
  }
  std::shuffle(request.tags.begin(), request.tags.end(), history.random());
  request.order = below(2) == 0 ? RowOrder::kTs : RowOrder::kTagTs;
  request.tag_descending = below(2) == 0;
  request.ts_descending = below(2) == 0;
  request.one_per_tag = request.order == RowOrder::kTagTs && below(4) == 0;
  if (below(2) == 0) {
    request.ts_from_us = static_cast<int64_t>(below(300));
    request.ts_to_us = request.ts_from_us + static_cast<int64_t>(below(300));
  }
  if (below(2) == 0) request.limit = below(40);
  if (below(3) == 0) request.offset = below(200);
  for (size_t i = below(3); i > 0; --i) {
    Predicate predicate{static_cast<CompareOp>(below(8)), {}};
    const auto operand = [&] {
      return below(2) == 0 ? IntegerOperand(static_cast<int64_t>(below(9)))
                           : RealOperand(static_cast<double>(below(18)) / 2);
    };
    predicate.operand = operand();
    if (below(4) == 0) {
      for (size_t elements = 1 + below(8); elements > 0; --elements) {
        predicate.any_of.push_back(operand());
      }
    }
    if (below(4) == 0) {
      request.quality.push_back({CompareOp::kGe, IntegerOperand(64)});
    } else {
      request.value.push_back(predicate);
    }
  }
  return request;
}

Row ToRow(int64_t ts_us, const TestPoint& point) {
  return {ts_us, point.bits, point.quality, point.type == ValueType::kNone, point.text};
}

bool Accepts(const Request& request, const Row& row, ValueType type) {
  Row quality;
  quality.bits = row.quality;
  const auto value_ok = [&](const Predicate& p) {
    if (p.any_of.empty()) return HoldsNaively(p.op, row, type, p.operand);
    return std::any_of(p.any_of.begin(), p.any_of.end(), [&](const Operand& operand) {
      return HoldsNaively(CompareOp::kEq, row, type, operand);
    });
  };
  const auto quality_ok = [&](const Predicate& p) {
    return HoldsNaively(p.op, quality, ValueType::kInt64, p.operand);
  };
  return row.ts_us >= request.ts_from_us && row.ts_us <= request.ts_to_us &&
         std::all_of(request.value.begin(), request.value.end(), value_ok) &&
         std::all_of(request.quality.begin(), request.quality.end(), quality_ok);
}

std::vector<NamedRow> Expected(const TestPoints& points, const Request& request) {
  std::vector<NamedRow> rows;
  for (const auto& [key, point] : points) {
    const Row row = ToRow(key.second, point);
    for (const TagPtr& tag : request.tags) {
      if (tag->name == key.first && Accepts(request, row, point.type)) {
        rows.push_back({key.first, row});
      }
    }
  }
  std::sort(rows.begin(), rows.end(), [&](const NamedRow& a, const NamedRow& b) {
    if (request.order == RowOrder::kTs) {
      const auto [first, second] = request.ts_descending ? std::pair(&b, &a) : std::pair(&a, &b);
      return std::tie(first->row.ts_us, first->tag) < std::tie(second->row.ts_us, second->tag);
    }
    if (a.tag != b.tag) return (a.tag < b.tag) != request.tag_descending;
    return a.row.ts_us != b.row.ts_us && (a.row.ts_us < b.row.ts_us) != request.ts_descending;
  });
  if (request.one_per_tag) {
    const auto same_tag = [](const NamedRow& a, const NamedRow& b) { return a.tag == b.tag; };
    rows.erase(std::unique(rows.begin(), rows.end(), same_tag), rows.end());
  }
  const size_t begin = std::min<size_t>(request.offset, rows.size());
  rows.erase(rows.begin(), rows.begin() + static_cast<ptrdiff_t>(begin));
  if (request.limit.has_value() && *request.limit < rows.size()) rows.resize(*request.limit);
  return rows;
}

void CheckRequest(const RandomHistory& history, const TestPoints& points, const Request& request) {
  const std::vector<NamedRow> expected = Expected(points, request);
  ASSERT_OK_AND_ASSIGN(const auto plan, Plan::Make(history.view(), request));
  std::vector<NamedRow> actual;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const Batch* const batch, plan->Next());
    if (batch == nullptr) break;
    for (Row& row : RowsOf(*batch)) actual.push_back({batch->tag->name, std::move(row)});
  }
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) ASSERT_EQ(actual[i], expected[i]) << "row " << i;
  EXPECT_EQ(plan->counters().rows, actual.size());
}

void CheckLookUps(const RandomHistory& history, const TestPoints& points) {
  for (const TagPtr& tag : history.view().AllTags()) {
    std::map<int64_t, Row> rows;
    for (const auto& [key, point] : points) {
      if (key.first == tag->name) rows[key.second] = ToRow(key.second, point);
    }
    ASSERT_OK_AND_ASSIGN(const TagSummary summary, SummarizeTag(history.view(), tag, nullptr));
    ASSERT_EQ(summary.points, rows.size());
    ASSERT_EQ(summary.last.has_value(), !rows.empty());
    if (!rows.empty()) {
      EXPECT_EQ(summary.first_ts_us, rows.begin()->first);
      EXPECT_EQ(summary.last_ts_us, rows.rbegin()->first);
      EXPECT_EQ(summary.last->point.ts_us, rows.rbegin()->first);
    }
    for (int64_t ts_us = 0; ts_us < 500; ts_us += 13) {
      ASSERT_OK_AND_ASSIGN(const auto found, FindPoint(history.view(), tag, ts_us));
      ASSERT_EQ(found.has_value(), rows.count(ts_us) == 1) << ts_us;
      const auto behind = rows.upper_bound(ts_us);
      ASSERT_OK_AND_ASSIGN(const auto last, FindLastPoint(history.view(), tag, ts_us));
      ASSERT_EQ(last.has_value(), behind != rows.begin()) << ts_us;
      if (!last.has_value()) continue;
      const Row& expected = std::prev(behind)->second;
      EXPECT_EQ(last->point.ts_us, expected.ts_us);
      EXPECT_EQ(last->point.quality, expected.quality);
      EXPECT_EQ(last->text, expected.text);
    }
  }
}

// Goal: a plan gives what a reader of everything would, for any history of commits, flushes and
// seals. Method: random histories, read by the oracle, then filtered, sorted and cut the plain way.
TEST(PlanRandomTest, AgreesWithTheOracleForRandomHistories) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    RandomHistory history(seed);
    ASSERT_NO_FATAL_FAILURE(history.Make());
    ASSERT_OK_AND_ASSIGN(const TestPoints points, ReadAll(history.view()));
    for (int i = 0; i < 20; ++i) {
      SCOPED_TRACE(testing::Message() << "request " << i);
      ASSERT_NO_FATAL_FAILURE(CheckRequest(history, points, RandomRequest(history)));
    }
    ASSERT_NO_FATAL_FAILURE(CheckLookUps(history, points));
  }
}

// Goal: a look-up finds the first or last point that it may, however far away that is: it looks in
// windows that begin with an hour. Method: histories whose points lie from seconds to months apart.
TEST(PlanRandomTest, LookUpsFindWhatIsFarAway) {
  const Predicate is_value{CompareOp::kIsNotNull, {}};
  const RowFilter filter(std::span(&is_value, 1), {});
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    constexpr int64_t kUnitsUs[] = {1'000'000, 700'000'000, 90'000'000'000, 3'000'000'000'000};
    HistoryShape shape;
    shape.unit_us = kUnitsUs[seed % 4];
    RandomHistory history(seed, shape);
    ASSERT_NO_FATAL_FAILURE(history.Make());
    ASSERT_OK_AND_ASSIGN(const TestPoints points, ReadAll(history.view()));
    for (const TagPtr& tag : history.view().AllTags()) {
      for (int i = 0; i < 40; ++i) {
        PointSearch search;
        search.ts_from_us = static_cast<int64_t>(history.Below(1200)) * shape.unit_us;
        search.ts_to_us =
            search.ts_from_us + static_cast<int64_t>(history.Below(1200)) * shape.unit_us;
        if (i % 5 == 0) search.ts_from_us = kTsMin;
        if (i % 7 == 0) search.ts_to_us = kTsMax;
        search.last = i % 2 == 0;
        search.filter = i % 3 == 0 ? &filter : nullptr;
        std::optional<int64_t> expected_us;
        for (const auto& [key, point] : points) {
          const bool counts = search.filter == nullptr || point.type != ValueType::kNone;
          if (key.first != tag->name || !counts || key.second < search.ts_from_us ||
              key.second > search.ts_to_us || (expected_us && !search.last)) {
            continue;
          }
          expected_us = key.second;
        }
        PlanCounters counters;
        ASSERT_OK_AND_ASSIGN(const auto found, FindPointIn(history.view(), tag, search, counters));
        ASSERT_EQ(found.has_value(), expected_us.has_value()) << tag->name << " " << i;
        if (found) {
          ASSERT_EQ(found->point.ts_us, *expected_us) << tag->name << " " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace xtdb
