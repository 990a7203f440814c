#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <utility>

#include "engine/storage_engine.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

constexpr int64_t kNoWait = 0;
constexpr const char* kPath = "/plant.xtdb";
constexpr const char* kLogPath = "/plant.xtdb-wal";

std::shared_ptr<StorageEngine> Open(FileSystem& fs, Clock& clock,
                                    const EngineOptions& options = {}) {
  auto engine = StorageEngine::Open(fs, clock, kPath, options);
  EXPECT_TRUE(engine.ok()) << engine.status().ToString();
  return engine.ok() ? engine.value() : nullptr;
}

EngineOptions SmallChunks() {
  EngineOptions options;
  options.storage.chunk_size_bytes = 4 * kMiB;
  options.wal.segment_size_bytes = 64 * kKiB;
  options.wal.reserve_segments = 1;
  return options;
}

// A name with little in common with others, so that a catalogue of few tags is large.
std::string LongName(int i) {
  return std::to_string(i * 7919 % 10007) + std::string(900, static_cast<char>('a' + i % 26));
}

void DefineTags(StorageEngine& engine, int first, int count, bool with_point) {
  auto begun = engine.Begin(kNoWait);
  ASSERT_TRUE(begun.ok()) << begun.status().ToString();
  for (int i = first; i < first + count; ++i) {
    ASSERT_TRUE(begun.value()->DefineTag(LongName(i), ValueType::kFloat64, "u", "d").ok());
  }
  if (with_point) {
    auto tag = begun.value()->FindOrDefineTag(LongName(first));
    ASSERT_TRUE(tag.ok());
    ASSERT_TRUE(begun.value()->Write(*tag.value(), first, Value::Real(first), kQualityGood).ok());
  }
  const Status prepared = begun.value()->Prepare();
  ASSERT_TRUE(prepared.ok()) << prepared.ToString();
  begun.value()->Commit();
}

// Goal: tags survive a crash at any step of a catalogue that outgrows the superblock, fills its
// slot and goes to the other one. Method: define, write and flush in turn; crash before each
// operation; reopen, compare, flush and reopen once more.
TEST(StorageEngineEdgesTest, ACatalogueThatChangesItsPlaceLosesNoTag) {
  constexpr int kStep = 250;
  constexpr int kSteps = 8;
  FaultyFileSystem fs(1);
  FakeClock clock;
  int committed = 0;
  uint64_t point = 0;
  const auto run = [&] {
    auto engine = Open(fs, clock, SmallChunks());
    for (int step = 0; step < kSteps; ++step) {
      DefineTags(*engine, step * kStep, kStep, true);
      committed = (step + 1) * kStep;
      ASSERT_TRUE(engine->Flush(kNoWait).ok());
    }
  };
  ForEachCrashPoint(fs, run, [&](FaultyFileSystem& clone, const OperationRecord& next) {
    ++point;
    if (committed == 0 || testing::Test::HasFailure()) return;
    SCOPED_TRACE(testing::Message() << "point " << point << " before operation on " << next.path
                                    << " at " << next.offset);
    clone.Crash(point % 2 == 0 ? CrashPolicy::kRandom : CrashPolicy::kDropAll, point);
    for (int round = 0; round < 2; ++round) {
      FakeClock other;
      auto engine = Open(clone, other, SmallChunks());
      ASSERT_NE(engine, nullptr);
      const auto tags = engine->tags()->Sorted();
      ASSERT_GE(tags->size(), static_cast<size_t>(committed));
      const auto points = ReadAll(*engine);
      ASSERT_TRUE(points.ok()) << points.status().ToString();
      ASSERT_EQ(points.value().size(), tags->size() / kStep);
      ASSERT_TRUE(engine->WritePoint(LongName(0), 0, Value::Real(0), kQualityGood).ok());
      if (round == 0) {
        ASSERT_TRUE(engine->Flush(kNoWait).ok());
      }
      const auto report = engine->Check();
      ASSERT_TRUE(report.ok());
      ASSERT_THAT(report.value().problems, testing::IsEmpty());
      ASSERT_TRUE(engine->Close().ok());
    }
  });
  EXPECT_GT(point, 100u);
}

TEST(StorageEngineEdgesTest, AFlushOfManySlowTagsIsAFewBlocks) {
  constexpr int kTags = 8 * 1024 + 1;
  FaultyFileSystem fs(1);
  FakeClock clock;
  auto engine = Open(fs, clock);
  auto begun = engine->Begin(kNoWait);
  ASSERT_TRUE(begun.ok());
  for (int i = 0; i < kTags; ++i) {
    auto tag = begun.value()->FindOrDefineTag("t" + std::to_string(i));
    ASSERT_TRUE(tag.ok());
    ASSERT_TRUE(begun.value()->Write(*tag.value(), i, Value::Real(i), kQualityGood).ok());
  }
  ASSERT_TRUE(begun.value()->Prepare().ok());
  begun.value()->Commit();
  begun.value() = nullptr;
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  EXPECT_EQ(engine->Stats().flushes, 1u);
  EXPECT_LT(engine->Stats().blocks_written, kTags / 100);
  EXPECT_EQ(engine->buffer()->point_count(), 0u);
  const auto points = ReadAll(*engine);
  ASSERT_TRUE(points.ok());
  EXPECT_EQ(points.value().size(), static_cast<size_t>(kTags));
}

// Salvage finds blocks without a directory, as long as they are there.
TEST(StorageEngineEdgesTest, ACatalogueBehindTheOpenChunkTakesOnlyItsOwnSpace) {
  FaultyFileSystem fs(1);
  FakeClock clock;
  auto engine = Open(fs, clock, {});
  {
    auto begun = engine->Begin(kNoWait);
    ASSERT_TRUE(begun.ok());
    for (int i = 0; i < 2'000; ++i) {
      auto tag = begun.value()->FindOrDefineTag("plant.area.pump" + std::to_string(i) + ".speed");
      ASSERT_TRUE(tag.ok());
      ASSERT_TRUE(begun.value()->Write(*tag.value(), i, Value::Real(i), kQualityGood).ok());
    }
    ASSERT_TRUE(begun.value()->Prepare().ok());
    begun.value()->Commit();
  }
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  EXPECT_LT(engine->Stats().container_disk_bytes, 4 * kMiB);
  ASSERT_TRUE(engine->Close().ok());
  engine = Open(fs, clock, {});
  EXPECT_LT(engine->Stats().container_disk_bytes, 1 * kMiB);
}

TEST(StorageEngineEdgesTest, ACloseKeepsTheBlocksOfADamagedDirectory) {
  FaultyFileSystem fs(1);
  FakeClock clock;
  auto engine = Open(fs, clock);
  ASSERT_TRUE(engine->WritePoint("a", 1, Value::Real(1), kQualityGood).ok());
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  ASSERT_TRUE(engine->WritePoint("a", 2, Value::Real(2), kQualityGood).ok());
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  const ChunkLayout layout = engine->container().layout().Layout(0);
  fs.Crash(CrashPolicy::kKeepAll);
  engine = nullptr;
  fs.FlipBits(kPath, layout.EntryOffset(1) + 8, std::byte{1});
  engine = Open(fs, clock);
  ASSERT_TRUE(engine->Close().ok());
  EXPECT_GE(fs.ReadWhole(kPath).size(), layout.ExtentOffset(2));
}

TEST(StorageEngineEdgesTest, ACrashWhileANewContainerIsRemovedLeavesNothingThatCannotBeOpened) {
  FaultyFileSystem fs(1);
  FakeClock clock;
  ForEachCrashPoint(
      fs,
      [&] {
        auto engine = Open(fs, clock);
        ASSERT_TRUE(engine->Begin(kNoWait).ok());  // a log has been begun
        ASSERT_TRUE(engine->CloseAndRemoveIfNew().ok());
      },
      [&](FaultyFileSystem& clone, const OperationRecord& next) {
        SCOPED_TRACE(testing::Message() << "before operation " << next.number);
        clone.Crash(CrashPolicy::kKeepAll);
        auto engine = Open(clone, clock);
        ASSERT_NE(engine, nullptr);
        EXPECT_TRUE(engine->WritePoint("a", 1, Value::Real(1), kQualityGood).ok());
      });
  EXPECT_FALSE(fs.Exists(kPath));
  EXPECT_FALSE(fs.Exists(kLogPath));
}

TEST(StorageEngineEdgesTest, ACrashWhileTheLogIsBegunLeavesNoLogAside) {
  FaultyFileSystem fs(1);
  FakeClock clock;
  ForEachCrashPoint(
      fs,
      [&] {
        auto engine = Open(fs, clock);
        ASSERT_TRUE(engine->WritePoint("a", 1, Value::Real(1), kQualityGood).ok());
      },
      [&](FaultyFileSystem& clone, const OperationRecord& next) {
        for (const CrashPolicy policy : {CrashPolicy::kKeepAll, CrashPolicy::kDropAll}) {
          SCOPED_TRACE(testing::Message() << "before operation " << next.number);
          const auto crashed = clone.Clone();
          crashed->Crash(policy);
          auto engine = Open(*crashed, clock);
          ASSERT_NE(engine, nullptr);
          EXPECT_TRUE(engine->WritePoint("a", 1, Value::Real(1), kQualityGood).ok());
          const auto names = crashed->List("/");
          ASSERT_TRUE(names.ok());
          EXPECT_THAT(names.value(), testing::Not(testing::Contains(HasSubstr("foreign"))));
        }
      });
}

// An older copy of the container put back beside the log of the session after it.
TEST(StorageEngineEdgesTest, ALogWithCommitsBesideAnOlderCopyOfItsContainerIsKept) {
  FaultyFileSystem fs(1);
  FakeClock clock;
  auto engine = Open(fs, clock);
  ASSERT_TRUE(engine->WritePoint("a", 1, Value::Real(1), kQualityGood).ok());
  ASSERT_TRUE(engine->Close().ok());
  engine = nullptr;
  const std::vector<std::byte> copy = fs.ReadWhole(kPath);
  engine = Open(fs, clock);
  ASSERT_TRUE(engine->WritePoint("a", 2, Value::Real(2), kQualityGood).ok());
  fs.Crash(CrashPolicy::kKeepAll);
  engine = nullptr;
  const std::vector<std::byte> log = fs.ReadWhole(kLogPath);
  fs.WriteWhole(kPath, copy);
  engine = Open(fs, clock);
  ASSERT_TRUE(engine->WritePoint("a", 3, Value::Real(3), kQualityGood).ok());
  const std::string aside = std::string(kLogPath) + ".foreign-" + std::to_string(clock.NowUs());
  ASSERT_TRUE(fs.Exists(aside));
  EXPECT_TRUE(fs.ReadWhole(aside) == log);
}

// Throws once, where a flush asks for the time: as if memory had ended there.
class ThrowingClock final : public Clock {
 public:
  int64_t NowUs() override {
    if (std::exchange(throws, false)) throw std::bad_alloc();
    return clock_.NowUs();
  }
  int64_t MonotonicUs() override { return clock_.MonotonicUs(); }
  void SleepUs(int64_t us) override { clock_.SleepUs(us); }
  bool throws = false;

 private:
  FakeClock clock_;
};

TEST(StorageEngineEdgesTest, WhenMemoryEndsInTheFlushOfACommitTheCommitStands) {
  constexpr int kRows = 100'000;
  FaultyFileSystem fs(1);
  ThrowingClock clock;
  EngineOptions options;
  options.buffer_bytes = 1 * kMiB;
  options.staging_bytes = 64 * kMiB;
  auto engine = Open(fs, clock, options);
  {
    auto begun = engine->Begin(kNoWait);
    ASSERT_TRUE(begun.ok());
    auto tag = begun.value()->FindOrDefineTag("a");
    ASSERT_TRUE(tag.ok());
    for (int i = 0; i < kRows; ++i) {
      ASSERT_TRUE(begun.value()->Write(*tag.value(), i, Value::Real(i), kQualityGood).ok());
    }
    ASSERT_TRUE(begun.value()->Prepare().ok());
    clock.throws = true;
    begun.value()->Commit();
  }
  EXPECT_FALSE(clock.throws);
  EXPECT_EQ(ReadAll(*engine).value().size(), static_cast<size_t>(kRows));
  EXPECT_TRUE(engine->Begin(kNoWait).ok()) << "it has recovered from its files";
  EXPECT_EQ(ReadAll(*engine).value().size(), static_cast<size_t>(kRows));
  EXPECT_TRUE(engine->Flush(kNoWait).ok());
  engine = nullptr;
  engine = Open(fs, clock, options);
  EXPECT_EQ(ReadAll(*engine).value().size(), static_cast<size_t>(kRows));
}

// Two runs of one LSN would leave open which of them is the later one.
TEST(StorageEngineEdgesTest, ALongTransactionIsOneRunAlsoAfterACrash) {
  constexpr int64_t kRows = 70'000;  // more than one group of the log takes
  FaultyFileSystem fs(1);
  FakeClock clock;
  auto engine = Open(fs, clock);
  {
    auto begun = engine->Begin(kNoWait);
    ASSERT_TRUE(begun.ok());
    auto tag = begun.value()->FindOrDefineTag("a");
    ASSERT_TRUE(tag.ok());
    for (int64_t i = 0; i < kRows; ++i) {
      ASSERT_TRUE(begun.value()->Write(*tag.value(), kRows - i, Value::Real(1), kQualityGood).ok());
    }
    ASSERT_TRUE(begun.value()->Delete(*tag.value(), kRows).ok());
    ASSERT_TRUE(begun.value()->Prepare().ok());
    begun.value()->Commit();
  }
  fs.Crash(CrashPolicy::kDropAll);
  engine = Open(fs, clock);
  std::vector<MemoryRun> runs;
  engine->buffer()->RunsAt(engine->tags()->Find("a")->id, kMaxLsn, kTsMin, kTsMax, runs);
  EXPECT_EQ(runs.size(), 1u);
  EXPECT_EQ(ReadAll(*engine).value().size(), static_cast<size_t>(kRows - 1));
}

TEST(StorageEngineEdgesTest, TheLongestTextGoesThroughLogReplayAndBlocks) {
  FaultyFileSystem fs(1);
  FakeClock clock;
  auto engine = Open(fs, clock);
  std::string longest(kTextBytesMax, 'x');
  for (size_t i = 0; i < longest.size(); i += 4099) longest[i] = static_cast<char>('a' + i % 23);
  {
    auto begun = engine->Begin(kNoWait);
    ASSERT_TRUE(begun.ok());
    auto tag = begun.value()->FindOrDefineTag("a");
    ASSERT_TRUE(tag.ok());
    for (int64_t ts = 1; ts <= 5; ++ts) {
      const Value value = ts == 3 ? Value::Text("short") : Value::Text(longest);
      ASSERT_TRUE(begun.value()->Write(*tag.value(), ts, value, kQualityGood).ok());
    }
    EXPECT_FALSE(
        begun.value()->Write(*tag.value(), 6, Value::Text(longest + "y"), kQualityGood).ok());
    ASSERT_TRUE(begun.value()->Prepare().ok());
    begun.value()->Commit();
  }
  const auto check = [&](const char* when) {
    const auto points = ReadAll(*engine);
    ASSERT_TRUE(points.ok()) << when << points.status().ToString();
    ASSERT_EQ(points.value().size(), 5u) << when;
    for (const auto& [key, point] : points.value()) {
      EXPECT_TRUE(point.text == (key.second == 3 ? "short" : longest)) << when;
    }
  };
  check("committed");
  fs.Crash(CrashPolicy::kDropAll);
  engine = Open(fs, clock);
  check("recovered");
  ASSERT_TRUE(engine->Seal(kNoWait).ok());
  check("sealed");
  engine = nullptr;
  engine = Open(fs, clock);
  check("reopened");
}

TEST(StorageEngineEdgesTest, ATagThatHasSeenOnlyNullsMayStillGetAType) {
  FaultyFileSystem fs(1);
  FakeClock clock;
  auto engine = Open(fs, clock);
  ASSERT_TRUE(engine->WritePoint("a", 1, Value::Null(), kQualityGood).ok());
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  ASSERT_TRUE(engine->WritePoint("a", 2, Value::Null(), kQualityGood).ok());
  {
    auto begun = engine->Begin(kNoWait);
    ASSERT_TRUE(begun.ok());
    const Status defined = begun.value()->DefineTag("a", ValueType::kInt32, {}, {});
    ASSERT_TRUE(defined.ok()) << defined.ToString();
    EXPECT_FALSE(begun.value()->DefineTag("a", ValueType::kText, {}, {}).ok());
    ASSERT_TRUE(begun.value()->Prepare().ok());
    begun.value()->Commit();
  }
  ASSERT_TRUE(engine->WritePoint("a", 3, Value::Integer(7), kQualityGood).ok());
  const auto before = ReadAll(*engine);
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(before.value().at({"a", 3}).type, ValueType::kInt32);
  fs.Crash(CrashPolicy::kDropAll);
  engine = Open(fs, clock);
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  EXPECT_EQ(ReadAll(*engine).value(), before.value());
}

}  // namespace
}  // namespace xtdb
