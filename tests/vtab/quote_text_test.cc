#include "vtab/text/quote_text.h"

#include <gtest/gtest.h>

#include <string>

namespace xtdb {
namespace {

TEST(QuoteForMessageTest, KeepsReadableTextAsItIs) {
  EXPECT_EQ(QuoteForMessage(""), "\"\"");
  EXPECT_EQ(QuoteForMessage("boiler.temp"), "\"boiler.temp\"");
  EXPECT_EQ(QuoteForMessage("K\u00fchlwasser \u20ac \U0001F525"),
            "\"K\u00fchlwasser \u20ac \U0001F525\"");
}

TEST(QuoteForMessageTest, EscapesQuotesControlsAndBrokenUtf8) {
  EXPECT_EQ(QuoteForMessage("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(QuoteForMessage(std::string("\0\n\x7f", 3)), "\"\\x00\\x0a\\x7f\"");
  EXPECT_EQ(QuoteForMessage("\xff\xc3"), "\"\\xff\\xc3\"");
  EXPECT_EQ(QuoteForMessage("\xc0\xaf"), "\"\\xc0\\xaf\"");                    // overlong
  EXPECT_EQ(QuoteForMessage("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\"");           // surrogate
  EXPECT_EQ(QuoteForMessage("\xf4\x90\x80\x80"), "\"\\xf4\\x90\\x80\\x80\"");  // beyond U+10FFFF
  EXPECT_EQ(QuoteForMessage("\xc2\x85"), "\"\\xc2\\x85\"");  // a control character
  EXPECT_EQ(QuoteForMessage("\xe2\x82x"), "\"\\xe2\\x82x\"");
}

TEST(QuoteForMessageTest, CutsOnlyWhatIsLongerThanTheLimit) {
  const std::string full(kQuotedBytesMax, 'x');
  EXPECT_EQ(QuoteForMessage(full), "\"" + full + "\"");
  EXPECT_EQ(QuoteForMessage(full + "y"), "\"" + full + "...\" (65 bytes)");
}

TEST(TrimBlanksTest, DropsAsciiBlanksAtBothEndsOnly) {
  EXPECT_EQ(TrimBlanks(" \t\n\v\f\r a b \r"), "a b");
  EXPECT_EQ(TrimBlanks("   "), "");
  EXPECT_EQ(TrimBlanks(""), "");
}

TEST(EqualsIgnoreCaseTest, FoldsAsciiLettersOnly) {
  EXPECT_TRUE(EqualsIgnoreCase("aZ1", "Az1"));
  EXPECT_FALSE(EqualsIgnoreCase("a", "ab"));
  EXPECT_FALSE(EqualsIgnoreCase("\xc4", "\xe4"));
  EXPECT_FALSE(EqualsIgnoreCase("[", "{"));
}

}  // namespace
}  // namespace xtdb
