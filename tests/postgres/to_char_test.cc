// to_char: the same text as a live PostgreSQL writes, of random templates.

#include "tests/postgres/postgres_fixture.h"

namespace xtdb {
namespace {

const std::vector<std::string> kPatterns = {
    "A.D.",  "A.M.",  "AD",   "AM",    "B.C.", "BC",   "CC",   "DAY",  "DDD",   "DD",   "DY",
    "Day",   "Dy",    "D",    "FF1",   "FF2",  "FF3",  "FF4",  "FF5",  "FF6",   "HH24", "HH12",
    "HH",    "IDDD",  "ID",   "IW",    "IYYY", "IYY",  "IY",   "I",    "J",     "MI",   "MM",
    "MONTH", "MON",   "MS",   "Month", "Mon",  "OF",   "P.M.", "PM",   "Q",     "RM",   "SSSSS",
    "SSSS",  "SS",    "TZH",  "TZM",   "TZ",   "US",   "WW",   "W",    "Y,YYY", "YYYY", "YYY",
    "YY",    "Y",     "a.d.", "am",    "bc",   "cc",   "day",  "ddd",  "dd",    "dy",   "d",
    "ff3",   "hh24",  "hh12", "hh",    "iddd", "id",   "iw",   "iyyy", "iy",    "j",    "mi",
    "mm",    "month", "mon",  "ms",    "of",   "p.m.", "q",    "rm",   "sssss", "ss",   "tz",
    "us",    "ww",    "w",    "y,yyy", "yyyy", "yy",   "y"};
const std::vector<std::string> kLiterals = {" ",    "-", ":",       "/",          ", ",
                                            ".",    "T", "\"Uhr\"", "\"a\\\"b\"", "xy",
                                            "\\\"", "§", "Hh",      "Yyyy",       "\"HH24\""};

class ToCharTest : public PostgresTest {
 protected:
  std::string RandomTemplate() {
    std::string text;
    for (uint64_t count = 1 + Below(5); count > 0; --count) {
      if (Below(5) == 0) text += OneOf(kLiterals);
      if (Below(5) == 0) text += OneOf(std::vector<std::string>{"FM", "fm", "TM"});
      text += OneOf(kPatterns);
      if (Below(6) == 0) text += OneOf(std::vector<std::string>{"th", "TH", "SP"});
      text += Below(3) == 0 ? "" : OneOf(kLiterals);
    }
    return "'" + text + "'";
  }
};

TEST_F(ToCharTest, EachPatternAlone) {
  std::vector<Question> questions;
  for (const std::string& pattern : kPatterns) {
    for (const std::string prefix : {"", "FM", "TM"}) {
      for (const std::string suffix : {"", "th", "TH"}) {
        for (int i = 0; i < 3; ++i) {
          const std::string time = "'" + RandomTime() + "'";
          const std::string format = ", '" + prefix + pattern + suffix + "')";
          questions.push_back({"to_char(" + time + format, "to_char(timestamptz " + time + format});
        }
      }
    }
  }
  Compare(questions);
}

TEST_F(ToCharTest, Timestamps) {
  std::vector<Question> questions;
  for (int i = 0; i < 5000; ++i) {
    const std::string time = "'" + RandomTime() + "'", format = ", " + RandomTemplate() + ")";
    questions.push_back({"to_char(" + time + format, "to_char(timestamptz " + time + format});
  }
  for (const std::string time : {"'infinity'", "'-infinity'"}) {
    questions.push_back(
        {"to_char(" + time + ", 'YYYY')", "to_char(timestamptz " + time + ", 'YYYY')"});
  }
  questions.push_back({"to_char('2024-01-01', '')", "to_char(timestamptz '2024-01-01', '')"});
  Compare(questions);
}

TEST_F(ToCharTest, Intervals) {
  std::vector<Question> questions;
  const std::vector<std::string> patterns = {
      "HH24", "HH12",  "HH", "MI", "SS",   "MS", "US", "FF2", "DD",    "MM", "YYYY",
      "YY",   "Y,YYY", "CC", "AM", "SSSS", "Q",  "RM", "TZ",  "Month", "Dy", "ID"};
  for (int i = 0; i < 5000; ++i) {
    std::string format = ", '";
    for (uint64_t count = 1 + Below(3); count > 0; --count) {
      format += std::string(Below(4) == 0 ? "FM" : "") + OneOf(patterns) + " ";
    }
    format += "')";
    const std::string interval = "'" + RandomInterval() + "'";
    questions.push_back({"to_char(" + interval + format, "to_char(interval " + interval + format});
  }
  Compare(questions);
}

}  // namespace
}  // namespace xtdb
