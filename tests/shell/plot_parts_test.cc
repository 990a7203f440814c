// What a plot is made with: names that were meant, texts in XML.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shell/plot/near_names.h"
#include "shell/plot/xml_text.h"

namespace xtdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(NearNamesTest, TheNearestComeFirst) {
  const std::vector<std::string> names = {"boiler.temperature", "boiler.tempo", "Boiler.Temp",
                                          "pump"};
  EXPECT_THAT(NearNames("boiler.tmp", names, 5), ElementsAre("Boiler.Temp", "boiler.tempo"));
  EXPECT_THAT(NearNames("boiler.tmp", names, 1), ElementsAre("Boiler.Temp"));
  EXPECT_THAT(NearNames("temp", names, 5),
              ElementsAre("Boiler.Temp", "boiler.tempo", "boiler.temperature"))
      << "what contains it is near, too";
}

TEST(NearNamesTest, WhatIsFarIsNotNamed) {
  EXPECT_THAT(NearNames("kettle", {"pump", "a long name of something"}, 5), IsEmpty());
  EXPECT_THAT(NearNames("kettle", {}, 5), IsEmpty());
}

TEST(XmlTextTest, SignsOfXmlAreEscaped) {
  EXPECT_EQ(XmlText("a < b & c > \"d\" 'e'"), "a &lt; b &amp; c &gt; &quot;d&quot; &apos;e&apos;");
}

TEST(XmlTextTest, WhatIsNoCharacterIsReplaced) {
  EXPECT_EQ(XmlText("a\x01z\n"), "a\uFFFDz\uFFFD");
  EXPECT_EQ(XmlText("\xff\xc3"), "\uFFFD\uFFFD");
  EXPECT_EQ(XmlText("\uFFFE \u00e4\u20ac\U0001F600"), "\uFFFD \u00e4\u20ac\U0001F600");
}

}  // namespace
}  // namespace xtdb
