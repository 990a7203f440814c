#include "vtab/csv/csv_tag_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace xtdb {
namespace {

TEST(CsvTagTableTest, NumbersNamesInTheOrderOfTheirComing) {
  CsvTagTable tags;
  EXPECT_EQ(tags.size(), 0U);
  EXPECT_EQ(tags.Number("b"), 0U);
  EXPECT_EQ(tags.Number("a"), 1U);
  EXPECT_EQ(tags.Number("a"), 1U);
  EXPECT_EQ(tags.Number("b"), 0U);
  EXPECT_EQ(tags.Number(""), 2U);
  EXPECT_EQ(tags.Number(std::string("\0", 1)), 3U);
  EXPECT_EQ(tags.name(1), "a");
  EXPECT_EQ(tags.size(), 4U);
}

TEST(CsvTagTableTest, TellsNamesApartInWhateverOrderTheyCome) {
  std::mt19937_64 random(5);
  CsvTagTable tags;
  std::map<std::string, uint32_t> numbers;
  for (int round = 0; round < 50'000; ++round) {
    // Equal beginnings and lengths, and sometimes runs in turn.
    const uint64_t drawn = round % 1'000 < 500 ? random() % 3'000 : round % 37;
    const std::string name = std::string(drawn % 20, 'x') + std::to_string(drawn);
    const auto number = static_cast<uint32_t>(numbers.size());
    EXPECT_EQ(tags.Number(name), numbers.emplace(name, number).first->second);
  }
  for (const auto& [name, number] : numbers) EXPECT_EQ(tags.name(number), name);
}

}  // namespace
}  // namespace xtdb
