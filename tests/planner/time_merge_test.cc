#include "planner/time_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/planner/stream_fakes.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

struct NamedRow {
  int64_t ts_us;
  std::string tag;
  double value;
  bool operator==(const NamedRow&) const = default;
};

std::vector<NamedRow> ReadAll(TimeMerge& merge) {
  std::vector<NamedRow> rows;
  while (true) {
    Result<const Batch*> next = merge.Next();
    EXPECT_TRUE(next.ok());
    if (!next.ok() || next.value() == nullptr) return rows;
    EXPECT_LT(next.value()->begin, next.value()->end);
    for (const Row& row : RowsOf(*next.value())) {
      rows.push_back({row.ts_us, next.value()->tag->name, AsDouble(row.bits)});
    }
  }
}

// Goal: rows of all tags by (ts, tag). Method: random overlapping blocks of few times, sorted
// naively.
TEST(TimeMergeTest, AgreesWithASortForRandomTags) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    const auto below = [&](size_t bound) { return static_cast<size_t>(random() % bound); };
    const bool descending = below(2) == 0;
    const Predicate predicate{CompareOp::kGe, RealOperand(static_cast<double>(below(200)))};
    const RowFilter filter(std::span(&predicate, 1), {});
    const bool filtered = below(3) == 0;
    PlanCounters counters;
    std::vector<std::unique_ptr<TagStream>> streams;  // by name, in the merge's direction
    std::vector<NamedRow> expected;
    const size_t tag_count = below(7);
    for (size_t t = 0; t < tag_count; ++t) {
      const std::string name(1, static_cast<char>('a' + (descending ? tag_count - t : t)));
      std::map<int64_t, double> live;
      std::vector<std::unique_ptr<PointSource>> sources;
      for (LSN rank = 1; rank <= below(4); ++rank) {
        const double add = static_cast<double>(below(100));
        PointColumns rows = Ramp(static_cast<int64_t>(below(200)), 1 + below(150), add);
        for (size_t i = 0; i < rows.size(); ++i) live[rows.ts_us[i]] = AsDouble(rows.bits[i]);
        sources.push_back(std::make_unique<FakeBlock>(
            std::move(rows), std::vector<size_t>{1 + below(40), 1 + below(40)}, rank, counters));
      }
      for (const auto& [ts_us, value] : live) {
        if (!filtered || value >= predicate.operand.real) expected.push_back({ts_us, name, value});
      }
      const StreamOptions options = {
          .descending = descending, .filter = filtered ? &filter : nullptr, .counters = &counters};
      streams.push_back(
          std::make_unique<TagStream>(MakeTag(static_cast<TagId>(t + 1), name, ValueType::kFloat64),
                                      std::move(sources), options));
    }
    std::sort(expected.begin(), expected.end(), [&](const NamedRow& a, const NamedRow& b) {
      return descending ? std::tie(b.ts_us, b.tag) < std::tie(a.ts_us, a.tag)
                        : std::tie(a.ts_us, a.tag) < std::tie(b.ts_us, b.tag);
    });
    TimeMerge merge(std::move(streams), descending);
    const std::vector<NamedRow> actual = ReadAll(merge);
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
      ASSERT_EQ(actual[i].ts_us, expected[i].ts_us) << "row " << i;
      ASSERT_EQ(actual[i].tag, expected[i].tag) << "row " << i;
      ASSERT_EQ(actual[i].value, expected[i].value) << "row " << i;
    }
  }
}

TEST(TimeMergeTest, FirstRowReadsOnlyTheTagThatHasIt) {
  for (const bool descending : {false, true}) {
    PlanCounters counters;
    std::vector<std::unique_ptr<TagStream>> streams;
    for (int64_t t = 0; t < 5; ++t) {
      std::vector<std::unique_ptr<PointSource>> sources;
      sources.push_back(std::make_unique<FakeBlock>(Ramp(1000 * t, 100),
                                                    std::vector<size_t>{50, 50}, 1, counters));
      streams.push_back(std::make_unique<TagStream>(
          MakeTag(static_cast<TagId>(t + 1), std::string(1, static_cast<char>('a' + t)),
                  ValueType::kFloat64),
          std::move(sources), StreamOptions{.descending = descending, .counters = &counters}));
    }
    TimeMerge merge(std::move(streams), descending);
    ASSERT_OK_AND_ASSIGN(const Batch* batch, merge.Next());
    ASSERT_NE(batch, nullptr);
    EXPECT_EQ(batch->tag->name, descending ? "e" : "a");
    EXPECT_EQ(batch->end - batch->begin, 50U) << "a whole vector, no other tag is so early";
    EXPECT_EQ(counters.blocks_read, 1U);
    EXPECT_EQ(counters.vectors_decoded, 1U);
  }
}

TEST(TimeMergeTest, NoStreamsGiveNothing) {
  TimeMerge merge({}, false);
  EXPECT_TRUE(ReadAll(merge).empty());
}

}  // namespace
}  // namespace xtdb
