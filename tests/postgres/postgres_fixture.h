#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/postgres/postgres_server.h"
#include "tests/vtab/sql_fixture.h"

namespace xtdb {

// The same expression as xtdb in SQLite and as PostgreSQL have it.
struct Question {
  std::string ours;
  std::string theirs;
};

// Compares answers of xtdb's functions with those of a live PostgreSQL.
class PostgresTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    server_ = PostgresServer::Shared(&why);
    if (server_ == nullptr) GTEST_SKIP() << why;
  }
  // Each answer is the same: times in the same microsecond, doubles to the last bit, texts and
  // errors letter by letter.
  void Compare(const std::vector<Question>& questions, const std::string& settings = "");

  uint64_t Below(uint64_t bound) { return random_() % bound; }
  template <typename T>
  const T& OneOf(const std::vector<T>& values) {
    return values[Below(values.size())];
  }
  // "0044-03-15 12:30:00.5 BC": from 4713 BC to 9999, without quotes.
  std::string RandomTime();
  // Of this century, where zones have their rules.
  std::string RandomRecentTime();
  // "-3 mons 5 days 04:05:06.789"
  std::string RandomInterval();
  std::string RandomZone();

  TestDatabase db_{":memory:"};

 private:
  std::string Ours(const std::string& expression, bool* is_real);

  const PostgresServer* server_ = nullptr;
  std::mt19937_64 random_{1};
};

}  // namespace xtdb
