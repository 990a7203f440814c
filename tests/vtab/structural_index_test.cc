#include "vtab/csv/structural_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace xtdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Kernel = size_t (*)(const char*, size_t, char, uint32_t*);

// What stands in the slack must make no difference: it is filled with what is looked for.
std::vector<uint32_t> Positions(Kernel kernel, const std::string& text, char separator) {
  const std::string padded = text + std::string(kCsvSlackBytes, separator);
  std::vector<uint32_t> positions(text.size() + kCsvSlackBytes);
  positions.resize(kernel(padded.data(), text.size(), separator, positions.data()));
  return positions;
}

TEST(StructuralIndexTest, FindsSeparatorsLineEndsAndQuotes) {
  for (const Kernel kernel : {IndexStructure, IndexStructurePlain}) {
    EXPECT_THAT(Positions(kernel, "", ','), IsEmpty());
    EXPECT_THAT(Positions(kernel, "abc", ','), IsEmpty());
    EXPECT_THAT(Positions(kernel, "a,\"b;\"\r\n", ','), ElementsAre(1, 2, 5, 7));
    EXPECT_THAT(Positions(kernel, "a,b;\n", ';'), ElementsAre(3, 4));
    EXPECT_THAT(Positions(kernel, std::string("\0,\xFF,\xAC,", 6), ','), ElementsAre(1, 3, 5));
  }
}

TEST(StructuralIndexTest, ATextOfNothingElseIsFoundWhole) {
  for (const size_t size : {1U, 63U, 64U, 65U, 128U, 1000U}) {
    std::vector<uint32_t> all(size);
    for (size_t i = 0; i < size; ++i) all[i] = static_cast<uint32_t>(i);
    EXPECT_EQ(Positions(IndexStructure, std::string(size, '\n'), ','), all);
    EXPECT_EQ(Positions(IndexStructurePlain, std::string(size, '\n'), ','), all);
  }
}

TEST(StructuralIndexTest, BothKernelsAgreeOnSeededBytesOfEverySize) {
  std::mt19937_64 random(1);
  for (size_t size = 0; size < 400; ++size) {
    std::string text(size, 'x');
    const uint64_t density = 1 + random() % 20;
    for (char& c : text) {
      const uint64_t drawn = random();
      c = drawn % density == 0 ? ",\n\"\r"[drawn >> 32 & 3] : static_cast<char>(drawn >> 40);
    }
    const char separator = ",;\t|\xE9"[random() % 5];
    EXPECT_EQ(Positions(IndexStructure, text, separator),
              Positions(IndexStructurePlain, text, separator));
  }
}

}  // namespace
}  // namespace xtdb
