#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "engine/io/clock.h"
#include "engine/storage_engine.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

constexpr int kTags = 5;
constexpr int64_t kLongWaitUs = 60'000'000;

std::string NameOf(int tag) { return "tag" + std::to_string(tag); }

// Each transaction writes the next counter to every tag, at ts = counter.
Status WriteCounter(StorageEngine& engine, int64_t counter) {
  XTDB_ASSIGN_OR_RETURN(const auto transaction, engine.Begin(kLongWaitUs));
  for (int tag = 0; tag < kTags; ++tag) {
    XTDB_ASSIGN_OR_RETURN(StagedTag * staged, transaction->FindOrDefineTag(NameOf(tag)));
    XTDB_RETURN_IF_ERROR(
        transaction->Write(*staged, counter, Value::Integer(counter), kQualityGood));
  }
  XTDB_RETURN_IF_ERROR(transaction->Prepare());
  transaction->Commit();
  return Status();
}

// The counter that a view shows; -1 with a failure unless it shows 1 to that in every tag.
int64_t CounterOf(const ReadView& view) {
  const auto points = ReadAll(view);
  EXPECT_TRUE(points.ok()) << points.status().ToString();
  if (!points.ok()) return -1;
  const auto count = static_cast<int64_t>(points.value().size());
  EXPECT_EQ(count % kTags, 0) << "a snapshot within a commit";
  const int64_t counter = count / kTags;
  for (const auto& [key, point] : points.value()) {
    if (key.second >= 1 && key.second <= counter && AsInt64(point.bits) == key.second) continue;
    ADD_FAILURE() << key.first << "@" << key.second << " holds " << AsInt64(point.bits) << " in "
                  << counter;
    return -1;
  }
  return counter;
}

class ConcurrencyTest : public testing::Test {
 protected:
  void Open() {
    EngineOptions options;
    options.storage.chunk_size_bytes = 4 * kMiB;
    options.wal.segment_size_bytes = 64 * kKiB;
    auto opened = StorageEngine::Open(fs_, clock_, "/plant.xtdb", options);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    engine_ = opened.value();
  }

  // Takes snapshots until the writer is done; counters must never go back.
  void ReadUntilDone() {
    int64_t last = 0;
    while (!done_.load() && !HasFailure()) {
      ReadView view;
      view.snapshot = engine_->TakeSnapshot().value();
      const int64_t counter = CounterOf(view);
      EXPECT_GE(counter, last);
      last = counter;
      // A snapshot does not move, whatever happens meanwhile.
      EXPECT_EQ(CounterOf(view), counter);
      snapshots_.fetch_add(1);
    }
  }

  FaultyFileSystem fs_{1};
  FakeClock clock_;
  std::shared_ptr<StorageEngine> engine_;
  std::atomic<bool> done_ = false;
  std::atomic<int> snapshots_ = 0;
};

TEST_F(ConcurrencyTest, EverySnapshotBesideAWriterIsAPrefixOfCommits) {
  Open();
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back([this] { ReadUntilDone(); });
  constexpr int64_t kCommits = 400;
  for (int64_t counter = 1; counter <= kCommits && !HasFailure(); ++counter) {
    EXPECT_OK(WriteCounter(*engine_, counter));
    if (counter % 20 == 0) {
      EXPECT_OK(engine_->Flush(kLongWaitUs));
    }
    if (counter % 110 == 0) {
      EXPECT_OK(engine_->Seal(kLongWaitUs));
    }
    // Readers see some of what lies between.
    if (counter % 40 == 0) {
      const int seen = snapshots_.load();
      while (snapshots_.load() < seen + 3 && !HasFailure()) std::this_thread::yield();
    }
  }
  done_ = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_GE(snapshots_.load(), 30);
  ReadView view;
  view.snapshot = engine_->TakeSnapshot().value();
  EXPECT_EQ(CounterOf(view), kCommits);
  EXPECT_EQ(engine_->Stats().snapshot_bytes, 0u) << "no snapshot is left that needs buffers";
}

TEST_F(ConcurrencyTest, StatsCheckAndMaintenanceMayRunBesideAWriter) {
  Open();
  std::thread maintainer([this] {
    while (!done_.load() && !HasFailure()) {
      EXPECT_OK(engine_->Flush(kLongWaitUs));
      const auto report = engine_->Check();
      EXPECT_TRUE(report.ok() && report.value().problems.empty())
          << (report.ok() ? report.value().problems.front() : report.status().ToString());
    }
  });
  std::thread observer([this] {
    while (!done_.load()) {
      const EngineStats stats = engine_->Stats();
      EXPECT_LE(stats.buffered_points, 300u * kTags);
      engine_->tags()->Sorted();
      const TagPtr tag = engine_->tags()->Find(NameOf(0));
      if (tag) {
        EXPECT_OK(engine_->LastTs(tag->id));
      }
      snapshots_.fetch_add(1);
    }
  });
  for (int64_t counter = 1; counter <= 300 && !HasFailure(); ++counter) {
    EXPECT_OK(WriteCounter(*engine_, counter));
  }
  done_ = true;
  maintainer.join();
  observer.join();
  ReadView view;
  view.snapshot = engine_->TakeSnapshot().value();
  EXPECT_EQ(CounterOf(view), 300);
}

TEST_F(ConcurrencyTest, WritersTakeTurns) {
  Open();
  constexpr int kWriters = 4;
  constexpr int kEach = 60;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([this, writer] {
      for (int i = 0; i < kEach; ++i) {
        auto begun = engine_->Begin(kLongWaitUs);
        ASSERT_TRUE(begun.ok()) << begun.status().ToString();
        Transaction& transaction = *begun.value();
        // Nobody else commits between the look and the write.
        const TagPtr tag = engine_->tags()->Find("shared");
        int64_t last = 0;
        if (tag) {
          const auto last_ts = engine_->LastTs(tag->id);
          ASSERT_TRUE(last_ts.ok());
          last = last_ts.value();
        }
        StagedTag* staged = transaction.FindOrDefineTag("shared").value();
        ASSERT_OK(transaction.Write(*staged, last + 1, Value::Integer(writer), kQualityGood));
        ASSERT_OK(transaction.Prepare());
        transaction.Commit();
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(ReadAll(*engine_).value().size(), static_cast<size_t>(kWriters * kEach));
}

TEST_F(ConcurrencyTest, SnapshotsMayOutliveTheHandleAndEndInAnyThread) {
  Open();
  ASSERT_OK(WriteCounter(*engine_, 1));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    ReadView view;
    view.snapshot = engine_->TakeSnapshot().value();
    threads.emplace_back([view = std::move(view)]() mutable {
      EXPECT_EQ(CounterOf(view), 1);
      view.snapshot = nullptr;
    });
  }
  engine_ = nullptr;
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(fs_.Exists("/plant.xtdb-wal")) << "the last one closed the store";
}

}  // namespace
}  // namespace xtdb
