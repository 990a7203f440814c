#include "engine/base/parallel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <new>
#include <set>
#include <thread>
#include <vector>

#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

size_t CountThreads() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    ++count;
  }
  return count;
}

TEST(ParallelForTest, EveryNumberIsWorkedOnOnce) {
  for (const size_t count : {0, 1, 2, 3, 100, 5000}) {
    for (const size_t threads : {0, 1, 2, 7}) {
      std::vector<std::atomic<int>> calls(count);
      ASSERT_OK(ParallelFor(count, threads, [&](size_t i) {
        ++calls[i];
        return Status();
      }));
      for (size_t i = 0; i < count; ++i) ASSERT_EQ(calls[i], 1) << i << " of " << count;
    }
  }
}

TEST(ParallelForTest, TheErrorIsThatOfTheLeastNumber) {
  for (int round = 0; round < 200; ++round) {
    const Status status = ParallelFor(50, 4, [](size_t i) {
      return i % 10 == 7 ? Status::IoError("number " + std::to_string(i)) : Status();
    });
    ASSERT_EQ(status.message(), "number 7");
  }
}

TEST(ParallelForTest, AfterAnErrorTheRestMayBeLeftOut) {
  std::atomic<size_t> calls = 0;
  const Status status = ParallelFor(1'000'000, 2, [&](size_t) {
    ++calls;
    return Status::IoError("at once");
  });
  EXPECT_THAT(status, HasCode(StatusCode::kIoError));
  EXPECT_LT(calls, 1000U);
}

TEST(ParallelForTest, WantOfMemoryBecomesAStatus) {
  for (const size_t threads : {1, 3}) {
    const Status status = ParallelFor(3, threads, [](size_t) -> Status { throw std::bad_alloc(); });
    EXPECT_THAT(status, HasCode(StatusCode::kOutOfMemory));
  }
}

TEST(ParallelForTest, UsesTheThreadsAskedForAndLeavesNone) {
  const size_t before = CountThreads();
  std::mutex mutex;
  std::set<std::thread::id> ids;
  std::atomic<size_t> waiting = 0;
  ASSERT_OK(ParallelFor(3, 3, [&](size_t) {
    {
      std::lock_guard lock(mutex);
      ids.insert(std::this_thread::get_id());
    }
    // All three at a time, or it would never end.
    ++waiting;
    while (waiting < 3) std::this_thread::yield();
    return Status();
  }));
  EXPECT_EQ(ids.size(), 3U);
  EXPECT_TRUE(ids.contains(std::this_thread::get_id()));
  EXPECT_EQ(CountThreads(), before);
  ids.clear();
  ASSERT_OK(ParallelFor(100, 1, [&](size_t) {
    ids.insert(std::this_thread::get_id());
    return Status();
  }));
  EXPECT_EQ(ids.size(), 1U);
}

}  // namespace
}  // namespace xtdb
