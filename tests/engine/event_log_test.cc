#include "engine/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xtdb {
namespace {

TEST(EventLogTest, EventsComeBackOldestFirst) {
  EventLog log;
  EXPECT_TRUE(log.All().empty());
  log.Add(1, EventLevel::kInfo, "recovery", "first");
  log.Add(2, EventLevel::kInfo, "flush", "second");
  const std::vector<Event> events = log.All();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, "recovery");
  EXPECT_EQ(events[0].time_us, 1);
  EXPECT_EQ(events[1].message, "second");
}

TEST(EventLogTest, TheOldestGoWhenItIsFull) {
  EventLog log;
  const auto count = static_cast<int64_t>(EventLog::kCapacity);
  for (int64_t i = 0; i < count; ++i) log.Add(i, EventLevel::kInfo, "k", "m");
  EXPECT_EQ(log.All().size(), EventLog::kCapacity);
  EXPECT_EQ(log.All().front().time_us, 0);
  log.Add(count, EventLevel::kInfo, "k", "one over");
  EXPECT_EQ(log.All().size(), EventLog::kCapacity);
  EXPECT_EQ(log.All().front().time_us, 1);
  EXPECT_EQ(log.All().back().message, "one over");
}

TEST(EventLogTest, AnEventIsAddedOnce) {
  EventLog log;
  for (int64_t time_us : {1, 2, 3}) log.AddOnce(time_us, EventLevel::kError, "kind", "message");
  log.AddOnce(4, EventLevel::kError, "kind", "another");
  log.AddOnce(5, EventLevel::kError, "another", "message");
  const std::vector<Event> events = log.All();
  ASSERT_EQ(events.size(), 3);
  EXPECT_EQ(events[0].time_us, 1);
}

}  // namespace
}  // namespace xtdb
