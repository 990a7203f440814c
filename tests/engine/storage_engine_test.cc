#include "engine/storage_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

constexpr int64_t kNoWait = 0;

class StorageEngineTest : public testing::Test {
 protected:
  std::shared_ptr<StorageEngine> Open(const EngineOptions& options = {}) {
    auto engine = StorageEngine::Open(fs_, clock_, "/plant.xtdb", options);
    EXPECT_TRUE(engine.ok()) << engine.status().ToString();
    return engine.ok() ? engine.value() : nullptr;
  }
  static void Write(StorageEngine& engine, const std::string& tag, int64_t ts, const Value& value,
                    Quality quality = kQualityGood) {
    const Status written = engine.WritePoint(tag, ts, value, quality);
    ASSERT_TRUE(written.ok()) << written.ToString();
  }
  static TestPoints Read(StorageEngine& engine) {
    auto points = ReadAll(engine);
    EXPECT_TRUE(points.ok()) << points.status().ToString();
    return points.ok() ? points.value() : TestPoints{};
  }

  FaultyFileSystem fs_{1};
  FakeClock clock_;
};

TEST_F(StorageEngineTest, AnEmptyStoreIsOneExtentAndOneFile) {
  Open();
  EXPECT_EQ(fs_.ReadWhole("/plant.xtdb").size(), kExtentSizeBytes);
  EXPECT_FALSE(fs_.Exists("/plant.xtdb-wal"));
}

TEST_F(StorageEngineTest, ValuesOfEveryTypeComeBackBitForBit) {
  auto engine = Open();
  {
    auto begun = engine->Begin(kNoWait);
    ASSERT_TRUE(begun.ok()) << begun.status().ToString();
    Transaction& transaction = *begun.value();
    for (const auto& [name, type] :
         {std::pair{"b", ValueType::kBool}, {"i", ValueType::kInt32}, {"f", ValueType::kFloat32}}) {
      ASSERT_TRUE(transaction.DefineTag(name, type, "u", "d").ok());
    }
    ASSERT_TRUE(transaction.Prepare().ok());
    transaction.Commit();
  }
  const std::vector<double> doubles = {0.0,
                                       -0.0,
                                       std::numeric_limits<double>::infinity(),
                                       -std::numeric_limits<double>::infinity(),
                                       std::bit_cast<double>(uint64_t{0x7FF8000000001234}),
                                       std::numeric_limits<double>::denorm_min(),
                                       0.1};
  int64_t ts = -5'000'000;
  for (const double value : doubles) Write(*engine, "d", ts += 1'000'000, Value::Real(value));
  Write(*engine, "l", 1, Value::Integer(std::numeric_limits<int64_t>::min()));
  Write(*engine, "l", 2, Value::Integer(std::numeric_limits<int64_t>::max()));
  Write(*engine, "b", 1, Value::Integer(1));
  Write(*engine, "i", 1, Value::Integer(-7));
  Write(*engine, "f", 1, Value::Real(0.5));
  Write(*engine, "t", 1, Value::Text(""));
  Write(*engine, "t", 2, Value::Text(std::string(1'000'000, 'x')));
  Write(*engine, "n", 1, Value::Null(), kQualityBad);
  const TestPoints written = Read(*engine);
  ASSERT_EQ(written.size(), doubles.size() + 8);
  EXPECT_EQ(written.at({"d", -3'000'000}).bits, FromDouble(-0.0));
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  EXPECT_EQ(Read(*engine), written) << "after flush";
  ASSERT_TRUE(engine->Seal(kNoWait).ok());
  EXPECT_EQ(Read(*engine), written) << "after seal";
  engine = nullptr;
  engine = Open();
  EXPECT_EQ(Read(*engine), written) << "after reopen";
  const auto report = engine->Check();
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report.value().problems, testing::IsEmpty());
  EXPECT_EQ(report.value().points, written.size());
}

TEST_F(StorageEngineTest, UnflushedPointsSurviveCleanCloseInOneFile) {
  auto engine = Open();
  for (int i = 0; i < 100; ++i) Write(*engine, "a", i, Value::Integer(i));
  ASSERT_TRUE(engine->Close().ok());
  engine = nullptr;
  EXPECT_FALSE(fs_.Exists("/plant.xtdb-wal"));
  engine = Open();
  EXPECT_EQ(Read(*engine).size(), 100u);
  EXPECT_LT(fs_.ReadWhole("/plant.xtdb").size(), 1 * kMiB);
}

TEST_F(StorageEngineTest, TheLaterWriteOfATimeWinsAcrossFlushes) {
  auto engine = Open();
  Write(*engine, "a", 10, Value::Real(1));
  Write(*engine, "a", 20, Value::Real(2));
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  Write(*engine, "a", 10, Value::Real(3));
  Write(*engine, "a", 5, Value::Real(4));  // late
  EXPECT_EQ(Read(*engine).at({"a", 10}).bits, FromDouble(3));
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  const TestPoints points = Read(*engine);
  EXPECT_EQ(points.at({"a", 10}).bits, FromDouble(3));
  EXPECT_EQ(points.size(), 3u);
}

TEST_F(StorageEngineTest, ADeletedPointStaysDeletedAndMayBeWrittenAgain) {
  auto engine = Open();
  Write(*engine, "a", 10, Value::Real(1));
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  {
    auto begun = engine->Begin(kNoWait);
    ASSERT_TRUE(begun.ok());
    ASSERT_TRUE(begun.value()->Delete(*begun.value()->FindTag("a"), 10).ok());
    ASSERT_TRUE(begun.value()->Prepare().ok());
    begun.value()->Commit();
  }
  EXPECT_EQ(Read(*engine).size(), 0u);
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  EXPECT_EQ(Read(*engine).size(), 0u);
  Write(*engine, "a", 10, Value::Real(2));
  EXPECT_EQ(Read(*engine).at({"a", 10}).bits, FromDouble(2));
}

TEST_F(StorageEngineTest, ASnapshotDoesNotSeeLaterCommitsNorFlushes) {
  auto engine = Open();
  Write(*engine, "a", 1, Value::Integer(1));
  ReadView before;
  before.snapshot = engine->TakeSnapshot().value();
  Write(*engine, "a", 2, Value::Integer(2));
  Write(*engine, "a", 1, Value::Integer(7));
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  Write(*engine, "a", 3, Value::Integer(3));
  ASSERT_TRUE(engine->Seal(kNoWait).ok());
  EXPECT_GT(engine->Stats().snapshot_bytes, 0u);
  const auto seen = ReadAll(before);
  ASSERT_TRUE(seen.ok());
  ASSERT_EQ(seen.value().size(), 1u);
  EXPECT_EQ(seen.value().at({"a", 1}).bits, 1u);
  before.snapshot = nullptr;
  EXPECT_EQ(engine->Stats().snapshot_bytes, 0u);
  EXPECT_EQ(Read(*engine).size(), 3u);
}

TEST_F(StorageEngineTest, AnIntegerTagWidensAtTheFirstFraction) {
  auto engine = Open();
  Write(*engine, "a", 1, Value::Integer(1));
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  Write(*engine, "a", 2, Value::Integer(2));
  Write(*engine, "a", 3, Value::Real(4.0));
  EXPECT_EQ(engine->tags()->Find("a")->type, ValueType::kInt64);
  Write(*engine, "a", 4, Value::Real(2.5));
  EXPECT_EQ(engine->tags()->Find("a")->type, ValueType::kFloat64);
  const TestPoints points = Read(*engine);
  EXPECT_EQ(points.at({"a", 1}).bits, FromDouble(1));
  EXPECT_EQ(points.at({"a", 3}).bits, FromDouble(4));
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  EXPECT_EQ(Read(*engine), points);
}

TEST_F(StorageEngineTest, ATagOfInexactIntegersDoesNotWiden) {
  auto engine = Open();
  Write(*engine, "a", 1, Value::Integer((int64_t{1} << 53) + 1));
  EXPECT_THAT(engine->WritePoint("a", 2, Value::Real(0.5), kQualityGood),
              StatusIs(StatusCode::kTypeMismatch, HasSubstr("0.5")));
  ASSERT_TRUE(engine->Flush(kNoWait).ok());
  EXPECT_THAT(engine->WritePoint("a", 2, Value::Real(0.5), kQualityGood),
              StatusIs(StatusCode::kTypeMismatch, HasSubstr("tag 'a'")));
  EXPECT_EQ(Read(*engine).size(), 1u);
}

TEST_F(StorageEngineTest, WrongTypesAndTimesAreErrorsThatLeaveNothing) {
  auto engine = Open();
  Write(*engine, "a", 1, Value::Real(1));
  EXPECT_THAT(engine->WritePoint("a", 2, Value::Text("hot"), kQualityGood),
              StatusIs(StatusCode::kTypeMismatch, HasSubstr("'hot'")));
  EXPECT_THAT(engine->WritePoint("a", 2, Value::Integer((int64_t{1} << 53) + 1), kQualityGood),
              StatusIs(StatusCode::kTypeMismatch, HasSubstr("9007199254740993")));
  EXPECT_THAT(engine->WritePoint("a", kTsMax + 1, Value::Real(1), kQualityGood),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("9999-12-31")));
  EXPECT_THAT(
      engine->WritePoint("t", 1, Value::Text(std::string(kTextBytesMax + 1, 'x')), kQualityGood),
      StatusIs(StatusCode::kTooBig, HasSubstr("16777217")));
  EXPECT_EQ(Read(*engine).size(), 1u);
  EXPECT_EQ(engine->tags()->Find("t"), nullptr);
}

TEST_F(StorageEngineTest, ReadOnlyHandlesShareTheContainerAndRefuseWrites) {
  Write(*Open(), "a", 1, Value::Integer(1));
  EngineOptions options;
  options.read_only = true;
  auto first = Open(options);
  auto second = Open(options);
  EXPECT_EQ(Read(*second).size(), 1u);
  EXPECT_THAT(first->Begin(kNoWait).status(),
              StatusIs(StatusCode::kReadOnly, HasSubstr("read_only")));
}

TEST_F(StorageEngineTest, WhatIsNoContainerIsRefusedAndLeftAlone) {
  const std::string text(20'000, 'q');
  fs_.WriteWhole("/plant.xtdb", std::as_bytes(std::span(text)));
  const auto opened = StorageEngine::Open(fs_, clock_, "/plant.xtdb", {});
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.status(),
              StatusIs(StatusCode::kCorruption, HasSubstr("not an xTdb container")));
  EXPECT_EQ(fs_.ReadWhole("/plant.xtdb").size(), text.size());
}

TEST_F(StorageEngineTest, AnotherChunkSizeThanTheContainersIsAnError) {
  EngineOptions options;
  options.storage.chunk_size_bytes = 4 * kMiB;
  Open(options);
  options.storage.chunk_size_bytes = 64 * kMiB;
  EXPECT_THAT(StorageEngine::Open(fs_, clock_, "/plant.xtdb", options).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("chunk_size=4194304")));
}

TEST_F(StorageEngineTest, TagNumbersAreNotGivenOutAgain) {
  auto engine = Open();
  TagId lost = kNoTag;
  {
    auto begun = engine->Begin(kNoWait);
    ASSERT_TRUE(begun.ok());
    lost = begun.value()->FindOrDefineTag("gone").value()->id();
    ASSERT_TRUE(begun.value()->Prepare().ok());
    ASSERT_TRUE(begun.value()->Rollback().ok());
  }
  Write(*engine, "kept", 1, Value::Integer(1));
  const TagId kept = engine->tags()->Find("kept")->id;
  EXPECT_GT(kept, lost);
  EXPECT_NE(lost, kNoTag);
  engine = nullptr;
  engine = Open();
  Write(*engine, "next", 1, Value::Integer(1));
  EXPECT_GT(engine->tags()->Find("next")->id, kept);
}

// Goal: the catalogue is written whenever it differs, also where its size does not. Method: change
// one character of a unit, checkpoint, reopen.
TEST_F(StorageEngineTest, ARedefinitionOfTheSameSizeIsKept) {
  for (const char* unit : {"bar", "psi"}) {
    auto engine = Open();
    auto begun = engine->Begin(kNoWait);
    ASSERT_TRUE(begun.ok());
    ASSERT_TRUE(begun.value()->DefineTag("p", ValueType::kFloat64, unit, std::nullopt).ok());
    ASSERT_TRUE(begun.value()->Prepare().ok());
    begun.value()->Commit();
    begun.value() = nullptr;
    ASSERT_TRUE(engine->Close().ok());
    engine = nullptr;
    EXPECT_EQ(Open()->tags()->Find("p")->unit, unit);
  }
}

// Goal: closing a store whose sealed chunk was not read cuts nothing off. Method: seal, reopen,
// write little, close.
TEST_F(StorageEngineTest, ASealedChunkSurvivesASessionThatDoesNotReadIt) {
  auto engine = Open();
  for (int i = 0; i < 100; ++i) Write(*engine, "a", i, Value::Real(i * 0.1));
  ASSERT_TRUE(engine->Seal(kNoWait).ok());
  engine = nullptr;
  engine = Open();
  {
    auto begun = engine->Begin(kNoWait);
    ASSERT_TRUE(begun.ok());
    ASSERT_TRUE(begun.value()->DefineTag("b", std::nullopt, "u", std::nullopt).ok());
    ASSERT_TRUE(begun.value()->Prepare().ok());
    begun.value()->Commit();
  }
  engine = nullptr;
  engine = Open();
  EXPECT_EQ(Read(*engine).size(), 100u);
}

// T11: fill a chunk; the next begins, nothing is lost.
TEST_F(StorageEngineTest, T11ChunksRollWhenTheyAreFull) {
  EngineOptions options;
  options.storage.chunk_size_bytes = 4 * kMiB;
  options.buffer_bytes = 1 * kMiB;
  options.synchronous = Synchronous::kOff;
  auto engine = Open(options);
  uint64_t points = 0;
  uint64_t seed = 7;
  for (int batch = 0; batch < 90; ++batch) {
    auto begun = engine->Begin(kNoWait);
    ASSERT_TRUE(begun.ok());
    StagedTag* tag = begun.value()->FindOrDefineTag("noise").value();
    for (int i = 0; i < 20'000; ++i) {
      seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
      const double value = static_cast<double>(seed >> 11) * 0x1p-53;
      ASSERT_TRUE(begun.value()
                      ->Write(*tag, static_cast<int64_t>(points++) * 1000, Value::Real(value), 192)
                      .ok());
    }
    ASSERT_TRUE(begun.value()->Prepare().ok());
    begun.value()->Commit();
  }
  const EngineStats stats = engine->Stats();
  EXPECT_GE(stats.chunks, 3u);
  ASSERT_TRUE(engine->Close().ok());
  engine = nullptr;
  engine = Open(options);
  EXPECT_EQ(Read(*engine).size(), points);
  uint64_t sequence = 0;
  for (const auto& chunk : engine->TakeSnapshot().value()->chunks()) {
    EXPECT_GT(chunk->header().chunk_sequence, sequence);
    sequence = chunk->header().chunk_sequence;
  }
  EXPECT_THAT(engine->Check().value().problems, testing::IsEmpty());
}

TEST_F(StorageEngineTest, AFullDiskFailsTheWriteAndLaterWritesResume) {
  EngineOptions options;
  options.storage.chunk_size_bytes = 4 * kMiB;
  options.wal.segment_size_bytes = 64 * kKiB;
  auto engine = Open(options);
  Write(*engine, "a", 1, Value::Integer(1));
  fs_.SetCapacity(fs_.UsedBytes());
  Status written;
  int64_t ts = 1;
  while (written.ok() && ts < 10'000) {
    written = engine->WritePoint("t", ++ts, Value::Text(std::string(1000, 'x')), kQualityGood);
  }
  EXPECT_THAT(written, StatusIs(StatusCode::kResourceExhausted, HasSubstr("")));
  const size_t acknowledged = static_cast<size_t>(ts) - 1;
  EXPECT_EQ(Read(*engine).size(), acknowledged) << "reads go on";
  fs_.SetCapacity(kGiB);
  Write(*engine, "t", ts, Value::Text("again"));
  engine = nullptr;
  engine = Open(options);
  EXPECT_EQ(Read(*engine).size(), acknowledged + 1);
}

}  // namespace
}  // namespace xtdb
