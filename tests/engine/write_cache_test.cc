#include "engine/io/write_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <functional>
#include <iterator>
#include <random>
#include <thread>

#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using std::chrono::microseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr const char* kPath = "/store.xtdb";
constexpr microseconds kNever{std::chrono::hours(10)};
constexpr OperationMask kWrites = MaskOf(FileOperation::kWrite);

bool Eventually(const std::function<bool()>& is_true) {
  for (int i = 0; i < 20'000; ++i) {
    if (is_true()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

size_t ThreadsOfThisProcess() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
}

// Only a full batch, a waiting producer, Flush and Close make it write.
WriteCacheOptions Patient(uint64_t batch_writes_max = 50) {
  WriteCacheOptions options;
  options.batch_writes_max = batch_writes_max;
  options.batch_wait = kNever;
  return options;
}

// Whole extents of one letter.
AlignedBuffer Filled(char letter, size_t extents = 1) {
  AlignedBuffer bytes(extents * kExtentSizeBytes);
  std::ranges::fill(bytes.span(), static_cast<std::byte>(letter));
  return bytes;
}

class WriteCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(file_, fs_.Open(kPath, OpenMode::kCreateNew));
    ASSERT_OK(fs_.SyncDirectory("/"));
  }

  static Status Write(WriteCache& cache, uint64_t extent, char letter, size_t extents = 1) {
    return cache.Write(extent * kExtentSizeBytes, Filled(letter, extents));
  }
  // First extent and number of extents of each system write, in their order.
  std::vector<std::pair<uint64_t, uint64_t>> SystemWrites() const {
    std::vector<std::pair<uint64_t, uint64_t>> writes;
    for (const OperationRecord& done : fs_.operations()) {
      if (done.kind != FileOperation::kWrite) continue;
      EXPECT_EQ(done.offset % kExtentSizeBytes, 0u);
      writes.emplace_back(done.offset / kExtentSizeBytes, done.length / kExtentSizeBytes);
    }
    return writes;
  }
  // A letter for each extent of the file, '.' for zeros and '?' for a mixture.
  std::string Letters() const {
    const std::vector<std::byte> bytes = fs_.ReadWhole(kPath);
    std::string letters;
    for (size_t at = 0; at < bytes.size(); at += kExtentSizeBytes) {
      const auto extent = std::span(bytes).subspan(at, kExtentSizeBytes);
      const bool same = std::memcmp(&extent[0], &extent[1], extent.size() - 1) == 0;
      letters += !same ? '?' : extent[0] == std::byte{} ? '.' : static_cast<char>(extent[0]);
    }
    return letters;
  }

  FaultyFileSystem fs_;
  std::unique_ptr<File> file_;
};

// Holds back the file's writes while it is closed.
class Gate {
 public:
  explicit Gate(FaultyFileSystem& fs) : fs_(fs) {
    const auto hold = [this](const OperationRecord&) {
      reached_ = true;
      reached_.notify_all();
      open_.wait(false);
    };
    fs.SetHook(hold, kWrites);
  }
  ~Gate() {
    Open();
    fs_.SetHook({});
  }
  void AwaitWrite() { reached_.wait(false); }
  void Open() {
    open_ = true;
    open_.notify_all();
  }

 private:
  FaultyFileSystem& fs_;
  std::atomic<bool> reached_ = false;
  std::atomic<bool> open_ = false;
};

TEST_F(WriteCacheTest, AdjacentWritesBecomeOneSystemWriteWhateverTheirOrder) {
  WriteCache cache(*file_, Patient());
  ASSERT_OK(Write(cache, 4, 'e'));
  ASSERT_OK(Write(cache, 1, 'b'));
  ASSERT_OK(Write(cache, 2, 'c', 2));
  EXPECT_THAT(SystemWrites(), IsEmpty());
  ASSERT_OK(cache.Flush());
  EXPECT_THAT(SystemWrites(), ElementsAre(Pair(1, 4)));
  EXPECT_EQ(Letters(), ".bcce");
  const WriteCacheStats stats = cache.stats();
  EXPECT_EQ(stats.writes, 3u);
  EXPECT_EQ(stats.written, 3u);
  EXPECT_EQ(stats.written_bytes, 4 * kExtentSizeBytes);
  EXPECT_EQ(stats.batches, 1u);
  EXPECT_EQ(stats.system_writes, 1u);
  EXPECT_EQ(stats.merged_writes, 2u);
  EXPECT_EQ(stats.queued_max, 3u);
  EXPECT_EQ(stats.producer_waits, 0u);
}

TEST_F(WriteCacheTest, AGapMakesTwoSystemWritesSortedByOffset) {
  WriteCache cache(*file_, Patient());
  ASSERT_OK(Write(cache, 3, 'd'));
  ASSERT_OK(Write(cache, 0, 'a'));
  ASSERT_OK(Write(cache, 1, 'b'));
  ASSERT_OK(cache.Flush());
  EXPECT_THAT(SystemWrites(), ElementsAre(Pair(0, 2), Pair(3, 1)));
  EXPECT_EQ(Letters(), "ab.d");
}

TEST_F(WriteCacheTest, OfTwoWritesToTheSameExtentTheLaterWins) {
  WriteCache cache(*file_, Patient());
  ASSERT_OK(Write(cache, 0, 'a'));
  ASSERT_OK(Write(cache, 0, 'b'));
  ASSERT_OK(cache.Flush());
  EXPECT_EQ(Letters(), "b");
  EXPECT_THAT(SystemWrites(), ElementsAre(Pair(0, 1)));
  ASSERT_OK(Write(cache, 0, 'c'));
  ASSERT_OK(cache.Flush());
  EXPECT_EQ(Letters(), "c");
}

TEST_F(WriteCacheTest, AWriteOfNothingTakesNothingAway) {
  WriteCache cache(*file_, Patient());
  ASSERT_OK(Write(cache, 0, 'a', 3));
  ASSERT_OK(cache.Write(kExtentSizeBytes, AlignedBuffer(0)));
  ASSERT_OK(cache.Flush());
  EXPECT_EQ(Letters(), "aaa");
}

TEST_F(WriteCacheTest, AFlushOfNothingIsOkAndWritesNothing) {
  WriteCache cache(*file_);
  EXPECT_OK(cache.Flush());
  EXPECT_THAT(SystemWrites(), IsEmpty());
}

// Goal: overlapping writes leave what direct ones would have left, wherever the batches end.
TEST_F(WriteCacheTest, OverlappingWritesLeaveWhatTheirOrderSays) {
  constexpr size_t kExtents = 12;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    ASSERT_OK(file_->Truncate(0));
    ASSERT_OK(file_->Truncate(kExtents * kExtentSizeBytes));
    std::string expected(kExtents, '.');
    WriteCache cache(*file_, Patient(1 + random() % 12));
    for (int i = 0; i < 40; ++i) {
      const size_t extents = 1 + random() % 5;
      const size_t first = random() % (kExtents - extents + 1);
      const char letter = static_cast<char>('A' + i);
      ASSERT_OK(Write(cache, first, letter, extents));
      expected.replace(first, extents, extents, letter);
      if (random() % 16 == 0) {
        ASSERT_OK(cache.Flush());
      }
    }
    ASSERT_OK(cache.Close());
    ASSERT_EQ(Letters(), expected);
  }
}

TEST_F(WriteCacheTest, AFullBatchIsWrittenAndNotOneWriteEarlier) {
  WriteCache cache(*file_, Patient(4));
  for (uint64_t i = 0; i < 3; ++i) ASSERT_OK(Write(cache, 2 * i, 'x'));
  EXPECT_THAT(SystemWrites(), IsEmpty());
  ASSERT_OK(Write(cache, 6, 'x'));
  EXPECT_TRUE(Eventually([&] { return cache.stats().written == 4; }));
  EXPECT_EQ(cache.stats().batches, 1u);
}

TEST_F(WriteCacheTest, NoBatchIsLargerThanTheLimit) {
  WriteCache cache(*file_, Patient(4));
  for (uint64_t i = 0; i < 9; ++i) ASSERT_OK(Write(cache, i, 'x'));
  ASSERT_OK(cache.Flush());
  EXPECT_THAT(SystemWrites(), ElementsAre(Pair(0, 4), Pair(4, 4), Pair(8, 1)));
  EXPECT_EQ(cache.stats().batches, 3u);
}

TEST_F(WriteCacheTest, ASingleWriteIsWrittenSoonWithoutAFlush) {
  WriteCacheOptions options;
  options.batch_wait = microseconds(1'000);
  WriteCache cache(*file_, options);
  for (const char letter : {'a', 'b'}) {
    ASSERT_OK(Write(cache, 0, letter));
    EXPECT_TRUE(Eventually([&] { return Letters() == std::string(1, letter); })) << letter;
  }
}

TEST_F(WriteCacheTest, AFullQueueMakesTheProducerWaitAndThenGoOn) {
  WriteCacheOptions options = Patient(2);
  options.queued_writes_max = 4;
  WriteCache cache(*file_, options);
  Gate gate(fs_);
  for (uint64_t i = 0; i < 2; ++i) ASSERT_OK(Write(cache, i, 'x'));
  gate.AwaitWrite();
  for (uint64_t i = 2; i < 4; ++i) ASSERT_OK(Write(cache, i, 'x'));
  EXPECT_EQ(cache.stats().producer_waits, 0u);
  Status fifth;
  std::atomic<bool> returned = false;
  std::thread producer([&] {
    fifth = Write(cache, 4, 'x');
    returned = true;
  });
  EXPECT_TRUE(Eventually([&] { return cache.stats().producer_waits == 1; }));
  EXPECT_FALSE(returned);
  gate.Open();
  producer.join();
  EXPECT_OK(fifth);
  ASSERT_OK(cache.Flush());
  EXPECT_EQ(Letters(), "xxxxx");
  EXPECT_EQ(cache.stats().queued_max, 4u);
}

TEST_F(WriteCacheTest, AQueueSmallerThanABatchDoesNotWaitForTheBatch) {
  WriteCacheOptions options = Patient(50);
  options.queued_writes_max = 3;
  WriteCache cache(*file_, options);
  for (uint64_t i = 0; i < 20; ++i) ASSERT_OK(Write(cache, i, 'x'));
  ASSERT_OK(cache.Close());
  EXPECT_EQ(Letters(), std::string(20, 'x'));
  EXPECT_LE(cache.stats().queued_max, 3u);
}

TEST_F(WriteCacheTest, ManyBytesFillTheQueueTooAndAWriteLargerThanItGoesAlone) {
  WriteCacheOptions options = Patient(50);
  options.queued_bytes_max = 4 * kExtentSizeBytes;
  WriteCache cache(*file_, options);
  ASSERT_OK(Write(cache, 0, 'a', 9));
  ASSERT_OK(Write(cache, 9, 'b', 2));
  ASSERT_OK(Write(cache, 11, 'c', 2));
  EXPECT_EQ(cache.stats().producer_waits, 1u);
  ASSERT_OK(Write(cache, 13, 'd'));
  ASSERT_OK(cache.Close());
  EXPECT_EQ(Letters(), "aaaaaaaaabbccd");
  EXPECT_EQ(cache.stats().producer_waits, 2u);
  EXPECT_EQ(cache.stats().queued_max, 2u);
}

TEST_F(WriteCacheTest, FlushWaitsAlsoForTheBatchThatTheThreadHas) {
  WriteCache cache(*file_, Patient(2));
  Gate gate(fs_);
  ASSERT_OK(Write(cache, 0, 'a'));
  ASSERT_OK(Write(cache, 1, 'b'));
  gate.AwaitWrite();
  std::atomic<bool> returned = false;
  std::string seen;
  std::thread flusher([&] {
    EXPECT_OK(cache.Flush());
    returned = true;
    seen = Letters();
  });
  EXPECT_FALSE(returned);
  gate.Open();
  flusher.join();
  EXPECT_EQ(seen, "ab");
}

TEST_F(WriteCacheTest, TheFirstErrorIsToldForEverAndNothingIsWrittenAfterIt) {
  WriteCache cache(*file_, Patient());
  ASSERT_OK(Write(cache, 0, 'a'));
  ASSERT_OK(cache.Flush());
  fs_.FailNth(2, Status::IoError("the disk is gone"), kWrites);
  for (const uint64_t extent : {2, 4, 6}) ASSERT_OK(Write(cache, extent, 'x'));
  EXPECT_THAT(cache.Flush(), HasMessage(HasSubstr("the disk is gone")));
  const uint64_t before = fs_.operation_count();
  EXPECT_THAT(SystemWrites(), ElementsAre(Pair(0, 1), Pair(2, 1), Pair(4, 1)));
  EXPECT_THAT(Write(cache, 8, 'y'), HasMessage(HasSubstr("the disk is gone")));
  EXPECT_THAT(cache.Flush(), HasMessage(HasSubstr("the disk is gone")));
  EXPECT_THAT(cache.Close(), HasMessage(HasSubstr("the disk is gone")));
  EXPECT_THAT(cache.Close(), HasMessage(HasSubstr("the disk is gone")));
  EXPECT_THAT(Write(cache, 8, 'y'), HasMessage(HasSubstr("the disk is gone")));
  EXPECT_EQ(fs_.operation_count(), before);
  EXPECT_EQ(Letters(), "a.x");
  EXPECT_EQ(cache.stats().written, 1u);
}

TEST_F(WriteCacheTest, AnErrorOfTheThreadReachesTheNextCallAndDropsWhatIsQueued) {
  WriteCache cache(*file_, Patient(2));
  Gate gate(fs_);
  ASSERT_OK(Write(cache, 0, 'a'));
  ASSERT_OK(Write(cache, 1, 'b'));
  gate.AwaitWrite();
  for (uint64_t i = 2; i < 9; ++i) ASSERT_OK(Write(cache, i, 'x'));
  fs_.SetCapacity(0);
  gate.Open();
  EXPECT_THAT(cache.Flush(), HasCode(StatusCode::kResourceExhausted));
  fs_.SetCapacity(kGiB);
  EXPECT_THAT(Write(cache, 9, 'y'), HasCode(StatusCode::kResourceExhausted));
  EXPECT_THAT(cache.Close(), HasCode(StatusCode::kResourceExhausted));
  EXPECT_THAT(SystemWrites(), ElementsAre(Pair(0, 2)));
}

TEST_F(WriteCacheTest, AProducerThatWaitsIsToldTheError) {
  WriteCacheOptions options = Patient(1);
  options.queued_writes_max = 1;
  WriteCache cache(*file_, options);
  fs_.FailNth(1, Status::IoError("the disk is gone"), kWrites);
  Gate gate(fs_);
  ASSERT_OK(Write(cache, 0, 'a'));
  gate.AwaitWrite();
  std::thread producer(
      [&] { EXPECT_THAT(Write(cache, 1, 'b'), HasMessage(HasSubstr("the disk is gone"))); });
  EXPECT_TRUE(Eventually([&] { return cache.stats().producer_waits == 1; }));
  gate.Open();
  producer.join();
  EXPECT_EQ(cache.stats().writes, 1u);
}

TEST_F(WriteCacheTest, AProducerThatWaitsWhileItIsClosedIsRefused) {
  WriteCacheOptions options = Patient(1);
  options.queued_writes_max = 1;
  WriteCache cache(*file_, options);
  Gate gate(fs_);
  ASSERT_OK(Write(cache, 0, 'a'));
  gate.AwaitWrite();
  std::thread producer(
      [&] { EXPECT_THAT(Write(cache, 1, 'b'), HasCode(StatusCode::kFailedPrecondition)); });
  EXPECT_TRUE(Eventually([&] { return cache.stats().producer_waits == 1; }));
  std::thread closer([&] { EXPECT_OK(cache.Close()); });
  producer.join();
  gate.Open();
  closer.join();
  EXPECT_EQ(Letters(), "a");
}

TEST_F(WriteCacheTest, CloseWritesWhatIsQueuedAndMayComeAgain) {
  WriteCache cache(*file_, Patient());
  for (uint64_t i = 0; i < 120; ++i) ASSERT_OK(Write(cache, i, 'x'));
  ASSERT_OK(cache.Close());
  EXPECT_EQ(Letters(), std::string(120, 'x'));
  const uint64_t before = fs_.operation_count();
  EXPECT_OK(cache.Close());
  EXPECT_OK(cache.Flush());
  EXPECT_THAT(Write(cache, 0, 'y'), HasCode(StatusCode::kFailedPrecondition));
  EXPECT_EQ(fs_.operation_count(), before);
}

TEST_F(WriteCacheTest, TheDestructorWritesWhatIsQueued) {
  {
    WriteCache cache(*file_, Patient());
    ASSERT_OK(Write(cache, 0, 'a'));
  }
  EXPECT_EQ(Letters(), "a");
}

TEST_F(WriteCacheTest, ThereIsAThreadFromTheFirstWriteToClose) {
  // The thread sanitizer starts a thread of its own beside the first one. Threads that were joined
  // may be listed a moment longer.
  std::thread([] {}).join();
  size_t before = ThreadsOfThisProcess();
  EXPECT_TRUE(Eventually([&] { return std::exchange(before, ThreadsOfThisProcess()) == before; }));
  WriteCache cache(*file_, Patient());
  EXPECT_OK(cache.Flush());
  EXPECT_EQ(ThreadsOfThisProcess(), before);
  ASSERT_OK(Write(cache, 0, 'a'));
  ASSERT_OK(Write(cache, 1, 'b'));
  EXPECT_EQ(ThreadsOfThisProcess(), before + 1);
  ASSERT_OK(cache.Close());
  EXPECT_TRUE(Eventually([&] { return ThreadsOfThisProcess() == before; }));
}

TEST_F(WriteCacheTest, WithoutAThreadEachWriteIsWrittenByItsProducer) {
  pthread_attr_t usual;
  ASSERT_EQ(pthread_getattr_default_np(&usual), 0);
  pthread_attr_t impossible;
  ASSERT_EQ(pthread_getattr_default_np(&impossible), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&impossible, size_t{1} << 50), 0);
  ASSERT_EQ(pthread_setattr_default_np(&impossible), 0);
  WriteCache cache(*file_, Patient());
  const Status first = Write(cache, 0, 'a');
  const std::string after_first = Letters();
  fs_.FailNth(1, Status::IoError("the disk is gone"), kWrites);
  const Status second = Write(cache, 1, 'b');
  ASSERT_EQ(pthread_setattr_default_np(&usual), 0);
  pthread_attr_destroy(&usual);
  pthread_attr_destroy(&impossible);
  EXPECT_OK(first);
  EXPECT_EQ(after_first, "a");
  EXPECT_THAT(second, HasMessage(HasSubstr("the disk is gone")));
  EXPECT_THAT(cache.Close(), HasMessage(HasSubstr("the disk is gone")));
}

TEST_F(WriteCacheTest, ManyProducersAtOnceLoseNothing) {
  constexpr size_t kProducers = 4;
  constexpr size_t kEach = 150;
  WriteCacheOptions options;
  options.queued_writes_max = 7;
  options.batch_writes_max = 3;
  options.batch_wait = microseconds(100);
  WriteCache cache(*file_, options);
  std::vector<std::thread> producers;
  for (size_t p = 0; p < kProducers; ++p) {
    producers.emplace_back([this, &cache, p] {
      std::vector<uint64_t> order(kEach);
      for (size_t i = 0; i < kEach; ++i) order[i] = i * kProducers + p;
      std::ranges::shuffle(order, std::mt19937_64(p));
      for (const uint64_t extent : order) {
        EXPECT_OK(Write(cache, extent, 'x'));
        EXPECT_OK(Write(cache, extent, static_cast<char>('a' + p)));
        if (extent % 16 != p) continue;
        EXPECT_OK(cache.Flush());
        std::byte seen{};
        EXPECT_OK(file_->ReadAt(extent * kExtentSizeBytes, {&seen, 1}));
        EXPECT_EQ(static_cast<char>(seen), static_cast<char>('a' + p));
      }
    });
  }
  for (std::thread& producer : producers) producer.join();
  ASSERT_OK(cache.Close());
  std::string expected;
  for (size_t i = 0; i < kEach; ++i) expected += "abcd";
  EXPECT_EQ(Letters(), expected);
  EXPECT_EQ(cache.stats().writes, 2 * kProducers * kEach);
  EXPECT_EQ(cache.stats().written, 2 * kProducers * kEach);
  EXPECT_LE(cache.stats().queued_max, 7u);
}

TEST_F(WriteCacheTest, SeveralMayCloseAtOnce) {
  WriteCache cache(*file_, Patient());
  for (uint64_t i = 0; i < 60; ++i) ASSERT_OK(Write(cache, i, 'x'));
  std::vector<std::thread> closers;
  for (int i = 0; i < 3; ++i) {
    closers.emplace_back([&] {
      EXPECT_OK(cache.Close());
      EXPECT_EQ(cache.stats().written, 60u);
    });
  }
  for (std::thread& closer : closers) closer.join();
}

TEST_F(WriteCacheTest, AChildMayDestroyItAndNothingElse) {
  auto cache = std::make_unique<WriteCache>(*file_, Patient(1));
  Gate gate(fs_);
  ASSERT_OK(Write(*cache, 0, 'a'));
  gate.AwaitWrite();  // the thread has a batch, and the child has no thread to finish it
  ASSERT_OK(Write(*cache, 1, 'b'));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(60);
    const bool refused = Write(*cache, 2, 'c').code() == StatusCode::kFailedPrecondition &&
                         cache->Flush().code() == StatusCode::kFailedPrecondition &&
                         cache->Close().code() == StatusCode::kFailedPrecondition;
    cache.reset();
    _exit(refused ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  gate.Open();
  ASSERT_OK(cache->Close());
  EXPECT_EQ(Letters(), "ab");
}

}  // namespace
}  // namespace xtdb
