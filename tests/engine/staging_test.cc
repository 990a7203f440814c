#include "engine/transaction/staging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::ElementsAre;

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

class StagingTest : public testing::Test {
 protected:
  StagedTag& Define(const std::string& name, ValueType type) {
    StagedTag* tag = staging_.Define(name).value();
    if (type != ValueType::kNone) staging_.ChangeType(*tag, type);
    return *tag;
  }
  void Add(StagedTag& tag, int64_t ts, ValueBits bits = 0, std::string_view text = {}) {
    staging_.Append(tag, {ts, bits, kQualityGood, 0, text});
  }
  std::vector<int64_t> Times(TagId tag, Mark mark = kMarkNow, int64_t from = kMin,
                             int64_t to = kMax) {
    const std::optional<MemoryRun> run = staging_.RunAt(tag, mark, from, to);
    if (!run) return {};
    EXPECT_EQ(run->rank, kMaxLsn);
    return run->columns->ts_us;
  }

  TagDictionary dictionary_;
  Staging staging_{dictionary_};
};

TEST_F(StagingTest, AnEmptyOneHasNothingToLog) {
  EXPECT_TRUE(staging_.empty());
  EXPECT_EQ(staging_.row_count(), 0u);
  EXPECT_EQ(staging_.Find("a"), nullptr);
  EXPECT_EQ(staging_.Find(TagId{1}), nullptr);
  EXPECT_EQ(staging_.LastTs(1), kMin);
}

TEST_F(StagingTest, LookingAtACommittedTagStagesNothing) {
  dictionary_.Put({1, ValueType::kInt64, "a", "", ""});
  ASSERT_NE(staging_.Find("a"), nullptr);
  EXPECT_TRUE(staging_.empty());
}

TEST_F(StagingTest, NamesAreChecked) {
  EXPECT_THAT(staging_.Define(""), HasCode(StatusCode::kInvalidArgument));
  EXPECT_OK(staging_.Define(std::string(kTagNameBytesMax, 'x')));
  EXPECT_THAT(staging_.Define(std::string(kTagNameBytesMax + 1, 'x')),
              HasCode(StatusCode::kInvalidArgument));
  EXPECT_THAT(staging_.Define(std::string("a\0b", 3)), HasCode(StatusCode::kInvalidArgument));
  EXPECT_THAT(staging_.Define("\xFF"), HasCode(StatusCode::kInvalidArgument));
  dictionary_.ReserveIdsBelow(std::numeric_limits<TagId>::max());
  dictionary_.AllocateId();
  EXPECT_THAT(staging_.Define("late"), HasCode(StatusCode::kResourceExhausted));
}

TEST_F(StagingTest, UnitsAndDescriptionsAreChecked) {
  StagedTag& tag = Define("a", ValueType::kInt64);
  TagDefinition definition = tag.definition();
  definition.unit = std::string(kTagUnitBytesMax + 1, 'x');
  EXPECT_THAT(staging_.SetDefinition(tag, definition), HasCode(StatusCode::kInvalidArgument));
  definition.unit = "\xC3";
  EXPECT_THAT(staging_.SetDefinition(tag, definition), HasCode(StatusCode::kInvalidArgument));
  definition.unit = std::string(kTagUnitBytesMax, 'x');
  definition.description = std::string(kTagDescriptionBytesMax, 'x');
  EXPECT_OK(staging_.SetDefinition(tag, definition));
  definition.description += 'x';
  EXPECT_THAT(staging_.SetDefinition(tag, definition), HasCode(StatusCode::kInvalidArgument));
}

TEST_F(StagingTest, AMarkShowsWhatWasStagedBeforeIt) {
  StagedTag& tag = Define("a", ValueType::kInt64);
  const Mark empty = staging_.TakeMark();
  Add(tag, 1);
  const Mark one = staging_.TakeMark();
  Add(tag, 2);
  Add(tag, 3);
  const Mark three = staging_.TakeMark();
  const Mark same = staging_.TakeMark();
  EXPECT_THAT(Times(tag.id(), empty), ElementsAre());
  EXPECT_THAT(Times(tag.id(), one), ElementsAre(1));
  EXPECT_THAT(Times(tag.id(), three), ElementsAre(1, 2, 3));
  EXPECT_THAT(Times(tag.id(), same), ElementsAre(1, 2, 3));
  Add(tag, 4);
  EXPECT_THAT(Times(tag.id(), same), ElementsAre(1, 2, 3));
  EXPECT_THAT(Times(tag.id()), ElementsAre(1, 2, 3, 4));
}

TEST_F(StagingTest, ARunIsSortedAndOfEqualTimesTheLast) {
  StagedTag& tag = Define("a", ValueType::kInt64);
  Add(tag, 3, 1);
  Add(tag, 1, 2);
  Add(tag, 3, 3);
  const auto run = staging_.RunAt(tag.id(), kMarkNow, kMin, kMax);
  ASSERT_TRUE(run);
  EXPECT_THAT(run->columns->ts_us, ElementsAre(1, 3));
  EXPECT_THAT(run->columns->bits, ElementsAre(2, 3));
  EXPECT_THAT(Times(tag.id(), kMarkNow, 2, 3), ElementsAre(3));
  EXPECT_THAT(Times(tag.id(), kMarkNow, 4, kMax), ElementsAre());
}

TEST_F(StagingTest, RollbackToAMarkTakesRowsAndTextsBack) {
  StagedTag& tag = Define("t", ValueType::kText);
  Add(tag, 1, 0, "kept");
  const Mark mark = staging_.TakeMark();
  const uint64_t generation = staging_.generation();
  Add(tag, 2, 0, std::string(1000, 'x'));
  Add(tag, 3, 0, "gone");
  staging_.RollbackTo(mark);
  EXPECT_NE(staging_.generation(), generation);
  StagedTag* again = staging_.Find("t");
  ASSERT_NE(again, nullptr);
  ASSERT_EQ(again->columns().size(), 1u);
  EXPECT_EQ(again->columns().TextAt(0), "kept");
  Add(*again, 4, 0, "new");
  EXPECT_EQ(again->columns().TextAt(1), "new");
  EXPECT_EQ(again->columns().text_heap.size(), 7u);
}

TEST_F(StagingTest, RollbackUndoesAWidening) {
  StagedTag& tag = Define("a", ValueType::kInt64);
  Add(tag, 1, FromInt64(-3));
  const Mark mark = staging_.TakeMark();
  staging_.ChangeType(tag, ValueType::kFloat64);
  Add(tag, 2, FromDouble(0.5));
  EXPECT_THAT(tag.columns().bits, ElementsAre(FromDouble(-3), FromDouble(0.5)));
  staging_.RollbackTo(mark);
  const StagedTag* again = staging_.Find("a");
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->type(), ValueType::kInt64);
  EXPECT_EQ(again->columns().type, ValueType::kInt64);
  EXPECT_THAT(again->columns().bits, ElementsAre(FromInt64(-3)));
}

TEST_F(StagingTest, RollbackUndoesSeveralStepsOfType) {
  StagedTag& tag = Define("a", ValueType::kNone);
  staging_.Append(tag, {1, 0, kQualityGood, kPointNull, {}});
  staging_.RollbackTo(staging_.TakeMark());
  StagedTag* now = staging_.Find("a");
  const Mark untyped = staging_.TakeMark();
  staging_.ChangeType(*now, ValueType::kInt64);
  Add(*now, 2, FromInt64(7));
  staging_.TakeMark();
  staging_.ChangeType(*now, ValueType::kFloat64);
  Add(*now, 3, FromDouble(1.5));
  staging_.RollbackTo(untyped);
  now = staging_.Find("a");
  ASSERT_NE(now, nullptr);
  EXPECT_EQ(now->type(), ValueType::kNone);
  EXPECT_EQ(now->columns().size(), 1u);
}

TEST_F(StagingTest, RollbackForgetsNewTagsAndTheirNumbersStayUsed) {
  const Mark mark = staging_.TakeMark();
  const TagId lost = Define("gone", ValueType::kInt64).id();
  staging_.RollbackTo(mark);
  EXPECT_EQ(staging_.Find("gone"), nullptr);
  EXPECT_TRUE(staging_.empty());
  EXPECT_GT(Define("gone", ValueType::kText).id(), lost);
}

TEST_F(StagingTest, RollbackToAnOlderOfTwoMarksUndoesBoth) {
  StagedTag& tag = Define("a", ValueType::kInt64);
  Add(tag, 1);
  const Mark outer = staging_.TakeMark();
  Add(tag, 2);
  staging_.TakeMark();
  Add(tag, 3);
  staging_.RollbackTo(outer);
  EXPECT_THAT(Times(tag.id()), ElementsAre(1));
  Add(*staging_.Find("a"), 4);
  staging_.RollbackTo(outer);
  EXPECT_THAT(Times(tag.id()), ElementsAre(1)) << "a savepoint may be rolled back to again";
}

TEST_F(StagingTest, NewTagsAreByNameAndOnlyThoseBeforeTheMark) {
  Define("b", ValueType::kInt64);
  Define("a", ValueType::kInt64);
  const Mark mark = staging_.TakeMark();
  Define("c", ValueType::kInt64);
  std::vector<std::string> names;
  for (const TagPtr& tag : staging_.NewTags(mark)) names.push_back(tag->name);
  EXPECT_THAT(names, ElementsAre("a", "b"));
  EXPECT_EQ(staging_.FindDefinition("c", mark), nullptr);
  EXPECT_NE(staging_.FindDefinition("c", kMarkNow), nullptr);
}

TEST_F(StagingTest, OnlyNewOrChangedTagsNeedADefinition) {
  dictionary_.Put({1, ValueType::kInt64, "old", "", ""});
  dictionary_.ReserveIdsBelow(2);
  StagedTag& old = *staging_.Find("old");
  Add(old, 1);
  EXPECT_FALSE(Staging::NeedsDefinition(old));
  EXPECT_TRUE(Staging::NeedsDefinition(Define("new", ValueType::kNone)));
  staging_.ChangeType(old, ValueType::kFloat64);
  EXPECT_TRUE(Staging::NeedsDefinition(old));
  EXPECT_EQ(dictionary_.Find("old")->type, ValueType::kInt64) << "nobody else sees it";
}

TEST_F(StagingTest, LastTsIsOfAllRowsAndRollbackDoesNotRaiseIt) {
  StagedTag& tag = Define("a", ValueType::kInt64);
  Add(tag, 5);
  Add(tag, 3);
  EXPECT_EQ(staging_.LastTs(tag.id()), 5);
  staging_.Clear();
  EXPECT_EQ(staging_.LastTs(1), kMin);
  EXPECT_TRUE(staging_.empty());
}

}  // namespace
}  // namespace xtdb
