#include "shell/commands/record_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "shell/commands/command.h"
#include "tests/shell/captured_terminal.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kSecondUs = 1'000'000;

class RecordCommandTest : public testing::Test {
 protected:
  RecordCommandTest() {
    options_.container = folder_ / "machine.xtdb";
    WriteText(folder_ / "loadavg", "1.5 2.5 3.5 2/50 99\n");
    WriteText(folder_ / "meminfo", "MemTotal: 1000 kB\nMemAvailable: 400 kB\n");
  }

  Status Record(const RecordWaitFn& wait) {
    TelemetrySampler sampler(folder_.path());
    return RunRecord(options_, sampler, clock_, wait, captured_.terminal());
  }
  Status Record() {
    return Record([this](int64_t us) {
      clock_.SleepUs(us);
      return true;
    });
  }

  std::vector<int64_t> TimesOf(const std::string& tag) {
    std::vector<int64_t> times;
    const Result<std::shared_ptr<StorageEngine>> engine = OpenForReading(options_.container);
    EXPECT_OK(engine);
    if (!engine.ok()) return times;
    const Result<TestPoints> points = ReadAll(*engine.value());
    EXPECT_OK(points);
    for (const auto& [key, point] : points.value()) {
      if (key.first == tag) times.push_back(key.second - start_us_);
    }
    return times;
  }

  const TemporaryDirectory folder_;
  FakeClock clock_;
  const int64_t start_us_ = clock_.NowUs();
  CapturedTerminal captured_;
  RecordOptions options_;
};

TEST_F(RecordCommandTest, SamplesAtTheIntervalForTheDuration) {
  options_.duration_us = 3 * kSecondUs;
  ASSERT_OK(Record());
  EXPECT_THAT(TimesOf("load.1min"), ElementsAre(0, kSecondUs, 2 * kSecondUs, 3 * kSecondUs));
  EXPECT_THAT(captured_.out(), HasSubstr("machine.xtdb: recorded 4 samples of 7 tags, 28 points"));
  EXPECT_FALSE(std::filesystem::exists(options_.container + "-wal"));
}

TEST_F(RecordCommandTest, ALateSampleShiftsNoOtherAndMissedOnesAreLeftOut) {
  options_.duration_us = 8 * kSecondUs;
  int waits = 0;
  ASSERT_OK(Record([&](int64_t us) {
    // The second sample is 0.3 s late, the third 2.5 s.
    const int64_t late_us[] = {300'000, 2'500'000};
    clock_.SleepUs(us + (waits < 2 ? late_us[waits] : 0));
    ++waits;
    return true;
  }));
  EXPECT_THAT(TimesOf("mem.used"), ElementsAre(0, 1'300'000, 4'500'000, 5 * kSecondUs,
                                               6 * kSecondUs, 7 * kSecondUs, 8 * kSecondUs));
}

TEST_F(RecordCommandTest, StopsWhenAskedAndLeavesOneFile) {
  int samples = 0;
  ASSERT_OK(Record([&](int64_t us) {
    clock_.SleepUs(us);
    return ++samples < 3;
  }));
  EXPECT_EQ(TimesOf("mem.used").size(), 3U);
  EXPECT_FALSE(std::filesystem::exists(options_.container + "-wal"));
}

TEST_F(RecordCommandTest, DefinesTagsAtFirstSightOnly) {
  {
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(options_.container));
    ASSERT_OK_AND_ASSIGN(const auto transaction, engine->Begin(kWriterTimeoutUs));
    ASSERT_OK(transaction->DefineTag("mem.used", ValueType::kInt64, "B", "mine"));
    ASSERT_OK(transaction->Prepare());
    transaction->Commit();
    ASSERT_OK(engine->Close());
  }
  options_.duration_us = kSecondUs;
  ASSERT_OK(Record());
  ASSERT_OK_AND_ASSIGN(const auto engine, OpenForReading(options_.container));
  EXPECT_EQ(engine->tags()->Find("mem.used")->description, "mine");
  EXPECT_EQ(engine->tags()->Find("mem.available")->unit, "bytes");
  EXPECT_EQ(engine->tags()->Find("load.1min")->type, ValueType::kFloat64);
}

TEST_F(RecordCommandTest, TakesOnlyTheTagsThatFit) {
  options_.duration_us = kSecondUs;
  options_.tag_globs = {"mem.*", "load.1?min"};
  ASSERT_OK(Record());
  ASSERT_OK_AND_ASSIGN(const auto engine, OpenForReading(options_.container));
  EXPECT_EQ(engine->tags()->size(), 3U);
  EXPECT_NE(engine->tags()->Find("load.15min"), nullptr);
}

TEST_F(RecordCommandTest, NoTagThatFitsIsAnErrorAndLeavesNoFile) {
  options_.tag_globs = {"nothing"};
  EXPECT_THAT(Record(), HasMessage(HasSubstr("--tags")));
  EXPECT_FALSE(std::filesystem::exists(options_.container));
}

TEST_F(RecordCommandTest, AContainerThatCannotBeMadeIsAnError) {
  options_.container = folder_ / "absent/machine.xtdb";
  EXPECT_THAT(Record(), HasMessage(HasSubstr("absent")));
}

}  // namespace
}  // namespace xtdb
