#include "engine/transaction/writer_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

constexpr int64_t kLongWaitUs = 60'000'000;

TEST(WriterLockTest, AHeldLockIsBusyAtOnceAndSaysWhatToDo) {
  WriterLock lock;
  ASSERT_OK(lock.Acquire(0, "plant.xtdb"));
  EXPECT_THAT(lock.Acquire(0, "plant.xtdb"),
              StatusIs(StatusCode::kBusy,
                       testing::AllOf(HasSubstr("plant.xtdb"), HasSubstr("busy_timeout"))));
  EXPECT_THAT(lock.Acquire(1000, "plant.xtdb"), HasCode(StatusCode::kBusy));
  lock.Release();
  EXPECT_OK(lock.Acquire(0, "plant.xtdb"));
}

TEST(WriterLockTest, AWaiterGetsItWhenItIsReleased) {
  WriterLock lock;
  ASSERT_OK(lock.Acquire(0, "a"));
  std::atomic<bool> released = false;
  std::thread waiter([&] {
    EXPECT_OK(lock.Acquire(kLongWaitUs, "a"));
    EXPECT_TRUE(released.load());
    lock.Release();
  });
  std::this_thread::yield();
  released = true;
  lock.Release();
  waiter.join();
  EXPECT_OK(lock.Acquire(0, "a"));
}

TEST(WriterLockTest, MaintenanceIsWaitedForWhateverTheTimeout) {
  WriterLock lock;
  ASSERT_OK(lock.Acquire(0, "a", WriterLock::Holder::kMaintenance));
  EXPECT_THAT(lock.Acquire(0, "a", WriterLock::Holder::kMaintenance), HasCode(StatusCode::kBusy));
  std::atomic<bool> released = false;
  std::thread user([&] {
    EXPECT_OK(lock.Acquire(0, "a"));
    EXPECT_TRUE(released.load());
  });
  std::this_thread::yield();
  released = true;
  lock.Release();
  user.join();
  EXPECT_THAT(lock.Acquire(0, "a"), HasCode(StatusCode::kBusy)) << "a user has it now";
}

TEST(WriterLockTest, ItMayBeReleasedByAnotherThread) {
  WriterLock lock;
  ASSERT_OK(lock.Acquire(0, "a"));
  std::thread([&] { lock.Release(); }).join();
  EXPECT_OK(lock.Acquire(0, "a"));
}

TEST(WriterLockTest, ManyThreadsHoldItOneAtATime) {
  WriterLock lock;
  int inside = 0;  // guarded by lock
  int turns = 0;   // guarded by lock
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 200; ++turn) {
        ASSERT_OK(lock.Acquire(kLongWaitUs, "a"));
        EXPECT_EQ(++inside, 1);
        ++turns;
        --inside;
        lock.Release();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(turns, 800);
}

}  // namespace
}  // namespace xtdb
