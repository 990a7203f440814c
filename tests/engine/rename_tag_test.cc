// Goal: a tag has one name, the last one that was committed, whatever happens: in memory, in
// blocks, after a crash, for another handle of the same file.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "engine/storage_engine.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

constexpr int64_t kWaitUs = 1'000'000;

Status WriteOne(StorageEngine& engine, std::string_view tag, int64_t ts_us, int64_t value) {
  return engine.WritePoint(tag, ts_us, Value::Integer(value), kQualityGood);
}

// "a@1=10 b@2=20"
std::string Points(StorageEngine& engine) {
  const auto points = ReadAll(engine);
  EXPECT_OK(points.status());
  std::string all;
  for (const auto& [key, point] : points.value()) {
    all += (all.empty() ? "" : " ") + key.first + "@" + std::to_string(key.second) + "=" +
           std::to_string(AsInt64(point.bits));
  }
  return all;
}

class RenameTagTest : public testing::Test {
 protected:
  std::shared_ptr<StorageEngine> Open() {
    auto opened = StorageEngine::Open(fs_, clock_, "/plant.xtdb", EngineOptions());
    EXPECT_OK(opened.status());
    return opened.value();
  }
  FaultyFileSystem fs_{1};
  FakeClock clock_;
};

TEST_F(RenameTagTest, PointsGoWithTheNameAndTheOldOneIsFree) {
  const auto engine = Open();
  ASSERT_OK(WriteOne(*engine, "a", 1, 10));
  ASSERT_OK(engine->Flush(kWaitUs));
  ASSERT_OK(WriteOne(*engine, "a", 2, 20));
  ASSERT_OK(engine->RenameTag("a", "b", kWaitUs));
  EXPECT_EQ(Points(*engine), "b@1=10 b@2=20");
  ASSERT_OK(WriteOne(*engine, "b", 3, 30));
  ASSERT_OK(WriteOne(*engine, "a", 4, 40));
  EXPECT_EQ(Points(*engine), "a@4=40 b@1=10 b@2=20 b@3=30");
  ASSERT_OK(engine->RenameTag("b", "0", kWaitUs));
  EXPECT_EQ(engine->tags()->Sorted()->front()->name, "0");
}

TEST_F(RenameTagTest, SurvivesClosingAndCrashes) {
  for (const bool flushes : {false, true}) {
    for (const bool crashes : {false, true}) {
      SCOPED_TRACE(testing::Message() << "flushes " << flushes << " crashes " << crashes);
      FaultyFileSystem fs(7);
      auto opened = StorageEngine::Open(fs, clock_, "/plant.xtdb", EngineOptions());
      ASSERT_OK(opened.status());
      auto engine = opened.value();
      ASSERT_OK(WriteOne(*engine, "a", 1, 10));
      if (flushes) {
        ASSERT_OK(engine->Flush(kWaitUs));
      }
      ASSERT_OK(engine->RenameTag("a", "b", kWaitUs));
      ASSERT_OK(WriteOne(*engine, "b", 2, 20));
      if (crashes) {
        fs.Crash(CrashPolicy::kDropAll);
      } else {
        ASSERT_OK(engine->Close());
      }
      engine.reset();
      opened = std::shared_ptr<StorageEngine>();
      auto again = StorageEngine::Open(fs, clock_, "/plant.xtdb", EngineOptions());
      ASSERT_OK(again.status());
      EXPECT_EQ(Points(*again.value()), "b@1=10 b@2=20");
      const auto report = again.value()->Check();
      ASSERT_OK(report.status());
      EXPECT_THAT(report.value().problems, testing::IsEmpty());
    }
  }
}

TEST_F(RenameTagTest, WhatCannotBeIsRefused) {
  const auto engine = Open();
  ASSERT_OK(WriteOne(*engine, "a", 1, 10));
  ASSERT_OK(WriteOne(*engine, "b", 1, 10));
  EXPECT_THAT(engine->RenameTag("a", "b", kWaitUs), HasCode(StatusCode::kAlreadyExists));
  EXPECT_THAT(engine->RenameTag("a", "a", kWaitUs), HasCode(StatusCode::kAlreadyExists));
  EXPECT_THAT(engine->RenameTag("c", "d", kWaitUs), HasCode(StatusCode::kNotFound));
  EXPECT_THAT(engine->RenameTag("a", "", kWaitUs), HasMessage(HasSubstr("cannot be empty")));
  EXPECT_THAT(engine->RenameTag("a", std::string(2000, 'x'), kWaitUs),
              HasMessage(HasSubstr("at most 1024 bytes")));
  ASSERT_OK_AND_ASSIGN(const auto transaction, engine->Begin(kWaitUs));
  ASSERT_OK_AND_ASSIGN(StagedTag* const tag, transaction->FindOrDefineTag("a"));
  ASSERT_OK(transaction->Write(*tag, 5, Value::Integer(5), kQualityGood));
  EXPECT_THAT(transaction->RenameTag("a", "z"), HasCode(StatusCode::kFailedPrecondition));
  ASSERT_OK(transaction->Rollback());
  EXPECT_EQ(Points(*engine), "a@1=10 b@1=10");
}

TEST_F(RenameTagTest, AnotherHandleOfTheFileFollows) {
  const TemporaryDirectory folder;
  const std::string path = folder / "plant.xtdb";
  ASSERT_OK_AND_ASSIGN(
      const auto one, StorageEngine::Open(PosixFileSystem(), SystemClock(), path, EngineOptions()));
  ASSERT_OK(WriteOne(*one, "a", 1, 10));
  ASSERT_OK_AND_ASSIGN(const auto other, StorageEngine::Open(PosixFileSystem(), SystemClock(), path,
                                                             EngineOptions()));
  EXPECT_EQ(Points(*other), "a@1=10");
  ASSERT_OK(one->RenameTag("a", "b", kWaitUs));
  EXPECT_EQ(Points(*other), "b@1=10");
  ASSERT_OK(WriteOne(*other, "b", 2, 20));
  EXPECT_EQ(Points(*one), "b@1=10 b@2=20");
}

}  // namespace
}  // namespace xtdb
