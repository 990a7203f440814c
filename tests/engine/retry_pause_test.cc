#include "engine/base/retry_pause.h"

#include <gtest/gtest.h>

namespace xtdb {
namespace {

constexpr int64_t kMinuteUs = RetryPause::kFirstUs;

TEST(RetryPauseTest, EachFailureDoublesItUpToAnHour) {
  RetryPause pause;
  int64_t now_us = 1;
  EXPECT_TRUE(pause.IsOver(now_us));
  for (const int64_t minutes : {1, 2, 4, 8, 16, 32, 60, 60}) {
    pause.NoteFailure(now_us);
    EXPECT_FALSE(pause.IsOver(now_us + minutes * kMinuteUs - 1)) << minutes;
    now_us += minutes * kMinuteUs;
    EXPECT_TRUE(pause.IsOver(now_us)) << minutes;
  }
}

TEST(RetryPauseTest, ASuccessBeginsAnew) {
  RetryPause pause;
  pause.NoteFailure(0);
  pause.NoteFailure(kMinuteUs);
  pause.NoteSuccess();
  pause.NoteFailure(4 * kMinuteUs);
  EXPECT_TRUE(pause.IsOver(5 * kMinuteUs));
}

}  // namespace
}  // namespace xtdb
