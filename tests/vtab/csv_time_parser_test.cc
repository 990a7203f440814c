#include "vtab/csv/csv_time_parser.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>

#include "engine/base/types.h"
#include "vtab/csv/structural_index.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

constexpr int64_t kNowUs = 1'234'567;
constexpr std::array kFormats = {CsvTimeFormat::kIso,          CsvTimeFormat::kSeconds,
                                 CsvTimeFormat::kMilliseconds, CsvTimeFormat::kMicroseconds,
                                 CsvTimeFormat::kNanoseconds,  CsvTimeFormat::kDayFirst,
                                 CsvTimeFormat::kMonthFirst};

// A parser that goes from text to text, as over the lines of a file, beside the general one.
class BothParsers {
 public:
  explicit BothParsers(CsvTimeFormat format) : format_(format), parser_(format, kNowUs) {}

  // Returns whether it was a time.
  bool ExpectSame(const std::string& text) {
    const std::string padded = text + std::string(kCsvSlackBytes, '1');
    int64_t ts_us = 0;
    const bool is_time = parser_.Parse(std::string_view(padded).substr(0, text.size()), ts_us);
    const Result<int64_t> general = ParseCsvTime(text, format_, kNowUs);
    EXPECT_EQ(is_time, general.ok()) << text;
    if (is_time && general.ok()) {
      EXPECT_EQ(ts_us, general.value()) << text;
    }
    return is_time;
  }

 private:
  const CsvTimeFormat format_;
  CsvTimeParser parser_;
};

TEST(CsvTimeParserTest, ReadsTheUsualFormsItself) {
  const std::pair<CsvTimeFormat, std::string_view> kTimes[] = {
      {CsvTimeFormat::kIso, "2026-01-02 03:04:05"},
      {CsvTimeFormat::kIso, "2026-01-02T03:04:05Z"},
      {CsvTimeFormat::kIso, "2026-01-02 03:04"},
      {CsvTimeFormat::kIso, "2026/01/02 03:04:05,5"},
      {CsvTimeFormat::kIso, "2026-01-02T23:59:59.123456Z"},
      {CsvTimeFormat::kDayFirst, "31.12.2025 03:04:05.5"},
      {CsvTimeFormat::kMonthFirst, "12/31/2025 03:04:05"},
      {CsvTimeFormat::kSeconds, "1767225600"},
      {CsvTimeFormat::kMilliseconds, "1767225600123"},
      {CsvTimeFormat::kMicroseconds, "1767225600123456"}};
  for (const auto& [format, text] : kTimes) {
    SCOPED_TRACE(text);
    const std::string padded = std::string(text) + std::string(kCsvSlackBytes, '1');
    CsvTimeParser parser(format, kNowUs);
    for (int time = 0; time < 2; ++time) {  // the second knows the date
      int64_t ts_us = 0;
      ASSERT_TRUE(parser.ParsePlain(std::string_view(padded).substr(0, text.size()), ts_us));
      EXPECT_EQ(ts_us, ParseCsvTime(text, format, kNowUs).value());
    }
  }
}

TEST(CsvTimeParserTest, AgreesAtTheEdges) {
  const std::string kTimes[] = {"0001-01-01 00:00:00",
                                "0000-12-31 23:59:59",
                                "9999-12-31 23:59:59.999999",
                                "9999-12-31 24:00:00",
                                "9999-12-31 23:59:60",
                                "2024-02-29 00:00:00",
                                "2023-02-29 00:00:00",
                                "2024-01-02 24:00:00",
                                "2024-01-02 23:60:00",
                                "2024-01-02 23:59:60.5",
                                "2024-01-02 25:00:00",
                                "2024-01-02 03:04:05.",
                                "2024-01-02 03:04:05.Z",
                                "2024-01-02 03:04:05.1234567",
                                "2024-01-02 03:04:05.99999950",
                                "2024-01-02 03:04:05 Z",
                                "2024-01-02 03:04:05z",
                                "2024-01-02 03:04:05+02:00",
                                "2024-01-02 03:04:05.5+02",
                                "2024-01-02t03:04:05",
                                "2024-01-02  03:04:05",
                                "2024-01-02 3:04:05",
                                "2024-1-2 03:04:05",
                                "2024-01-02",
                                "now",
                                "epoch",
                                "",
                                "2024-01-02 03:04:5",
                                "2024-01-02 03-04-05",
                                "2024.01.02 03:04:05",
                                "2024-01/02 03:04:05",
                                "20240102T030405Z",
                                " 2024-01-02 03:04:05",
                                "2024-01-02 03:04:05 ",
                                "2024-01-02T03:04Z",
                                "2024-01-02 03:0",
                                "31.12.2024 23:59:59",
                                "31.12.2024T23:59:59.25",
                                "31-12-2024 23:59",
                                "31.12/2024 23:59:59",
                                "00.12.2024 23:59:59",
                                "12/31/2024 01:02:03",
                                "31.12.0000 00:00:00",
                                "31.12.2024 23:59:59Z",
                                "253402300799",
                                "253402300800",
                                "-62135596800",
                                "253402300799999999",
                                "99999999999999999999",
                                "12345678",
                                "1704164645.5",
                                "1704164645.1234567",
                                "1.7e9",
                                "1704164645123",
                                "1704164645123456",
                                "1704164645123456789",
                                "170416464512345a",
                                "a704164645123456",
                                std::string(19, '\0'),
                                std::string(26, '\xFF')};
  for (const CsvTimeFormat format : kFormats) {
    BothParsers parsers(format);
    for (const std::string& text : kTimes) parsers.ExpectSame(text);
    for (const std::string& text : kTimes) parsers.ExpectSame(text);
  }
}

// A text of the form, in which now and then a character is another one, is missing or comes twice.
TEST(CsvTimeParserTest, AgreesOnSeededTextsNearTheUsualForms) {
  std::mt19937_64 random(4);
  constexpr std::string_view kAlphabet = "0123456789:-./,TZ +";
  for (const CsvTimeFormat format : kFormats) {
    BothParsers parsers(format);
    int times = 0;
    for (int round = 0; round < 40'000; ++round) {
      const auto ts_us = static_cast<int64_t>(random() % 8 * 43'200'000'000 + random() % 1'000'000);
      std::string text = FormatTime(ts_us + 1'767'225'600'000'000);
      if (format == CsvTimeFormat::kDayFirst || format == CsvTimeFormat::kMonthFirst) {
        text =
            text.substr(8, 2) + "." + text.substr(5, 2) + "." + text.substr(0, 4) + text.substr(10);
      } else if (format != CsvTimeFormat::kIso) {
        text = std::to_string(1'767'225'600'000'000 + ts_us).substr(0, 8 + random() % 10);
      }
      for (uint64_t changes = random() % 3; changes > 0; --changes) {
        const size_t at = random() % text.size();
        const char c = kAlphabet[random() % kAlphabet.size()];
        const uint64_t kind = random() % 4;
        if (kind < 2) text[at] = c;
        if (kind == 2) text.erase(at, 1);
        if (kind == 3) text.insert(at, 1, c);
      }
      times += parsers.ExpectSame(text) ? 1 : 0;
    }
    EXPECT_GT(times, 10'000) << CsvTimeFormatName(format);
  }
}

}  // namespace
}  // namespace xtdb
