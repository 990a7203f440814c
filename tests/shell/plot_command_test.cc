#include "shell/commands/plot_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "shell/commands/command.h"
#include "tests/shell/captured_terminal.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr int64_t kStartUs = 1'767'225'600'000'000;  // 2026-01-01
constexpr int64_t kMinuteUs = 60'000'000;

size_t CountOf(const std::string& part, const std::string& text) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Whether every element is closed in the order of nesting and every & begins an entity. The
// attributes' values, which we write, hold no < or >.
bool IsWellFormed(const std::string& xml) {
  std::vector<std::string> open;
  for (size_t at = xml.find('<'); at != std::string::npos; at = xml.find('<', at)) {
    const size_t end = xml.find('>', at);
    if (end == std::string::npos) return false;
    const std::string tag = xml.substr(at + 1, end - at - 1);
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
    at = end;
  }
  for (size_t at = xml.find('&'); at != std::string::npos; at = xml.find('&', at + 1)) {
    const std::string name = xml.substr(at + 1, xml.find(';', at) - at - 1);
    if (name != "amp" && name != "lt" && name != "gt" && name != "quot" && name != "apos") {
      return false;
    }
  }
  return open.empty();
}

class PlotCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(engine_, OpenForWriting(container_));
    ASSERT_OK_AND_ASSIGN(transaction_, engine_->Begin(kWriterTimeoutUs));
    Define("boiler.temp", "degC", "Flow <hot> & \"cold\"");
    Define("boiler.return", "degC", "");
    Define("boiler.pressure", "bar", "");
    for (int i = 0; i < 120; ++i) {
      Write("boiler.temp", i, Value::Real(70 + i / 10.0));
      Write("boiler.return", i, Value::Real(60 - i / 10.0));
      Write("boiler.pressure", i, Value::Real(4));
    }
    Write("state", 0, Value::Text("on"));
  }

  void Define(const std::string& tag, const std::string& unit, const std::string& description) {
    ASSERT_OK(transaction_->DefineTag(tag, ValueType::kFloat64, unit, description));
  }
  void Write(const std::string& name, int minute, const Value& value,
             Quality quality = kQualityGood) {
    ASSERT_OK_AND_ASSIGN(StagedTag* const tag, transaction_->FindOrDefineTag(name));
    ASSERT_OK(transaction_->Write(*tag, kStartUs + minute * kMinuteUs, value, quality));
  }
  // Closes the container; nothing is written behind it.
  void Close() {
    ASSERT_OK(transaction_->Prepare());
    transaction_->Commit();
    transaction_.reset();
    ASSERT_OK(engine_->Close());
    engine_.reset();
  }
  Status Plot(PlotOptions options) {
    if (engine_ != nullptr) Close();
    options.container = container_;
    return RunPlot(options, captured_.terminal());
  }
  std::string Svg(PlotOptions options) {
    options.svg = folder_ / "plot.svg";
    EXPECT_OK(Plot(std::move(options)));
    const std::string svg = ReadText(folder_ / "plot.svg");
    EXPECT_TRUE(IsWellFormed(svg)) << svg;
    return svg;
  }

  const TemporaryDirectory folder_;
  const std::string container_ = folder_ / "plant.xtdb";
  std::shared_ptr<StorageEngine> engine_;
  std::unique_ptr<Transaction> transaction_;
  const CapturedTerminal captured_;
};

TEST_F(PlotCommandTest, DrawsATag) {
  ASSERT_OK(Plot({.tags = {"boiler.temp"}, .width = 30, .height = 8}));
  EXPECT_EQ("\n" + captured_.out(), R"(
80 ┤                     ⣀⡠⠴⠒⠉
   │               ⢀⣀⠤⠖⠚⠉⠁
   │          ⣀⣠⠤⠒⠋⠉
   │    ⢀⣀⡤⠴⠒⠉⠁
70 ┤⣀⠤⠖⠊⠉
   └┬────────────┬────────────
  00:00        01:00
2026-01-01
boiler.temp [degC] Flow <ho...
)");
}

TEST_F(PlotCommandTest, TagsOfOneUnitShareAChart) {
  ASSERT_OK(Plot({.tags = {"boiler.*"}, .width = 40, .height = 24}));
  EXPECT_THAT(captured_.out(), AllOf(HasSubstr("\nA boiler.return [degC]\n"),
                                     HasSubstr("\nB boiler.temp [degC] Flow"),
                                     HasSubstr("\nboiler.pressure [bar]\n")));
  EXPECT_EQ(CountOf("2026-01-01", captured_.out()), 2u) << "two charts";
}

TEST_F(PlotCommandTest, WithoutTagsAllThatAreNoTextsAreDrawn) {
  ASSERT_OK(Plot({}));
  EXPECT_THAT(captured_.out(), AllOf(HasSubstr("boiler.pressure"), HasSubstr("boiler.temp"),
                                     Not(HasSubstr("state"))));
}

TEST_F(PlotCommandTest, OnlyTheTimeThatIsAskedForIsShown) {
  ASSERT_OK(Plot({.tags = {"boiler.temp"},
                  .from_us = kStartUs + 30 * kMinuteUs,
                  .to_us = kStartUs + 60 * kMinuteUs}));
  EXPECT_THAT(captured_.out(), AllOf(HasSubstr("00:30"), HasSubstr("00:50"), HasSubstr("74 ┤"),
                                     HasSubstr("01:00"), Not(HasSubstr("70"))));
}

TEST_F(PlotCommandTest, ATerminalGivesColoursAndItsSize) {
  Close();
  Terminal terminal = captured_.terminal();
  terminal.out_has_colour = true;
  terminal.out_columns = 50;
  terminal.out_rows = 20;
  ASSERT_OK(RunPlot({.container = container_, .tags = {"boiler.temp", "boiler.return"}}, terminal));
  EXPECT_THAT(captured_.out(),
              AllOf(HasSubstr("\x1b[32m━━ \x1b[0mboiler.temp"),
                    HasSubstr("\x1b[35m━━ \x1b[0mboiler.return"), Not(HasSubstr("A"))));
  EXPECT_LE(CountOf("\n", captured_.out()), 19u) << "the prompt needs a row";
}

TEST_F(PlotCommandTest, WithoutColourThereAreNoEscapeCodes) {
  ASSERT_OK(Plot({.tags = {"boiler.temp", "boiler.return"}}));
  EXPECT_THAT(captured_.out(), Not(HasSubstr("\x1b")));
}

TEST_F(PlotCommandTest, NullAndBadValuesBreakTheLine) {
  for (int i = 0; i < 40; ++i) {
    const Value value = i / 10 == 1 ? Value::Null() : Value::Integer(1);
    Write("broken", i, value, i / 10 == 2 ? kQualityBad : kQualityGood);
  }
  ASSERT_OK(Plot({.tags = {"broken"}, .width = 40, .height = 6}));
  EXPECT_THAT(captured_.out(), AllOf(HasSubstr("⠤⠄                 ⠠⠤"),
                                     EndsWith("\n(values of bad quality are left out)\n")));
}

TEST_F(PlotCommandTest, ASteppedTagHasSteps) {
  ASSERT_OK(transaction_->DefineTag("valve", std::nullopt, "", "", Interpolation::kStepped));
  for (int i = 0; i < 4; ++i) Write("valve", i, Value::Integer(i % 2));
  ASSERT_OK(Plot({.tags = {"valve"}, .width = 30, .height = 7}));
  EXPECT_EQ("\n" + captured_.out(), R"(
1 ┤         ⡏⠉⠉⠉⠉⠉⠉⠉⢹        ⢸
  │         ⡇       ⢸        ⢸
  │         ⡇       ⢸        ⢸
0 ┤⣀⣀⣀⣀⣀⣀⣀⣀⣀⡇       ⢸⣀⣀⣀⣀⣀⣀⣀⣀⣸
  └┬────────────────┬─────────
 00:00            00:02
2026-01-01
valve
)");
  const std::string svg = Svg({.tags = {"valve"}});
  EXPECT_THAT(svg, ContainsRegex("M[0-9.]+ 362.0H[0-9.]+V42.0H[0-9.]+V362.0H[0-9.]+V42.0\""));
}

TEST_F(PlotCommandTest, InfinitiesAreLeftOutAndTold) {
  Write("grows", 0, Value::Real(1));
  Write("grows", 1, Value::Real(std::numeric_limits<double>::infinity()));
  Write("grows", 2, Value::Real(2));
  ASSERT_OK(Plot({.tags = {"grows"}}));
  EXPECT_THAT(captured_.out(), EndsWith("\n(infinite values are left out)\n"));
}

TEST_F(PlotCommandTest, AnUnknownTagIsTold) {
  EXPECT_THAT(
      Plot({.tags = {"boiler.tmp"}}),
      HasMessage(AllOf(HasSubstr("no tag is called \"boiler.tmp\"; there is \"boiler.temp\""),
                       HasSubstr("xtdb tags"))));
  EXPECT_THAT(Plot({.tags = {"kettle*"}}), HasMessage(HasSubstr("no tag fits \"kettle*\"")));
}

TEST_F(PlotCommandTest, ATextTagHasNoLine) {
  EXPECT_THAT(Plot({.tags = {"state"}}), HasMessage("tag \"state\" is text, which has no line"));
}

TEST_F(PlotCommandTest, WithoutPointsItSaysWhereThereAreSome) {
  EXPECT_THAT(Plot({.tags = {"boiler.temp"}, .from_us = kStartUs + 1000 * kMinuteUs}),
              HasMessage("\"boiler.temp\" has no values to draw at or after 2026-01-01 "
                         "16:40:00.000; there are points from 2026-01-01 00:00:00.000 to "
                         "2026-01-01 01:59:00.000"));
  EXPECT_THAT(
      Plot({.tags = {"boiler.temp", "boiler.return"}, .to_us = kStartUs}),
      HasMessage(StartsWith("2 tags have no values to draw before 2026-01-01 00:00:00.000;")));
}

TEST_F(PlotCommandTest, ATagWithoutPointsBesideOthersIsTold) {
  Define("idle", "degC", "");
  ASSERT_OK(Plot({.tags = {"boiler.temp", "idle"}}));
  EXPECT_THAT(captured_.out(), EndsWith("\n(no values in this time: \"idle\")\n"));
  EXPECT_THAT(Plot({.tags = {"idle"}}), HasMessage("\"idle\" has no values to draw"));
}

TEST_F(PlotCommandTest, MoreThanTwelveTagsAreTooMany) {
  for (int i = 0; i < 12; ++i) Write("more" + std::to_string(i), 0, Value::Integer(1));
  EXPECT_THAT(Plot({}), HasMessage(HasSubstr("15 tags; a plot shows at most 12: name some")));
  EXPECT_OK(Plot({.tags = {"more*"}}));
}

TEST_F(PlotCommandTest, SizesHaveBounds) {
  EXPECT_THAT(Plot({.width = 19}), HasMessage("--width is 19; write 20 to 500 characters"));
  EXPECT_THAT(Plot({.height = 201}), HasMessage("--height is 201; write 4 to 200 characters"));
  EXPECT_THAT(Plot({.width = 100, .svg = folder_ / "a.svg"}),
              HasMessage("--width is 100; write 200 to 10000 pixels"));
  EXPECT_THAT(Plot({.from_us = 2, .to_us = 2}),
              HasMessage(HasSubstr("--from 1970-01-01 00:00:00.000002 is not before --to")));
}

TEST_F(PlotCommandTest, AnSvgFileHasWhatIsNeededToReadIt) {
  const std::string svg = Svg({.tags = {"boiler.*"}});
  EXPECT_THAT(svg, StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 960 "));
  EXPECT_THAT(svg, EndsWith("</svg>\n"));
  for (const char* part : {">boiler.temp</tspan>", ">degC</text>", ">bar</text>", ">00:30</text>",
                           ">2026-01-01</text>", "times in UTC"}) {
    EXPECT_THAT(svg, HasSubstr(part));
  }
  EXPECT_THAT(svg,
              AllOf(Not(HasSubstr("<script")), Not(HasSubstr("href")), Not(HasSubstr("url("))));
}

TEST_F(PlotCommandTest, NamesAreEscapedInSvg) {
  Write("a<b>&\"'\x01", 0, Value::Integer(1));
  EXPECT_THAT(Svg({.tags = {"boiler.temp"}}), HasSubstr("Flow &lt;hot&gt; &amp; &quot;cold&quot;"));
  EXPECT_THAT(Svg({.tags = {"a<b*"}}), HasSubstr(">a&lt;b&gt;&amp;&quot;&apos;"));
}

TEST_F(PlotCommandTest, DoubtfulQualityIsShadedAndExplained) {
  for (int i = 0; i < 60; ++i) {
    const Quality quality = i >= 40 ? kQualityBad : i >= 20 && i < 30 ? kQualityUncertain : 192;
    Write("doubtful", i, Value::Integer(i), quality);
  }
  const std::string svg = Svg({.tags = {"doubtful", "boiler.temp"}});
  EXPECT_EQ(CountOf("fill=\"#fad4d4\"", svg), 2u) << "a shade and its explanation";
  EXPECT_EQ(CountOf("fill=\"#fdebc3\"", svg), 2u);
  EXPECT_THAT(svg, AllOf(HasSubstr("bad quality, left out: doubtful<"),
                         HasSubstr("uncertain quality: doubtful<")));
  EXPECT_THAT(Svg({.tags = {"boiler.temp"}}), Not(HasSubstr("quality")));
}

TEST_F(PlotCommandTest, ManyPointsAreABandAndFewHaveMarkers) {
  for (int i = 0; i < 20'000; ++i) Write("many", i, Value::Integer(i % 7));
  const std::string many = Svg({.tags = {"many"}});
  EXPECT_THAT(many, AllOf(HasSubstr("fill-opacity"), HasSubstr("least to greatest value"),
                          Not(HasSubstr("<circle"))));
  const std::string few =
      Svg({.tags = {"many"}, .from_us = kStartUs, .to_us = kStartUs + 10 * kMinuteUs});
  EXPECT_THAT(few, Not(HasSubstr("fill-opacity")));
  EXPECT_EQ(CountOf("<circle", few), 10u);
}

TEST_F(PlotCommandTest, AnSvgFileIsReplacedAndNoOther) {
  WriteText(folder_ / "notes.txt", "keep me");
  EXPECT_THAT(Plot({.svg = folder_ / "notes.txt"}),
              HasMessage(EndsWith("notes.txt exists and is no SVG file; choose another name")));
  EXPECT_THAT(Plot({.svg = container_}), HasCode(StatusCode::kAlreadyExists));
  EXPECT_EQ(ReadText(folder_ / "notes.txt"), "keep me");
  EXPECT_EQ(Svg({.tags = {"boiler.temp"}}), Svg({.tags = {"boiler.temp"}}));
  EXPECT_THAT(Plot({.svg = folder_ / "absent/a.svg"}), HasMessage(HasSubstr("absent/a.svg")));
}

TEST_F(PlotCommandTest, APatternTakesNoTexts) {
  ASSERT_OK(Plot({.tags = {"boiler.temp", "*"}, .width = 100}));
  EXPECT_THAT(captured_.out(), Not(HasSubstr("state")));
  EXPECT_THAT(Plot({.tags = {"stat?"}}), HasMessage(EndsWith("has no tags with numbers that fit")));
}

TEST_F(PlotCommandTest, AnSvgFileCanGoToStandardOutput) {
  ASSERT_OK(Plot({.tags = {"boiler.temp"}, .svg = "-"}));
  EXPECT_THAT(captured_.out(), AllOf(StartsWith("<svg "), EndsWith("</svg>\n")));
}

TEST_F(PlotCommandTest, OnePointIsDrawn) {
  Write("once", 5, Value::Integer(3));
  EXPECT_EQ(CountOf("<circle", Svg({.tags = {"once"}})), 1u);
  ASSERT_OK(Plot({.tags = {"once"}}));
  EXPECT_THAT(captured_.out(), HasSubstr("00:05:00"));
}

}  // namespace
}  // namespace xtdb
