#include "tests/postgres/postgres_fixture.h"

#include <cstdio>
#include <cstdlib>
#include <regex>

namespace xtdb {
namespace {

// "2024-01-02 03:04:05.500 BC" as PostgreSQL writes it: "2024-01-02 03:04:05.5+00 BC".
std::string AsPostgres(const std::string& text) {
  static const std::regex form(R"((\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d{3,6})( BC)?)");
  std::smatch match;
  if (!std::regex_match(text, match, form)) return text;
  std::string fraction = match[2];
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return std::string(match[1]) + (fraction.empty() ? "" : "." + fraction) + "+00" +
         std::string(match[3]);
}

// What an error of ours quotes, without the backslashes that keep quotes and odd bytes apart.
std::string Unquoted(const std::string& error) {
  std::string text;
  for (size_t i = 0; i < error.size(); ++i) {
    if (error[i] != '\\' || i + 1 == error.size()) {
      text += error[i];
    } else if (error[++i] != 'x') {
      text += error[i];
    } else {
      text += static_cast<char>(std::stoi(error.substr(i + 1, 2), nullptr, 16));
      i += 2;
    }
  }
  return text;
}

std::string OnlyAscii(std::string text) {
  std::erase_if(text, [](char c) { return (c & 0x80) != 0; });
  return text;
}

// "ERROR: stddev: value out of range" without the aggregate's name.
std::string WithoutName(const std::string& error) {
  static const std::regex name("^ERROR: [a-z0-9_]+: ");
  return std::regex_replace(error, name, "ERROR: ");
}

// An error of ours begins with the aggregate's name, may go on behind PostgreSQL's words, and does
// not divide characters.
bool IsSameText(const std::string& ours, const std::string& theirs) {
  if (ours == theirs) return true;
  if (!theirs.starts_with("ERROR: ")) return false;
  const std::string unquoted = OnlyAscii(WithoutName(Unquoted(ours))), words = OnlyAscii(theirs);
  return unquoted == words || unquoted.starts_with(words + ";");
}

}  // namespace

std::string PostgresTest::Ours(const std::string& expression, bool* is_real) {
  TestStatement statement(db_.get(), "SELECT " + expression);
  if (statement.Step() != SQLITE_ROW) return std::string("ERROR: ") + sqlite3_errmsg(db_.get());
  *is_real = sqlite3_column_type(statement.get(), 0) == SQLITE_FLOAT;
  if (*is_real) {
    char text[40];
    std::snprintf(text, sizeof(text), "%.17g", sqlite3_column_double(statement.get(), 0));
    return text;
  }
  return AsPostgres(statement.Values().front());
}

void PostgresTest::Compare(const std::vector<Question>& questions, const std::string& settings) {
  std::vector<std::string> theirs;
  theirs.reserve(questions.size());
  for (const Question& question : questions) theirs.push_back(question.theirs);
  const std::vector<std::string> answers = server_->Evaluate(theirs, settings);
  ASSERT_EQ(answers.size(), questions.size()) << (answers.empty() ? "" : answers.back());
  size_t differences = 0;
  for (size_t i = 0; i < questions.size() && differences < 20; ++i) {
    bool is_real = false;
    const std::string ours = Ours(questions[i].ours, &is_real);
    const bool is_same =
        is_real ? std::strtod(ours.c_str(), nullptr) == std::strtod(answers[i].c_str(), nullptr)
                : IsSameText(ours, answers[i]);
    if (is_same) continue;
    ++differences;
    ADD_FAILURE() << questions[i].ours << "\n  is  " << ours << "\n  but " << answers[i];
  }
}

std::string PostgresTest::RandomTime() {
  // Mostly where people live, sometimes anywhere.
  const uint64_t kind = Below(10);
  const bool is_bc = kind == 0;
  const uint64_t year = is_bc       ? 1 + Below(4712)
                        : kind == 1 ? 1 + Below(9999)
                        : kind == 2 ? 1 + Below(1100)
                                    : 1890 + Below(250);
  char text[80];
  const auto below = [&](uint64_t bound) { return static_cast<unsigned>(Below(bound)); };
  const bool is_edge = Below(4) == 0;
  const unsigned month = is_edge ? (below(2) == 0 ? 1 : 12) : 1 + below(12);
  const unsigned day = is_edge ? (below(2) == 0 ? 1 + below(4) : 28) : 1 + below(28);
  std::snprintf(text, sizeof(text), "%04u-%02u-%02u %02u:%02u:%02u", static_cast<unsigned>(year),
                month, day, below(24), below(60), below(60));
  std::string time = text;
  if (Below(3) != 0) {
    std::snprintf(text, sizeof(text), "%06u", below(1'000'000));
    time += "." + std::string(text).substr(0, 1 + Below(6));
  }
  return is_bc ? time + " BC" : time;
}

std::string PostgresTest::RandomRecentTime() {
  const auto below = [&](uint64_t bound) { return static_cast<unsigned>(Below(bound)); };
  char text[80];
  std::snprintf(text, sizeof(text), "%04u-%02u-%02u %02u:%02u:%02u.%06u", 1950 + below(90),
                1 + below(12), 1 + below(28), below(24), below(60), below(60), below(1'000'000));
  return text;
}

std::string PostgresTest::RandomInterval() {
  std::string text;
  const auto add = [&](const char* unit, uint64_t most) {
    if (Below(2) == 0) return;
    text += (text.empty() ? "" : " ") + std::string(Below(3) == 0 ? "-" : "") +
            std::to_string(Below(most)) + " " + unit;
  };
  add("years", 40);
  add("mons", 30);
  add("days", 100);
  add("hours", 60);
  add("mins", 200);
  if (Below(3) == 0) {
    text += (text.empty() ? "" : " ") + std::to_string(Below(100)) + "." +
            std::to_string(Below(1'000'000)) + " secs";
  }
  return text.empty() ? "1 day" : text;
}

std::string PostgresTest::RandomZone() {
  static const std::vector<std::string> zones = {"Europe/Berlin",
                                                 "America/New_York",
                                                 "Australia/Lord_Howe",
                                                 "Asia/Kolkata",
                                                 "Asia/Kathmandu",
                                                 "Pacific/Apia",
                                                 "America/Havana",
                                                 "America/St_Johns",
                                                 "Africa/Casablanca",
                                                 "Europe/Dublin",
                                                 "Antarctica/Troll",
                                                 "Asia/Tehran",
                                                 "America/Sao_Paulo",
                                                 "Pacific/Kiritimati",
                                                 "Europe/Moscow",
                                                 "Asia/Pyongyang",
                                                 "Africa/Monrovia",
                                                 "America/Caracas",
                                                 "UTC",
                                                 "Etc/GMT+5",
                                                 "Atlantic/Azores",
                                                 "Asia/Gaza",
                                                 "Pacific/Chatham",
                                                 "America/Nuuk"};
  return OneOf(zones);
}

}  // namespace xtdb
