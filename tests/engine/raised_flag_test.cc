#include "engine/base/raised_flag.h"

#include <gtest/gtest.h>

namespace xtdb {
namespace {

TEST(RaisedFlagTest, OnlyDoneLowersIt) {
  std::atomic<bool> flag = false;
  {
    RaisedFlag raised(flag);
    EXPECT_TRUE(flag);
    raised.Done();
  }
  EXPECT_FALSE(flag);
  { const RaisedFlag raised(flag); }
  EXPECT_TRUE(flag) << "the step did not come to its end";
}

TEST(RaisedFlagTest, AnInnerStepLeavesItUpForTheOuterOne) {
  std::atomic<bool> flag = false;
  RaisedFlag outer(flag);
  RaisedFlag inner(flag);
  inner.Done();
  EXPECT_TRUE(flag);
  outer.Done();
  EXPECT_FALSE(flag);
}

}  // namespace
}  // namespace xtdb
