#include "engine/catalog/tag_dictionary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace xtdb {
namespace {

TEST(TagDictionaryTest, TagsAreFoundByNameAndNumber) {
  TagDictionary dictionary;
  EXPECT_EQ(dictionary.Find("a"), nullptr);
  EXPECT_EQ(dictionary.Find(TagId{1}), nullptr);
  dictionary.Put({1, ValueType::kInt64, "a", "bar", "pressure"});
  EXPECT_EQ(dictionary.Find("a")->unit, "bar");
  EXPECT_EQ(dictionary.Find(TagId{1})->name, "a");
  EXPECT_EQ(dictionary.Find("A"), nullptr) << "names are case-sensitive";
  EXPECT_EQ(dictionary.size(), 1u);
}

TEST(TagDictionaryTest, ARedefinitionReplacesAndOldHandlesStay) {
  TagDictionary dictionary;
  dictionary.Put({1, ValueType::kInt64, "a", "", ""});
  const TagPtr before = dictionary.Find("a");
  dictionary.Put({1, ValueType::kFloat64, "a", "u", ""});
  EXPECT_EQ(before->type, ValueType::kInt64);
  EXPECT_EQ(dictionary.Find("a")->type, ValueType::kFloat64);
  EXPECT_EQ(dictionary.Find(TagId{1})->unit, "u");
  EXPECT_EQ(dictionary.size(), 1u);
}

TEST(TagDictionaryTest, SortedIsByBytesAndFollowsEachPut) {
  TagDictionary dictionary;
  TagId id = 0;
  for (const char* name : {"b", "a", "\xC3\xA4", "B", "aa"}) {
    dictionary.Put({++id, ValueType::kNone, name, "", ""});
  }
  const auto sorted = dictionary.Sorted();
  std::vector<std::string> names;
  for (const TagPtr& tag : *sorted) names.push_back(tag->name);
  EXPECT_THAT(names, testing::ElementsAre("B", "a", "aa", "b", "\xC3\xA4"));
  dictionary.Put({++id, ValueType::kNone, "0", "", ""});
  EXPECT_EQ(sorted->size(), 5u) << "a list once taken does not change";
  EXPECT_EQ(dictionary.Sorted()->front()->name, "0");
}

TEST(TagDictionaryTest, NumbersAreGivenOutOnceAndNeverZero) {
  TagDictionary dictionary;
  EXPECT_EQ(dictionary.AllocateId(), 1u);
  EXPECT_EQ(dictionary.AllocateId(), 2u);
  dictionary.ReserveIdsBelow(10);
  EXPECT_EQ(dictionary.AllocateId(), 10u);
  dictionary.ReserveIdsBelow(5);
  EXPECT_EQ(dictionary.AllocateId(), 11u);
  EXPECT_EQ(dictionary.next_id(), 12u);
}

TEST(TagDictionaryTest, TheLastNumberIsGivenOutAndThenNone) {
  TagDictionary dictionary;
  constexpr TagId kLast = std::numeric_limits<TagId>::max();
  dictionary.ReserveIdsBelow(kLast);
  const TagId last = dictionary.AllocateId();
  EXPECT_TRUE(last == kLast || last == kNoTag);
  EXPECT_EQ(dictionary.AllocateId(), kNoTag);
  EXPECT_EQ(dictionary.AllocateId(), kNoTag) << "it does not begin anew";
}

TEST(TagDictionaryTest, ReadersMayLookWhileTagsAreAdded) {
  TagDictionary dictionary;
  std::thread reader([&] {
    size_t seen = 0;
    while (seen < 500) {
      const auto sorted = dictionary.Sorted();
      EXPECT_GE(sorted->size(), seen);
      seen = sorted->size();
      for (const TagPtr& tag : *sorted) EXPECT_NE(dictionary.Find(tag->name), nullptr);
    }
  });
  for (TagId id = 1; id <= 500; ++id) {
    dictionary.Put({id, ValueType::kNone, "tag" + std::to_string(id), "", ""});
  }
  reader.join();
}

TagPtr MakeTag(TagId id, const std::string& name, ValueType type = ValueType::kFloat64) {
  return std::make_shared<const TagDefinition>(TagDefinition{id, type, name, "", ""});
}

TEST(TagDictionaryPrepareTest, WhatIsPreparedIsSeenOncePut) {
  TagDictionary dictionary;
  TagDictionary::Prepared prepared = dictionary.Prepare({MakeTag(7, "b"), MakeTag(3, "a")});
  EXPECT_EQ(dictionary.Find("a"), nullptr);
  EXPECT_EQ(dictionary.size(), 0u);
  dictionary.Put(std::move(prepared));
  EXPECT_EQ(dictionary.Find("a")->id, 3u);
  EXPECT_EQ(dictionary.Find(TagId{7})->name, "b");
  EXPECT_EQ(dictionary.next_id(), 8u);
  ASSERT_EQ(dictionary.Sorted()->size(), 2u);
  EXPECT_EQ(dictionary.Sorted()->front()->name, "a");
}

TEST(TagDictionaryPrepareTest, ARedefinitionTakesThePlaceOfTheOldOneUnderBothKeys) {
  TagDictionary dictionary;
  dictionary.Put(*MakeTag(1, "old", ValueType::kInt64));
  EXPECT_EQ(dictionary.Sorted()->size(), 1u);
  dictionary.Put(*MakeTag(1, "old", ValueType::kFloat64));
  EXPECT_EQ(dictionary.Find("old")->type, ValueType::kFloat64);
  dictionary.Put(*MakeTag(1, "new"));
  EXPECT_EQ(dictionary.Find("old"), nullptr);
  EXPECT_EQ(dictionary.Find("new")->id, 1u);
  EXPECT_EQ(dictionary.Find(TagId{1})->name, "new");
  EXPECT_EQ(dictionary.size(), 1u);
  EXPECT_EQ(dictionary.Sorted()->front()->name, "new");
}

TEST(TagDictionaryPrepareTest, ManySmallPutsAndOneLargeOneFindEveryTag) {
  constexpr TagId kTags = 3000;
  TagDictionary dictionary;
  std::vector<TagPtr> tags;
  for (TagId id = 1; id <= kTags; ++id) tags.push_back(MakeTag(id, "t" + std::to_string(id)));
  for (TagId id = 1; id <= kTags / 2; ++id) dictionary.Put(*tags[id - 1]);
  dictionary.Put(dictionary.Prepare(tags));
  EXPECT_EQ(dictionary.size(), kTags);
  for (const TagPtr& tag : tags) {
    ASSERT_EQ(dictionary.Find(tag->id), tag);
    ASSERT_EQ(dictionary.Find(tag->name), tag);
  }
}

}  // namespace
}  // namespace xtdb
