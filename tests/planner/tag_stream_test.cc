#include "planner/tag_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/planner/stream_fakes.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using Sources = std::vector<std::unique_ptr<PointSource>>;

std::unique_ptr<PointSource> Memory(PointColumns rows, LSN rank) {
  return std::make_unique<RunSource>(
      MemoryRun{std::make_shared<const PointColumns>(std::move(rows)), rank});
}

std::vector<Row> ReadAll(TagStream& stream, const TagPtr& tag) {
  std::vector<Row> rows;
  while (true) {
    Result<const Batch*> next = stream.Next();
    EXPECT_TRUE(next.ok()) << next.status().ToString();
    if (!next.ok() || next.value() == nullptr) return rows;
    const Batch& batch = *next.value();
    EXPECT_LT(batch.begin, batch.end);
    EXPECT_LE(batch.end - batch.begin, kVectorPointsMax);
    EXPECT_EQ(batch.tag, tag);
    EXPECT_TRUE(batch.columns->type == tag->type || batch.columns->type == ValueType::kNone);
    for (Row& row : RowsOf(batch)) rows.push_back(std::move(row));
  }
}

// What the sources of one seed hold, and what a reader must see of it.
struct World {
  TagPtr tag;
  Sources sources;
  std::map<int64_t, Row> live;
  std::vector<Predicate> value;
  std::vector<Predicate> quality;
  StreamOptions options;
  PlanCounters counters;
};

class WorldMaker {
 public:
  explicit WorldMaker(uint64_t seed) : random_(seed) {}

  void Make(World& world) {
    const ValueType types[] = {ValueType::kFloat64, ValueType::kInt64, ValueType::kText,
                               ValueType::kFloat64, ValueType::kBool};
    world.tag = MakeTag(7, "t", types[Below(5)]);
    // Now and then more rows than a vector or batch holds.
    span_ = int64_t{1} << (2 + (Below(12) == 0 ? 11 : Below(7)));
    const size_t source_count = Below(8);
    for (size_t i = 0; i < source_count; ++i) AddSource(world, static_cast<LSN>(10 * (i + 1)));
    std::shuffle(world.sources.begin(), world.sources.end(), random_);
    if (Below(2) == 0) AddPredicates(world);
    world.options.descending = Below(2) == 0;
    if (Below(2) == 0) {
      world.options.ts_from_us = Ts();
      world.options.ts_to_us = world.options.ts_from_us + Ts();
    }
    world.options.counters = &world.counters;
  }

 private:
  size_t Below(size_t bound) { return random_() % bound; }
  int64_t Ts() { return static_cast<int64_t>(Below(static_cast<size_t>(span_))); }

  ValueType SourceType(ValueType tag_type) {
    if (Below(8) == 0) return ValueType::kNone;
    if (tag_type == ValueType::kFloat64 && Below(3) == 0) return ValueType::kInt64;
    return tag_type;
  }

  Point RandomPoint(int64_t ts_us, ValueType type) {
    static const std::string kTexts[] = {"", "a", "b", "longer than the short string buffer"};
    static const Quality kQualities[] = {0, 64, 192, 255};
    Point point{ts_us, 0, kQualities[Below(4)], 0, {}};
    const int64_t number = static_cast<int64_t>(Below(7)) - 3;
    if (Below(6) == 0) {
      point.flags = kPointDeleted;
    } else if (type == ValueType::kNone || Below(6) == 0) {
      point.flags = kPointNull;
    } else if (type == ValueType::kText) {
      point.text = kTexts[Below(4)];
    } else if (type == ValueType::kBool) {
      point.bits = Below(2);
    } else if (type == ValueType::kInt64) {
      point.bits = FromInt64(number);
    } else {
      point.bits = FromDouble(Below(9) == 0 ? std::numeric_limits<double>::quiet_NaN()
                                            : static_cast<double>(number) / 2);
    }
    return point;
  }

  void AddSource(World& world, LSN rank) {
    const ValueType type = SourceType(world.tag->type);
    PointColumns rows;
    rows.type = type;
    const int64_t step = 1 + static_cast<int64_t>(Below(4));
    const int64_t from = Ts();
    const size_t count = 1 + Below(static_cast<size_t>(std::min<int64_t>(span_, 3000)));
    int64_t ts_us = from;
    for (size_t i = 0; i < count; ++i) {
      rows.Append(RandomPoint(ts_us, type));
      ts_us += 1 + static_cast<int64_t>(Below(static_cast<size_t>(step)));
    }
    Apply(rows, world);
    if (Below(3) == 0) {
      world.sources.push_back(Memory(std::move(rows), rank));
      return;
    }
    std::vector<size_t> sizes;
    for (size_t left = count; left > 0; left -= std::min(left, sizes.back())) {
      sizes.push_back(1 + Below(std::min<size_t>(kVectorPointsMax, count)));
    }
    world.sources.push_back(
        std::make_unique<FakeBlock>(std::move(rows), std::move(sizes), rank, world.counters));
  }

  static void Apply(const PointColumns& rows, World& world) {
    PointColumns as_seen = rows;
    if (world.tag->type == ValueType::kFloat64 && rows.type == ValueType::kInt64) {
      WidenToFloat64(as_seen);
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      if ((rows.flags[i] & kPointDeleted) != 0)
        world.live.erase(rows.ts_us[i]);
      else
        world.live[rows.ts_us[i]] = RowAt(as_seen, i);
    }
  }

  void AddPredicates(World& world) {
    const auto random_operand = [&]() {
      const int64_t number = static_cast<int64_t>(Below(7)) - 3;
      switch (Below(4)) {
        case 0:
          return RealOperand(static_cast<double>(number) / 2);
        case 1:
          return TextOperand(Below(2) == 0 ? "a" : "b");
        default:
          return IntegerOperand(number);
      }
    };
    for (size_t i = Below(3); i > 0; --i) {
      world.value.push_back({static_cast<CompareOp>(Below(8)), random_operand()});
    }
    if (Below(3) == 0) {
      world.quality.push_back(
          {static_cast<CompareOp>(Below(8)), IntegerOperand(static_cast<int64_t>(Below(4)) * 64)});
    }
  }

  std::mt19937_64 random_;
  int64_t span_ = 1;
};

std::vector<Row> ExpectedRows(const World& world) {
  std::vector<Row> rows;
  for (const auto& [ts_us, live_row] : world.live) {
    const Row& row = live_row;  // a binding cannot be captured
    if (ts_us < world.options.ts_from_us || ts_us > world.options.ts_to_us) continue;
    Row quality;
    quality.bits = row.quality;
    const bool value_ok = std::all_of(world.value.begin(), world.value.end(), [&](const auto& p) {
      return HoldsNaively(p.op, row, world.tag->type, p.operand);
    });
    const bool quality_ok = std::all_of(
        world.quality.begin(), world.quality.end(),
        [&](const auto& p) { return HoldsNaively(p.op, quality, ValueType::kInt64, p.operand); });
    if (value_ok && quality_ok) rows.push_back(row);
  }
  if (world.options.descending) std::reverse(rows.begin(), rows.end());
  return rows;
}

// Goal: whatever sources overlap, the newest live point of each time comes out, once, in order.
// Method: random blocks and runs applied to a map in order of rank, compared with the stream.
TEST(TagStreamTest, AgreesWithAMapForRandomSources) {
  uint64_t rows = 0;
  uint64_t pruned = 0;
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    World world;
    WorldMaker(seed).Make(world);
    const RowFilter filter(world.value, world.quality);
    world.options.filter = &filter;
    const std::vector<Row> expected = ExpectedRows(world);
    TagStream stream(world.tag, std::move(world.sources), world.options);
    const std::vector<Row> actual = ReadAll(stream, world.tag);
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) ASSERT_EQ(actual[i], expected[i]) << "row " << i;
    EXPECT_EQ(stream.bound(), std::nullopt);
    rows += actual.size();
    pruned += world.counters.vectors_pruned;
  }
  EXPECT_GT(rows, 100'000U);
  EXPECT_GT(pruned, 1000U);
}

// Goal: with a limit in time the stream stops before it reads past it, and loses nothing.
TEST(TagStreamTest, StopsAtEachUntilAndGoesOn) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    World world;
    WorldMaker(seed).Make(world);
    const RowFilter filter(world.value, world.quality);
    world.options.filter = &filter;
    const std::vector<Row> expected = ExpectedRows(world);
    TagStream stream(world.tag, std::move(world.sources), world.options);
    std::vector<Row> actual;
    while (const std::optional<int64_t> bound = stream.bound()) {
      ASSERT_OK_AND_ASSIGN(const Batch* batch, stream.Next(bound));
      if (batch == nullptr) {
        const std::optional<int64_t> later = stream.bound();
        ASSERT_TRUE(!later.has_value() || later != bound) << "no progress";
        continue;
      }
      for (const Row& row : RowsOf(*batch)) actual.push_back(row);
    }
    ASSERT_EQ(actual, expected);
  }
}

class LazyTagStreamTest : public testing::TestWithParam<bool> {
 protected:
  // Ten blocks of two vectors of 100 rows; block i holds [1000 i, 1000 i + 199].
  Sources DisjointBlocks() {
    Sources sources;
    for (int64_t i = 0; i < 10; ++i) {
      sources.push_back(std::make_unique<FakeBlock>(
          Ramp(1000 * i, 200), std::vector<size_t>{100, 100}, static_cast<LSN>(i + 1), counters_));
    }
    return sources;
  }
  StreamOptions Options() {
    StreamOptions options;
    options.descending = GetParam();
    options.counters = &counters_;
    return options;
  }
  const TagPtr tag_ = MakeTag(1, "a", ValueType::kFloat64);
  PlanCounters counters_;
};

TEST_P(LazyTagStreamTest, FirstBatchOfDisjointBlocksReadsOneBlockAndOneVector) {
  TagStream stream(tag_, DisjointBlocks(), Options());
  EXPECT_EQ(counters_.blocks_read, 0U);
  ASSERT_OK_AND_ASSIGN(const Batch* batch, stream.Next());
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(counters_.blocks_read, 1U);
  EXPECT_EQ(counters_.vectors_decoded, 1U);
  EXPECT_EQ(batch->end - batch->begin, 100U);
  EXPECT_EQ(batch->reversed, GetParam());
  EXPECT_EQ(batch->columns->size(), 100U) << "the vector itself, not a copy of rows";
  EXPECT_EQ(RowsOf(*batch).front().ts_us, GetParam() ? 9199 : 0);
}

TEST_P(LazyTagStreamTest, BoundOfUnreadSourcesReadsNothing) {
  TagStream stream(tag_, DisjointBlocks(), Options());
  EXPECT_EQ(stream.bound(), GetParam() ? 9199 : 0);
  ASSERT_OK_AND_ASSIGN(const Batch* batch, stream.Next(GetParam() ? 9200 : -1));
  EXPECT_EQ(batch, nullptr);
  EXPECT_EQ(counters_.blocks_read, 0U);
}

TEST_P(LazyTagStreamTest, TimeRangeDecodesOnlyVectorsThatMeetIt) {
  StreamOptions options = Options();
  options.ts_from_us = 3150;
  options.ts_to_us = 4050;
  TagStream stream(tag_, DisjointBlocks(), options);
  EXPECT_EQ(ReadAll(stream, tag_).size(), 50U + 51U);
  EXPECT_EQ(counters_.blocks_read, 2U);
  EXPECT_EQ(counters_.vectors_decoded, 2U);
  EXPECT_EQ(counters_.vectors_pruned, 2U);
}

TEST_P(LazyTagStreamTest, ZoneMapsPruneBlocksAndVectorsThatHideNothing) {
  const Predicate predicate{CompareOp::kGe, RealOperand(9100)};
  const RowFilter filter(std::span(&predicate, 1), {});
  StreamOptions options = Options();
  options.filter = &filter;
  TagStream stream(tag_, DisjointBlocks(), options);
  EXPECT_EQ(ReadAll(stream, tag_).size(), 100U);
  EXPECT_EQ(counters_.blocks_pruned, 9U);
  EXPECT_EQ(counters_.blocks_read, 1U);
  EXPECT_EQ(counters_.vectors_decoded, 1U);
}

TEST_P(LazyTagStreamTest, VectorThatHidesAnOlderMatchIsNotPruned) {
  // The newer block lowers rows 100 .. 199; the old ones would match.
  Sources sources;
  sources.push_back(
      std::make_unique<FakeBlock>(Ramp(100, 100, 1000), std::vector<size_t>{100}, 1, counters_));
  sources.push_back(
      std::make_unique<FakeBlock>(Ramp(0, 300), std::vector<size_t>{100, 100, 100}, 2, counters_));
  const Predicate predicate{CompareOp::kGt, RealOperand(1000)};
  const RowFilter filter(std::span(&predicate, 1), {});
  StreamOptions options = Options();
  options.filter = &filter;
  TagStream stream(tag_, std::move(sources), options);
  EXPECT_TRUE(ReadAll(stream, tag_).empty());
  EXPECT_EQ(counters_.vectors_decoded, 2U) << "the old one and the one above it";
  EXPECT_EQ(counters_.vectors_pruned, 2U);
}

TEST_P(LazyTagStreamTest, PrunedOlderSourceDoesNotStopPruningOfNewerOnes) {
  Sources sources;
  sources.push_back(
      std::make_unique<FakeBlock>(Ramp(0, 100), std::vector<size_t>{100}, 1, counters_));
  sources.push_back(
      std::make_unique<FakeBlock>(Ramp(0, 100), std::vector<size_t>{100}, 2, counters_));
  const Predicate predicate{CompareOp::kGt, RealOperand(1000)};
  const RowFilter filter(std::span(&predicate, 1), {});
  StreamOptions options = Options();
  options.filter = &filter;
  TagStream stream(tag_, std::move(sources), options);
  EXPECT_TRUE(ReadAll(stream, tag_).empty());
  EXPECT_EQ(counters_.blocks_pruned, 2U);
  EXPECT_EQ(counters_.blocks_read, 0U);
}

TEST_P(LazyTagStreamTest, SourceWhoseOnlyPointInRangeIsReplacedIsNotRead) {
  Sources sources;
  sources.push_back(
      std::make_unique<FakeBlock>(Ramp(0, 100), std::vector<size_t>{100}, 1, counters_));
  PointColumns newer;
  newer.type = ValueType::kFloat64;
  newer.Append({50, 0, kQualityGood, kPointDeleted, {}});
  sources.push_back(Memory(std::move(newer), 2));
  StreamOptions options = Options();
  options.ts_from_us = options.ts_to_us = 50;
  TagStream stream(tag_, std::move(sources), options);
  EXPECT_TRUE(ReadAll(stream, tag_).empty());
  EXPECT_EQ(counters_.blocks_read, 0U);
}

TEST_P(LazyTagStreamTest, ErrorOfADecodeEndsTheStream) {
  auto block =
      std::make_unique<FakeBlock>(Ramp(0, 300), std::vector<size_t>{100, 100, 100}, 1, counters_);
  block->FailAt(1);
  Sources sources;
  sources.push_back(std::move(block));
  TagStream stream(tag_, std::move(sources), Options());
  ASSERT_OK_AND_ASSIGN(const Batch* batch, stream.Next());
  ASSERT_NE(batch, nullptr);
  const Result<const Batch*> second = stream.Next();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), StatusCode::kCorruption);
  ASSERT_OK_AND_ASSIGN(const Batch* third, stream.Next());
  EXPECT_EQ(third, nullptr);
}

TEST_P(LazyTagStreamTest, EmptyTimeRangeAndNoSourcesGiveNothing) {
  TagStream none(tag_, {}, Options());
  EXPECT_TRUE(ReadAll(none, tag_).empty());
  StreamOptions options = Options();
  options.ts_from_us = 500;
  options.ts_to_us = 999;
  TagStream between(tag_, DisjointBlocks(), options);
  EXPECT_TRUE(ReadAll(between, tag_).empty());
  EXPECT_EQ(counters_.blocks_read, 0U);
}

INSTANTIATE_TEST_SUITE_P(BothDirections, LazyTagStreamTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "Descending" : "Ascending"; });

}  // namespace
}  // namespace xtdb
