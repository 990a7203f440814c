#include "vtab/text/option_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<std::vector<ModuleArgument>> Parse(const std::vector<std::string_view>& arguments) {
  return ParseModuleArguments(arguments);
}

TEST(ParseSizeTest, ReadsTheAcceptedForms) {
  const std::pair<std::string_view, uint64_t> kGolden[] = {
      {"0", 0},
      {"4194304", 4'194'304},
      {"4M", 4'194'304},
      {"4m", 4'194'304},
      {"4MB", 4'194'304},
      {"4MiB", 4'194'304},
      {"4mib", 4'194'304},
      {" 4 MiB ", 4'194'304},
      {"64 KiB", 65'536},
      {"64k", 65'536},
      {"16B", 16},
      {"16 bytes", 16},
      {"1G", 1'073'741'824},
      {"2T", 2'199'023'255'552},
      {"9223372036854775807", 9'223'372'036'854'775'807},
      {"8388607T", 8'388'607ULL << 40},
      {"007K", 7'168},
  };
  for (const auto& [text, size_bytes] : kGolden) {
    SCOPED_TRACE(text);
    ASSERT_OK_AND_ASSIGN(const uint64_t size, ParseSize(text));
    EXPECT_EQ(size, size_bytes);
  }
}

TEST(ParseSizeTest, ShowsTheFormsForAnythingElse) {
  for (const std::string text : {"", " ", "M", "4X", "4MM", "4MiBs", "-4M", "+4M", "1.5G", "0x10",
                                 "4 M B", "4,096", "1e3", "4Ki B"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseSize(text), AllOf(HasCode(StatusCode::kInvalidArgument),
                                       HasMessage(AllOf(HasSubstr("not a size: \"" + text + "\""),
                                                        HasSubstr("4M, 4MB, 4MiB or 4194304")))));
  }
}

TEST(ParseSizeTest, RefusesMoreThanAFileCanHold) {
  for (const std::string text :
       {"9223372036854775808", "8388608T", "99999999999999999999", "99999999999999999999T"}) {
    EXPECT_THAT(ParseSize(text), HasMessage(HasSubstr("size out of range: \"" + text + "\"")));
  }
}

TEST(ParseBoolTest, ReadsTheSwitches) {
  for (const std::string text : {"on", "ON", "true", "Yes", "1", " on "}) {
    ASSERT_OK_AND_ASSIGN(const bool value, ParseBool(text));
    EXPECT_TRUE(value) << text;
  }
  for (const std::string text : {"off", "False", "no", "0"}) {
    ASSERT_OK_AND_ASSIGN(const bool value, ParseBool(text));
    EXPECT_FALSE(value) << text;
  }
  for (const std::string text : {"", "2", "onn", "y", "t", "01"}) {
    EXPECT_THAT(ParseBool(text), HasMessage(HasSubstr("write on or off"))) << text;
  }
}

TEST(ParseModuleArgumentsTest, UnquotesKeysAndValues) {
  ASSERT_OK_AND_ASSIGN(
      const auto arguments,
      Parse({"path = 'a''b.xtdb'", " \"synchronous\"=\"off\" ", "[chunk_size]= [64M]",
             "`codec`=`z``std`", "max_bytes=0", "compaction=off", "RETENTION='90 days'",
             "buffer\n=\t64 MiB", "threads=4", "read_only=off", "\"atomic_commit\" = on",
             "block_size='16''K'"}));
  EXPECT_THAT(
      arguments,
      ElementsAre(ModuleArgument{"path", "a'b.xtdb"}, ModuleArgument{"synchronous", "off"},
                  ModuleArgument{"chunk_size", "64M"}, ModuleArgument{"codec", "z`std"},
                  ModuleArgument{"max_bytes", "0"}, ModuleArgument{"compaction", "off"},
                  ModuleArgument{"retention", "90 days"}, ModuleArgument{"buffer", "64 MiB"},
                  ModuleArgument{"threads", "4"}, ModuleArgument{"read_only", "off"},
                  ModuleArgument{"atomic_commit", "on"}, ModuleArgument{"block_size", "16'K"}));
  EXPECT_EQ(arguments.size(), ModuleArgumentKeys().size());
}

TEST(ParseModuleArgumentsTest, KeepsEqualsSignsCommasAndCaseInValues) {
  ASSERT_OK_AND_ASSIGN(const auto arguments, Parse({"path='A=b, C.xtdb'", "codec=x=y"}));
  EXPECT_THAT(arguments,
              ElementsAre(ModuleArgument{"path", "A=b, C.xtdb"}, ModuleArgument{"codec", "x=y"}));
}

TEST(ParseModuleArgumentsTest, TakesNoArguments) {
  ASSERT_OK_AND_ASSIGN(const auto none, Parse({}));
  EXPECT_THAT(none, IsEmpty());
  ASSERT_OK_AND_ASSIGN(const auto blank, Parse({" "}));
  EXPECT_THAT(blank, IsEmpty());
}

TEST(ParseModuleArgumentsTest, ListsTheKnownOptionsForAnUnknownOne) {
  EXPECT_THAT(Parse({"path=x", "colour=red"}),
              AllOf(HasCode(StatusCode::kInvalidArgument),
                    HasMessage("unknown option \"colour\"; the options are path, synchronous, "
                               "block_size, chunk_size, buffer, retention, max_bytes, codec, "
                               "read_only, compaction, threads, atomic_commit")));
  EXPECT_THAT(Parse({"=x"}), HasMessage(HasSubstr("unknown option \"\"")));
}

TEST(ParseModuleArgumentsTest, RefusesAnOptionGivenTwice) {
  EXPECT_THAT(Parse({"path=x", "threads=1", "\"PATH\"='y'"}),
              HasMessage("option path is given twice"));
}

TEST(ParseModuleArgumentsTest, SaysWhatIsWrongWithAMalformedOption) {
  const std::pair<std::vector<std::string_view>, std::string> kGolden[] = {
      {{"plant.xtdb"}, "it has no value"},
      {{"'plant.xtdb'"}, "it has no value"},
      {{"path"}, "it has no value"},
      {{"path="}, "its value is empty"},
      {{"path=''"}, "its value is empty"},
      {{"path='x"}, "a quote is not closed"},
      {{"path='x''"}, "a quote is not closed"},
      {{"\"path=x"}, "a quote is not closed"},
      {{"path=[x"}, "a quote is not closed"},
      {{"path='x' y"}, "something follows the closing quote"},
      {{"path='x'y'"}, "something follows the closing quote"},
      {{"path=x", ""}, "it is empty"},
  };
  for (const auto& [arguments, why] : kGolden) {
    SCOPED_TRACE(arguments.back());
    EXPECT_THAT(Parse(arguments),
                AllOf(HasCode(StatusCode::kInvalidArgument),
                      HasMessage(AllOf(HasSubstr(why), HasSubstr("path='plant.xtdb'")))));
  }
}

}  // namespace
}  // namespace xtdb
