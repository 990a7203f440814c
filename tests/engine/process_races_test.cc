#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "engine/format/container_format.h"
#include "engine/format/shm_format.h"
#include "engine/io/process.h"
#include "tests/engine/process_fixture.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/watched_file_system.h"

namespace xtdb {
namespace {

EngineOptions ReadOnlyOptions() {
  EngineOptions options;
  options.read_only = true;
  return options;
}

Status Fill(Process& writer, int64_t from_ts, int count) {
  for (int i = 0; i < count; ++i) {
    XTDB_RETURN_IF_ERROR(writer.engine->WritePoint(
        "fill", from_ts + i, Value::Text(std::string(20'000, 'x')), kQualityGood));
  }
  return Status();
}

// Another writer takes over while a process is in the midst of the log before the checkpoint.
void FollowerWhileAnotherTakesOver(const EngineOptions& options) {
  FaultyFileSystem fs(1);
  Process a(fs);
  Process b(fs);
  Process c(fs);
  ASSERT_OK(a.Open());
  ASSERT_OK(b.Open());
  ASSERT_OK(a.Write("t", 1, 1));
  ASSERT_OK(a.engine->Flush(kNoWait));
  ASSERT_OK(c.Open(options));
  ASSERT_EQ(c.Sum(), 1);
  // Several segments for c to follow.
  ASSERT_OK(Fill(a, 0, 12));
  int reads = 0;
  bool done = false;
  const auto thread = std::this_thread::get_id();
  fs.SetHook(
      [&](const OperationRecord& record) {
        if (done || std::this_thread::get_id() != thread || !record.path.ends_with("-wal")) return;
        if (++reads != 2) return;  // c is in the midst of the log
        done = true;
        ASSERT_OK(a.engine->Flush(kNoWait));
        ASSERT_OK(Fill(b, 100, 20));
      },
      MaskOf(FileOperation::kRead));
  const auto snapshot = c.engine->TakeSnapshot();
  ASSERT_TRUE(done);
  EXPECT_OK(snapshot);
}

TEST(ProcessRacesTest, AFollowerKeepsItsSegmentsWhileAnotherWriterTakesOver) {
  FollowerWhileAnotherTakesOver(SmallOptions());
}

TEST(ProcessRacesTest, AReadOnlyFollowerKeepsItsSegmentsWhileAnotherWriterTakesOver) {
  FollowerWhileAnotherTakesOver(ReadOnlyOptions());
}

// Two threads of one process look at the slot of a dead one while a third process takes it.
void SlotOfALivingOne(bool race) {
  FaultyFileSystem fs(1);
  WatchedFileSystem watched(fs);
  Process w(watched);
  Process dead(fs);
  Process p(fs);
  ASSERT_OK(w.Open());
  ASSERT_OK(w.Write("old", 10, 1));
  ASSERT_OK(w.engine->Seal(kNoWait));
  ASSERT_OK(w.Write("new", 1000, 2));
  ASSERT_OK(dead.Open());
  const auto held = dead.engine->TakeSnapshot();
  ASSERT_OK(held);
  dead.fs.Kill();
  ReadView view;
  std::future<void> other;
  const auto claim = [&] {
    ASSERT_OK(p.Open());
    view.snapshot = p.engine->TakeSnapshot().value();
  };
  if (race) {
    watched.after_lock = [&](uint64_t offset) {
      if (offset < LockOfSlot(0) || offset >= LockOfSlot(kShmSlotCount)) return;
      watched.after_lock = {};
      other = std::async(std::launch::async, [&] { w.engine->Stats(); });
      // It may have to wait for this thread.
      other.wait_for(std::chrono::milliseconds(200));
      claim();
    };
  }
  w.engine->Stats();
  if (race) other.get();
  ASSERT_FALSE(watched.after_lock);
  if (!race) claim();
  ASSERT_OK(w.engine->DropBefore(500, kNoWait));
  const auto points = ReadAll(view);
  ASSERT_OK(points);
  EXPECT_EQ(points.value().size(), 2u);
}

TEST(ProcessRacesTest, ControlWithoutTheRace) { SlotOfALivingOne(false); }
TEST(ProcessRacesTest, TheSlotOfALivingProcessIsNotForgotten) { SlotOfALivingOne(true); }

// The last writer dies while a read-only process reads, and the next one begins.
TEST(ProcessRacesTest, AReadOnlyOneSeesWhatIsCommittedWhileTheSharedMemoryIsMadeAnew) {
  FaultyFileSystem fs(1);
  Process a(fs);
  Process b(fs);
  Process c(fs);
  ASSERT_OK(a.Open());
  ASSERT_OK(a.Write("t", 1, 1));
  EngineOptions read_only;
  read_only.read_only = true;
  ASSERT_OK(c.Open(read_only));
  ASSERT_EQ(c.Sum(), 1);
  ASSERT_OK(a.Write("t", 2, 10));
  ASSERT_OK(a.engine->Flush(kNoWait));
  ASSERT_OK(a.Write("t", 3, 100));
  std::mutex mutex;
  std::condition_variable changed;
  bool b_is_there = false, b_may_go = false;
  const uint32_t slot = static_cast<uint32_t>(CurrentProcessId()) % kShmSlotCount;
  b.fs.BeforeLock(LockOfSlot(slot), [&] {  // BeginRebuild is done
    std::unique_lock lock(mutex);
    b_is_there = true;
    changed.notify_all();
    changed.wait(lock, [&] { return b_may_go; });
  });
  std::thread opener;
  const auto reader = std::this_thread::get_id();
  bool done = false;
  fs.SetHook(
      [&](const OperationRecord& record) {
        if (done || std::this_thread::get_id() != reader || record.path != kProcessesPath) return;
        done = true;
        a.fs.Kill();
        opener = std::thread([&] { EXPECT_OK(b.Open()); });
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return b_is_there; });
      },
      MaskOf(FileOperation::kRead));
  int64_t sum = 0;
  const auto points = ReadAll(*c.engine);
  fs.SetHook({});
  {
    std::lock_guard lock(mutex);
    b_may_go = true;
    changed.notify_all();
  }
  if (opener.joinable()) opener.join();
  ASSERT_TRUE(done);
  ASSERT_OK(points);
  for (const auto& [key, point] : points.value()) sum += AsInt64(point.bits);
  EXPECT_EQ(sum, 111) << "all of it was committed before the statement began";
}

// No file system promises that a read sees all of a write or nothing.
TEST(ProcessRacesTest, AnEntryThatIsJustBeingWrittenIsNoDamage) {
  FaultyFileSystem fs(1);
  WatchedFileSystem watched(fs);
  Process a(watched);
  Process b(fs);
  ASSERT_OK(a.Open());
  ASSERT_OK(a.Write("t", 1, 1));
  ASSERT_OK(a.engine->Flush(kNoWait));
  ASSERT_OK(b.Open());
  ASSERT_OK(a.Write("t", 2, 10));
  ASSERT_OK(a.engine->Flush(kNoWait));  // b is behind the checkpoint
  ASSERT_OK(a.Write("t", 3, 100));
  std::mutex mutex;
  std::condition_variable changed;
  bool a_is_there = false, a_may_go = false;
  watched.within_write = [&](uint64_t, size_t size) {
    if (size != 192) return;
    watched.within_write = {};
    std::unique_lock lock(mutex);
    a_is_there = true;
    changed.notify_all();
    changed.wait(lock, [&] { return a_may_go; });
  };
  std::thread writer;
  const auto reader = std::this_thread::get_id();
  bool done = false;
  fs.SetHook(
      [&](const OperationRecord& record) {  // settled has been read
        if (done || std::this_thread::get_id() != reader || !record.path.ends_with("-wal")) return;
        done = true;
        writer = std::thread([&] { EXPECT_OK(a.engine->Flush(kNoWait)); });
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return a_is_there; });
      },
      MaskOf(FileOperation::kRead));
  const auto points = ReadAll(*b.engine);
  fs.SetHook({});
  {
    std::lock_guard lock(mutex);
    a_may_go = true;
    changed.notify_all();
  }
  if (writer.joinable()) writer.join();
  ASSERT_TRUE(done);
  ASSERT_OK(points);
  EXPECT_EQ(points.value().size(), 3u);
  const auto report = b.engine->Check();
  ASSERT_OK(report);
  EXPECT_THAT(report.value().problems, testing::IsEmpty());
}

// Sealed, dropped and punched after the superblock has been read.
TEST(ProcessRacesTest, AChunkThatGoesMeanwhileIsNoDamage) {
  FaultyFileSystem fs(1);
  Process a(fs);
  Process b(fs);
  ASSERT_OK(a.Open());
  ASSERT_OK(a.Write("t", 1, 1));
  ASSERT_OK(a.engine->Flush(kNoWait));
  const auto reader = std::this_thread::get_id();
  bool done = false;
  fs.SetHook(
      [&](const OperationRecord& record) {
        if (done || !record.path.ends_with("-wal") || std::this_thread::get_id() != reader) return;
        done = true;  // superblock and catalogue are read
        ASSERT_OK(a.engine->Seal(kNoWait));
        ASSERT_OK(a.Write("t", 1000, 1));
        ASSERT_OK(a.engine->DropBefore(500, kNoWait));
      },
      MaskOf(FileOperation::kRead) | MaskOf(FileOperation::kOpen));
  ASSERT_OK(b.Open());
  fs.SetHook({});
  ASSERT_TRUE(done);
  EXPECT_EQ(b.Read().size(), 1u);
  const auto report = b.engine->Check();
  ASSERT_OK(report);
  EXPECT_THAT(report.value().problems, testing::IsEmpty());
}

// It saw the mark of a writer, and has WRITER for a moment to look after it.
TEST(ProcessRacesTest, AReaderDoesNotTurnAwayTheOnlyWriter) {
  FaultyFileSystem fs(1);
  WatchedFileSystem watched(fs);
  Process reader(watched);
  Process a(fs);
  ASSERT_OK(a.Open());
  ASSERT_OK(reader.Open());
  ASSERT_OK(a.Write("t", 1, 1));
  ASSERT_OK(a.Stage("t", 2, 10));
  ASSERT_OK(a.transaction->Prepare());
  // The mark is seen; then the commit ends.
  reader.fs.BeforeLock(kLockWriter, [&] { a.transaction->Commit(); });
  std::promise<void> found_it_taken;
  std::promise<void> reader_is_done;
  std::future<void> writer;
  watched.after_lock = [&](uint64_t offset) {
    if (offset != kLockWriter) return;
    watched.after_lock = {};
    writer = std::async(std::launch::async, [&] {
      a.fs.BeforeLock(kLockWriter, [&] {
        // The first attempt, and then the second.
        a.fs.BeforeLock(kLockWriter, [&] {
          found_it_taken.set_value();
          reader_is_done.get_future().wait();
        });
      });
      EXPECT_OK(a.engine->Begin(kNoWait)) << "nobody else writes";
    });
    found_it_taken.get_future().wait();
  };
  EXPECT_EQ(reader.Sum(), 11);
  reader_is_done.set_value();
  writer.get();
}

TEST(ProcessRacesTest, AReadOnlyOneDoesNotWaitForOneThatRecovers) {
  FaultyFileSystem fs(1);
  Process a(fs);
  Process b(fs);
  Process c(fs);
  ASSERT_OK(a.Open());
  ASSERT_OK(a.Write("t", 1, 1));
  EngineOptions read_only;
  read_only.read_only = true;
  ASSERT_OK(c.Open(read_only));
  ASSERT_EQ(c.Sum(), 1);
  a.fs.Kill();
  bool fired = false;
  fs.SetHook([&](const OperationRecord& record) {
    if (fired || record.kind == FileOperation::kOpen) return;
    fired = true;
    const auto points = ReadAll(*c.engine);
    EXPECT_OK(points);
  });
  EXPECT_OK(b.Open());
  fs.SetHook({});
  EXPECT_TRUE(fired);
}

TEST(ProcessRacesTest, ASnapshotOfAFreshProcessKeepsItsChunks) {
  FaultyFileSystem fs(1);
  Process a(fs);
  ASSERT_OK(a.Open());
  ASSERT_OK(a.Write("old", 10, 1));
  ASSERT_OK(a.engine->Seal(kNoWait));
  ASSERT_OK(a.Write("new", 1000, 2));
  ASSERT_OK(a.engine->Seal(kNoWait));
  Process b(fs);
  ASSERT_OK(b.Open());
  ReadView view;
  view.snapshot = b.engine->TakeSnapshot().value();
  const auto dropped = a.engine->DropBefore(500, kNoWait);
  ASSERT_OK(dropped);
  ASSERT_EQ(dropped.value().chunks, 1u);
  EXPECT_EQ(a.engine->DroppedChunks().size(), 1u) << "b still reads it";
  const auto points = ReadAll(view);
  ASSERT_OK(points);
  EXPECT_EQ(points.value().size(), 2u);
}

TEST(ProcessRacesTest, ASnapshotAfterARecoveryKeepsItsChunks) {
  FaultyFileSystem fs(1);
  Process a(fs);
  ASSERT_OK(a.Open());
  ASSERT_OK(a.Write("old", 10, 1));
  ASSERT_OK(a.engine->Seal(kNoWait));
  ASSERT_OK(a.Write("new", 1000, 2));
  ASSERT_OK(a.engine->Seal(kNoWait));
  a.fs.Kill();
  Process b(fs);
  ASSERT_OK(b.Open());
  ReadView view;
  view.snapshot = b.engine->TakeSnapshot().value();
  ASSERT_OK(b.engine->DropBefore(500, kNoWait));
  const auto points = ReadAll(view);
  ASSERT_OK(points);
  EXPECT_EQ(points.value().size(), 2u);
}

TEST(ProcessRacesTest, TheAgeOfTheOldestSnapshotIsItsAge) {
  FaultyFileSystem fs(1);
  Process a(fs);
  ASSERT_OK(a.Open());
  ASSERT_OK(a.Write("t", 1, 1));
  auto first = a.engine->TakeSnapshot().value();
  ASSERT_OK(a.Write("t", 2, 1));
  a.clock.Advance(1'000'000);
  const auto second = a.engine->TakeSnapshot().value();
  a.clock.Advance(60'000'000);
  first = nullptr;
  EXPECT_EQ(a.engine->Stats().oldest_snapshot_age_us, 60'000'000);
}

// The writer has told its checkpoint, and not yet how far the log is settled.
TEST(ProcessRacesTest, AReaderDoesNotWaitForAWriterThatIsStoppedInACheckpoint) {
  FaultyFileSystem fs(1);
  Process a(fs);
  Process reader(fs);
  ASSERT_OK(a.Open());
  ASSERT_OK(reader.Open());
  ASSERT_OK(a.Write("t", 1, 1));
  ASSERT_OK_AND_ASSIGN(const auto mapping, fs.MapShared(std::string(kProcessesPath) + "-shm",
                                                        kShmSizeBytes, OpenMode::kReadWrite));
  uint64_t& settled = reinterpret_cast<ShmHeader*>(mapping->bytes().data())->words.settled;
  const uint64_t before = settled;
  ASSERT_OK(a.Write("t", 2, 10));
  ASSERT_OK(a.engine->Flush(kNoWait));
  const uint64_t after = std::exchange(settled, before);
  EXPECT_EQ(reader.Sum(), 11);
  settled = after;
  ASSERT_OK(a.Write("t", 3, 100));
  EXPECT_EQ(reader.Sum(), 111);
}

// At each of its operations, also if the dead writer has made a checkpoint since the reader loaded.
void ReadOnlyBesideRecovery(bool checkpoint_since) {
  bool fired = true;
  for (uint64_t nth = 1; fired; ++nth) {
    FaultyFileSystem fs(1);
    Process a(fs);
    Process b(fs);
    Process c(fs);
    ASSERT_OK(a.Open());
    ASSERT_OK(a.Write("t", 1, 1));
    ASSERT_OK(c.Open(ReadOnlyOptions()));
    if (checkpoint_since) {
      ASSERT_OK(a.engine->Flush(kNoWait));
    }
    ASSERT_OK(a.Write("t", 2, 10));
    ASSERT_EQ(c.Sum(), 11);
    a.fs.Kill();
    fired = false;
    fs.SetHook([&, count = uint64_t{0}](const OperationRecord& record) mutable {
      if (fired || record.kind == FileOperation::kOpen || ++count != nth) return;
      fired = true;
      const int64_t before = c.clock.MonotonicUs();
      EXPECT_OK(c.engine->TakeSnapshot()) << nth;
      EXPECT_LT(c.clock.MonotonicUs() - before, 1'000'000) << nth;
    });
    EXPECT_OK(b.Open());
    fs.SetHook({});
  }
}
TEST(ProcessRacesTest, AReadOnlyOneDoesNotWaitForAnOpener) { ReadOnlyBesideRecovery(false); }
TEST(ProcessRacesTest, AReadOnlyOneDoesNotWaitForAnOpenerBehindACheckpoint) {
  ReadOnlyBesideRecovery(true);
}

}  // namespace
}  // namespace xtdb
