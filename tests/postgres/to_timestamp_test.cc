// to_timestamp with a template: the same times and the same errors as of a live PostgreSQL, of
// random templates and of texts that fit them, nearly fit them or do not.

#include <algorithm>
#include <cctype>
#include <regex>

#include "tests/postgres/postgres_fixture.h"

namespace xtdb {
namespace {

using Strings = std::vector<std::string>;

const Strings kGregorian = {"YYYY", "YYYY", "YYY", "YY", "Y",  "Y,YYY", "yyyy", "yy",    "MM",
                            "mm",   "MM",   "DD",  "dd", "DD", "DDD",   "ddd",  "MONTH", "Month",
                            "mon",  "MON",  "WW",  "W",  "ww", "D",     "RM",   "rm"};
const Strings kIsoWeeks = {"IYYY", "IYY", "IY", "I", "IW", "ID", "IDDD", "iyyy", "iw", "id"};
const Strings kTimes = {"HH24", "hh24", "HH12", "HH",  "MI",   "mi",   "SS",    "ss",
                        "MS",   "ms",   "US",   "us",  "SSSS", "ssss", "SSSSS", "FF1",
                        "FF2",  "FF3",  "FF4",  "FF5", "FF6",  "ff3",  "HH24",  "MI"};
const Strings kOthers = {"AM", "pm", "A.M.", "p.m.", "AD",  "bc",  "B.C.", "a.d.", "CC",  "cc",
                         "Q",  "J",  "j",    "DAY",  "Day", "dy",  "Dy",   "TZH",  "TZM", "tzh",
                         "OF", "TZ", "tz",   "FX",   "fx",  "TZH", "TZM",  "AM",   "BC"};
const Strings kBetween = {"-", "-",  "/",       " ",     ":",        ".",    ",",     "T",
                          "",  "",   "  ",      " - ",   "--",       "\t",   "at",    "7",
                          "§", "x",  "\"Uhr\"", "\" \"", "\"\\\"\"", "\\\"", "\"-\"", "\"5\"",
                          "_", "日", "\\",      "\"\"",  "\"h"};
const Strings kTextBetween = {"-",   "-",  "/",  " ",  ":", ".", ",", "T",   "",   "",   "  ",
                              " - ", "--", "\t", "at", "7", "§", "x", "Uhr", "日", "\\", "+"};

class ToTimestampTest : public PostgresTest {
 protected:
  // A template and a text that may fit it.
  struct Sample {
    std::string format;
    std::string text;
  };

  std::string Digits(uint64_t most) {
    std::string digits;
    for (uint64_t count = 1 + Below(most); count > 0; --count) {
      digits += static_cast<char>('0' + Below(10));
    }
    return digits;
  }

  std::string Padded(uint64_t value, size_t width) {
    std::string digits = std::to_string(value);
    if (Below(5) == 0) return digits;
    return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
  }

  std::string YearFor(size_t width) {
    static const uint64_t kPowers[] = {1, 10, 100, 1000, 10'000};
    if (Below(6) == 0) return Padded(1 + Below(12'000), width);
    return Padded((1900 + Below(200)) % kPowers[std::min<size_t>(width, 4)], width);
  }

  // In small letters; a number in the pattern's range, mostly.
  std::string NumberFor(const std::string& pattern) {
    if (Below(12) == 0) return Digits(6);
    if (pattern == "y,yyy") return std::to_string(1 + Below(9)) + "," + Padded(Below(1000), 3);
    if (pattern.starts_with("y") || pattern.ends_with("y") || pattern == "i")
      return YearFor(pattern.size());
    if (pattern == "mm" || pattern == "hh12" || pattern == "hh") return Padded(1 + Below(12), 2);
    if (pattern == "dd") return Padded(1 + Below(31), 2);
    if (pattern == "ddd" || pattern == "iddd") return Padded(1 + Below(366), 3);
    if (pattern == "ww" || pattern == "iw") return Padded(1 + Below(53), 2);
    if (pattern == "w") return std::to_string(1 + Below(5));
    if (pattern == "d" || pattern == "id") return std::to_string(1 + Below(7));
    if (pattern == "hh24") return Padded(Below(24), 2);
    if (pattern == "mi" || pattern == "ss") return Padded(Below(60), 2);
    if (pattern == "ms") return Below(2) == 0 ? Padded(Below(1000), 3) : Digits(3);
    if (pattern == "us") return Below(2) == 0 ? Padded(Below(1'000'000), 6) : Digits(6);
    if (pattern.starts_with("ff")) return Digits(6);
    if (pattern.starts_with("ssss")) return Padded(Below(86'400), 5);
    if (pattern == "cc") return Padded(1 + Below(25), 2);
    if (pattern == "q") return std::to_string(1 + Below(4));
    if (pattern == "j") return std::to_string(Below(4'000'000));
    if (pattern == "tzh") return OneOf(Strings{"+", "-", "", " "}) + Padded(Below(17), 2);
    if (pattern == "tzm") return Padded(Below(60), 2);
    return Digits(4);
  }

  std::string WordFor(const std::string& pattern) {
    static const Strings months = {"January", "FEBRUARY", "march", "April",     "May", "june",
                                   "July",    "August",   "Sept",  "September", "Oct", "Januar"};
    static const Strings days = {"Monday", "TUESDAY", "wed", "Thursday", "fri", "Sunday", "Sa"};
    static const Strings roman = {"I", "ii", "III", "iv", "V", "VI", "vii", "VIII", "XII", "XIII"};
    if (pattern.starts_with("mon")) return OneOf(months);
    if (pattern == "day" || pattern == "dy") return OneOf(days);
    if (pattern == "rm") return OneOf(roman);
    if (pattern == "fx") return "";
    if (pattern == "am" || pattern == "pm") return OneOf(Strings{"AM", "pm", "Pm", "a.m.", "x"});
    if (pattern == "a.m." || pattern == "p.m.") return OneOf(Strings{"A.M.", "p.m.", "P.M.", "am"});
    if (pattern == "ad" || pattern == "bc") return OneOf(Strings{"AD", "bc", "BC", "b.c."});
    return OneOf(Strings{"A.D.", "b.c.", "B.C.", "BC", "UTC", "+00"});
  }

  std::string ValueFor(const std::string& pattern) {
    std::string small = pattern;
    for (char& c : small) c = static_cast<char>(std::tolower(c));
    static const Strings words = {"month", "mon", "day", "dy",   "rm",   "am", "pm", "a.m.",
                                  "p.m.",  "ad",  "bc",  "a.d.", "b.c.", "of", "tz", "fx"};
    const bool is_word = std::find(words.begin(), words.end(), small) != words.end();
    std::string value = is_word ? WordFor(small) : NumberFor(small);
    if (!is_word && Below(25) == 0) value = OneOf(Strings{"-", "+", " ", "x"}) + value;
    return value;
  }

  const std::string& RandomPattern(bool is_iso) {
    switch (Below(6)) {
      case 0:
        return OneOf(kOthers);
      case 1:
      case 2:
        return OneOf(kTimes);
      default:
        return OneOf(is_iso ? kIsoWeeks : kGregorian);
    }
  }

  Sample RandomSample() {
    Sample sample;
    const bool is_iso = Below(5) == 0;
    for (uint64_t count = 1 + Below(5); count > 0; --count) {
      const std::string pattern = RandomPattern(is_iso != (Below(30) == 0));
      if (Below(8) == 0) sample.format += OneOf(Strings{"FM", "fm", "TM"});
      sample.format += pattern;
      sample.text += ValueFor(pattern);
      if (Below(10) == 0) {
        sample.format += OneOf(Strings{"th", "TH", "SP"});
        if (Below(3) != 0) sample.text += "th";
      }
      if (count == 1 && Below(2) == 0) break;
      const std::string between = OneOf(kBetween);
      sample.format += between;
      sample.text += Below(2) == 0 && !between.starts_with('"') ? between : OneOf(kTextBetween);
    }
    if (Below(12) == 0) sample.format = OneOf(kBetween) + sample.format;
    if (Below(12) == 0) sample.text = OneOf(kTextBetween) + sample.text;
    return sample;
  }

  // A character gone, doubled or another one, but none of UTF-8's longer ones divided.
  std::string Damaged(std::string text) {
    if (text.empty()) return text;
    const size_t at = Below(text.size());
    if ((text[at] & 0x80) != 0) return text;
    switch (Below(3)) {
      case 0:
        return text.erase(at, 1);
      case 1:
        return text.insert(at, 1, text[at]);
      default:
        text[at] = "0 9-x:,+Y\""[Below(10)];
        return text;
    }
  }

  // PostgreSQL computes years and days in 32 bits without a look at what does not fit, so that a
  // year of nine digits may become one of six.
  static bool MayOverflow(const std::string& text) {
    static const std::regex overflow("[0-9]{8}|[0-9]{7},|-[0-9]{5}");
    return std::regex_search(text, overflow);
  }

  static Question Ask(const Sample& sample) {
    const std::string both = "to_timestamp('" + sample.text + "', '" + sample.format + "')";
    return {both, both};
  }
};

TEST_F(ToTimestampTest, TextsThatFitTheirTemplatesMoreOrLess) {
  std::vector<Question> questions;
  for (int i = 0; i < 30'000; ++i) {
    const Sample sample = RandomSample();
    if (!MayOverflow(sample.text)) questions.push_back(Ask(sample));
  }
  Compare(questions);
}

TEST_F(ToTimestampTest, DamagedTextsAndTemplates) {
  std::vector<Question> questions;
  for (int i = 0; i < 15'000; ++i) {
    Sample sample = RandomSample();
    sample.text = Damaged(sample.text);
    if (i % 3 == 0) sample.format = Damaged(sample.format);
    if (!MayOverflow(sample.text)) questions.push_back(Ask(sample));
  }
  Compare(questions);
}

// As logs write them.
TEST_F(ToTimestampTest, WhatToCharHasWritten) {
  const Strings formats = {"YYYY-MM-DD HH24:MI:SS.US",
                           "DD.MM.YYYY HH24:MI",
                           "YYYYMMDDHH24MISSMS",
                           "MM/DD/YY HH12:MI:SS AM",
                           "Dy, DD Mon YYYY",
                           "IYYY-\"W\"IW-ID",
                           "YYYY-DDD SSSS",
                           "FXYYYY-MM-DD",
                           "YYYY-MM-DD\"T\"HH24:MI:SS.FF4",
                           "DD Month YYYY BC, HH24\"h\"MI",
                           "J HH24:MI",
                           "FMDay, FMDDth FMMonth Y,YYY"};
  std::vector<Question> questions;
  for (int i = 0; i < 10'000; ++i) {
    const std::string format = "'" + OneOf(formats) + "'", time = "'" + RandomTime() + "'";
    questions.push_back(
        {"to_timestamp(to_char(" + time + ", " + format + "), " + format + ")",
         "to_timestamp(to_char(timestamptz " + time + ", " + format + "), " + format + ")"});
  }
  Compare(questions);
}

}  // namespace
}  // namespace xtdb
