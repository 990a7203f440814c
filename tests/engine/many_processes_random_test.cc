#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/engine/process_fixture.h"
#include "tests/support/faulty_file_system.h"

namespace xtdb {
namespace {

// Goal: whatever processes do, whichever dies when, and when the power goes, each statement sees a
// state that commits made, all see the same one, and nothing acknowledged is lost. Method: a seeded
// run of a few processes against a map; a transaction that was prepared when its writer died may be
// there or not, but for all alike.
class ManyProcessesRandomTest : public testing::TestWithParam<uint64_t> {
 protected:
  static constexpr size_t kProcesses = 4;

  uint64_t Draw(uint64_t bound) { return random_() % bound; }
  void Step();
  void WriteSome(Process& process);
  void KillIn(Process& process);
  void CheckRead(Process& process);
  void DropOld(Process& process);
  void LosePower();
  // Every second run; all commits are synced then.
  static bool PowerFails() { return GetParam() % 2 == 0; }

  FaultyFileSystem fs_{GetParam()};
  std::mt19937_64 random_{GetParam()};
  std::vector<std::unique_ptr<Process>> alive_;
  std::vector<std::unique_ptr<Process>> dead_;
  std::map<std::pair<std::string, int64_t>, int64_t> expected_;
  std::map<std::pair<std::string, int64_t>, int64_t> in_doubt_;  // on top of expected_
  int64_t next_value_ = 1;
  int64_t next_ts_ = 0;
  size_t drops_ = 0;
};

void ManyProcessesRandomTest::WriteSome(Process& process) {
  auto begun = process.engine->Begin(kNoWait);
  ASSERT_TRUE(begun.ok()) << begun.status().ToString();
  process.transaction = std::move(begun).value();
  std::map<std::pair<std::string, int64_t>, int64_t> written;
  const uint64_t count = 1 + Draw(20);
  next_ts_ += static_cast<int64_t>(Draw(40));
  for (uint64_t i = 0; i < count; ++i) {
    const std::string tag = "tag" + std::to_string(Draw(5));
    const int64_t ts = next_ts_ + static_cast<int64_t>(Draw(200));
    auto staged = process.transaction->FindOrDefineTag(tag);
    ASSERT_TRUE(staged.ok());
    ASSERT_OK(
        process.transaction->Write(*staged.value(), ts, Value::Integer(next_value_), kQualityGood));
    written[{tag, ts}] = next_value_++;
  }
  const uint64_t how = Draw(10);
  if (how == 0) {
    ASSERT_OK(process.transaction->Rollback());
  } else if (how == 1) {
    KillIn(process);
  } else {
    ASSERT_OK(process.transaction->Prepare());
    if (how == 2) {
      ASSERT_OK(process.transaction->Rollback());
    } else if (how == 3) {
      in_doubt_ = written;
      KillIn(process);
    } else {
      process.transaction->Commit();
      for (const auto& [key, value] : written) expected_[key] = value;
    }
  }
}

void ManyProcessesRandomTest::KillIn(Process& process) {
  process.fs.Kill();
  const auto found = std::find_if(alive_.begin(), alive_.end(),
                                  [&](const auto& other) { return other.get() == &process; });
  dead_.push_back(std::move(*found));
  alive_.erase(found);
}

void ManyProcessesRandomTest::CheckRead(Process& process) {
  std::map<std::pair<std::string, int64_t>, int64_t> found;
  for (const auto& [key, point] : process.Read()) found[key] = AsInt64(point.bits);
  if (!in_doubt_.empty()) {
    auto with = expected_;
    for (const auto& [key, value] : in_doubt_) with[key] = value;
    if (found == with) expected_ = with;
    in_doubt_.clear();
  }
  ASSERT_EQ(found, expected_);
}

void ManyProcessesRandomTest::LosePower() {
  for (auto& process : alive_) {
    process->fs.Kill();
    dead_.push_back(std::move(process));
  }
  alive_.clear();
  fs_.Crash(CrashPolicy::kRandom, Draw(1'000'000));
}

// Drops what it may of the older half; which chunks these are the store says.
void ManyProcessesRandomTest::DropOld(Process& process) {
  ASSERT_NO_FATAL_FAILURE(CheckRead(process));
  const int64_t before = next_ts_ - 300;
  ASSERT_OK(process.engine->Seal(kNoWait));
  ASSERT_OK(process.engine->DropBefore(before, kNoWait).status());
  std::map<std::pair<std::string, int64_t>, int64_t> found;
  for (const auto& [key, point] : process.Read()) found[key] = AsInt64(point.bits);
  for (const auto& [key, value] : expected_) {
    const auto left = found.find(key);
    ASSERT_TRUE(left == found.end() ? key.second < before : left->second == value)
        << key.first << " at " << key.second << ", dropped before " << before;
  }
  for (const auto& [key, value] : found) ASSERT_TRUE(expected_.contains(key));
  drops_ += expected_.size() - found.size();
  expected_ = found;
}

void ManyProcessesRandomTest::Step() {
  if (alive_.empty() || (alive_.size() < kProcesses && Draw(4) == 0)) {
    alive_.push_back(std::make_unique<Process>(fs_));
    EngineOptions options = SmallOptions();
    options.buffer_bytes = 1 * kMiB;
    const bool may_be_off = !PowerFails() && Draw(2) == 0;
    options.synchronous = may_be_off ? Synchronous::kOff : Synchronous::kFull;
    ASSERT_OK(alive_.back()->Open(options));
  }
  Process& process = *alive_[Draw(alive_.size())];
  if (PowerFails() && Draw(40) == 0) return LosePower();
  switch (Draw(13)) {
    case 0:
      return KillIn(process);
    case 1:
      ASSERT_OK(process.engine->Flush(kNoWait));
      return;
    case 2:
      ASSERT_OK(process.engine->Seal(kNoWait));
      return;
    case 3: {
      ASSERT_OK(process.engine->Close());
      const auto found = std::find_if(alive_.begin(), alive_.end(),
                                      [&](const auto& other) { return other.get() == &process; });
      alive_.erase(found);
      return;
    }
    case 4:
    case 5:
    case 6:
      return CheckRead(process);
    case 7:
      return DropOld(process);
    default:
      // What is in doubt must be settled before a later commit makes it look different.
      if (!in_doubt_.empty()) {
        ASSERT_NO_FATAL_FAILURE(CheckRead(process));
      }
      return WriteSome(process);
  }
}

TEST_P(ManyProcessesRandomTest, AllSeeTheSameAndNothingIsLost) {
  for (int step = 0; step < 400; ++step) {
    SCOPED_TRACE(testing::Message() << "step " << step);
    ASSERT_NO_FATAL_FAILURE(Step());
  }
  EXPECT_GT(drops_, 0u);
  for (const auto& process : alive_) {
    ASSERT_NO_FATAL_FAILURE(CheckRead(*process));
    const auto report = process->engine->Check();
    ASSERT_TRUE(report.ok());
    EXPECT_THAT(report.value().problems, testing::IsEmpty());
  }
  // One that may only read, beside the others; what is in doubt they have settled.
  Process reader(fs_);
  EngineOptions read_only;
  read_only.read_only = true;
  ASSERT_OK(reader.Open(read_only));
  ASSERT_NO_FATAL_FAILURE(CheckRead(reader));
}

INSTANTIATE_TEST_SUITE_P(Seeds, ManyProcessesRandomTest, testing::Range<uint64_t>(1, 21));

}  // namespace
}  // namespace xtdb
