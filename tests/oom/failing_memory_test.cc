#include "tests/oom/failing_memory.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <new>

namespace xtdb {
namespace {

TEST(FailingMemoryTest, TheNthAllocationFails) {
  FailMemory(Memory::kOperatorNew, 2, /*sticky=*/false);
  auto first = std::make_unique<int>(1);
  EXPECT_THROW(first = std::make_unique<int>(2), std::bad_alloc);
  first = std::make_unique<int>(3);
  EXPECT_TRUE(EndMemoryFailure());
  EXPECT_EQ(*first, 3);
}

TEST(FailingMemoryTest, SqliteFailsApart) {
  FailMemory(Memory::kSqlite, 1, /*sticky=*/true);
  EXPECT_EQ(sqlite3_malloc(10), nullptr);
  EXPECT_EQ(sqlite3_malloc(10), nullptr);
  EXPECT_NO_THROW(auto unused = std::make_unique<int>(1));
  EXPECT_TRUE(EndMemoryFailure());
}

}  // namespace
}  // namespace xtdb
