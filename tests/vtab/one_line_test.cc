#include "vtab/text/one_line.h"

#include <gtest/gtest.h>

namespace xtdb {
namespace {

TEST(OneLineTest, AShortTextStaysAsItIs) {
  EXPECT_EQ(OneLine("gr\u00f6\u00dfe", 5), "gr\u00f6\u00dfe");
  EXPECT_EQ(OneLine("", 0), "");
}

TEST(OneLineTest, ALongTextIsCutBetweenCharacters) {
  EXPECT_EQ(OneLine("gr\u00f6\u00dfer", 5), "gr...");
  EXPECT_EQ(OneLine("\u00f6\u00f6\u00f6\u00f6\u00f6\u00f6", 5), "\u00f6\u00f6...");
}

TEST(OneLineTest, ControlCharactersAreBlanks) {
  EXPECT_EQ(OneLine("a\nb\x1b[1m", 9), "a b [1m");
  EXPECT_EQ(OneLine("a\u009b1m\x7f\u00a0", 9), "a 1m \u00a0");
}

TEST(OneLineTest, CharactersAreCountedNotBytes) { EXPECT_EQ(CharacterCount("\u2581\u2588 a"), 4u); }

}  // namespace
}  // namespace xtdb
