#pragma once

#include <string>

#include "tests/vtab/sql_fixture.h"

namespace xtdb {

// Expressions, asked of a database in memory.
class SelectFixture : public testing::Test {
 protected:
  std::string Of(const std::string& select) { return db_.Line("SELECT " + select); }
  void ExpectError(const std::string& select, const std::string& message) {
    const Outcome outcome = db_.Exec("SELECT " + select);
    EXPECT_NE(outcome.code, SQLITE_OK) << select;
    EXPECT_THAT(outcome.message, testing::HasSubstr(message)) << select;
  }
  TestDatabase db_{":memory:"};
};

}  // namespace xtdb
