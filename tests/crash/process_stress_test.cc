// Goal: many processes on one container keep every promise while any of them is killed at any
// moment: readers see prefixes of the commits and no error, what is acknowledged stays, the last
// close leaves one file. Method: tests/crash/process_stress.h; the long form is the program
// `process_stress --seconds 1800`.

#include "tests/crash/process_stress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

namespace xtdb {
namespace {

void Keeps(const ProcessStressOptions& options) {
  const ProcessStressReport report = RunProcessStress(options);
  std::clog << report;
  EXPECT_THAT(report.problems, testing::IsEmpty());
  EXPECT_GT(report.commits, 0u);
  EXPECT_GT(report.reads, 0u);
  EXPECT_GT(report.writer_kills, 0u);
  EXPECT_GT(report.reader_kills, 0u);
}

TEST(ProcessStressTest, WithAWalJournal) { Keeps({.seconds = 9, .seed = 1, .journal = "wal"}); }

TEST(ProcessStressTest, WithADeleteJournal) {
  Keeps({.seconds = 7, .seed = 2, .journal = "delete"});
}

TEST(ProcessStressLongTest, TenMinutesWithSyncs) {
  Keeps({.seconds = 600, .seed = 3, .synchronous = "full"});
}

}  // namespace
}  // namespace xtdb
