// Compaction by a thread of its own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <thread>

#include "tests/engine/compaction_fixture.h"

namespace xtdb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class BackgroundCompactionTest : public CompactionTest {
 protected:
  void SetUp() override { ASSERT_OK(first_.Open(Options())); }
  static EngineOptions Options() {
    EngineOptions options = SmallOptions();
    options.compact_chunks = 3;
    return options;
  }
  bool Eventually(const std::function<bool()>& what) {
    for (int i = 0; i < 10'000; ++i) {
      if (what()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
};

TEST_F(BackgroundCompactionTest, ItBeginsByItselfOnceEnoughChunksAreSealed) {
  for (int64_t i = 0; i < 2; ++i) WriteChunk("a", i * 50, 100, i);
  EXPECT_EQ(engine().Stats().compactions, 0u);
  WriteChunk("a", 100, 100, 2);
  const TestPoints before = first_.Read();
  EXPECT_TRUE(Eventually([&] { return engine().Stats().compactions == 1; }));
  EXPECT_EQ(first_.Read(), before);
  EXPECT_THAT(Kinds(), testing::ElementsAre(ChunkKind::kCompact));
  EXPECT_EQ(engine().Stats().chunks_compacted, 3u);
}

TEST_F(BackgroundCompactionTest, WritersReadersAndCloseGoOnBesideIt) {
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const TestPoints points = first_.Read();
      int64_t sum = 0;
      for (const auto& [key, point] : points) sum += AsInt64(point.bits);
      EXPECT_EQ(sum % 100, 0) << "half of a transaction";
    }
  });
  for (int64_t i = 1; i <= 40; ++i) WriteChunk("a", (i % 7) * 100, 100, i);
  done = true;
  reader.join();
  const TestPoints before = first_.Read();
  Reopen(Options());
  EXPECT_EQ(first_.Read(), before);
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(BackgroundCompactionTest, AFailureIsToldAndNotTriedAgainAtOnce) {
  WriteChunk("a", 0, 100, 0);
  const uint64_t damaged = Chunks().front()->layout().ExtentOffset(0) + 140;
  fs_.FlipBits(kProcessesPath, damaged, std::byte{1});
  for (int64_t i = 1; i < 6; ++i) WriteChunk("b", i * 50, 100, i);
  const auto failures = [&] {
    size_t count = 0;
    for (const auto& event : engine().events().All()) {
      count += event.kind == "compaction failed" ? 1 : 0;
    }
    return count;
  };
  EXPECT_TRUE(Eventually([&] { return failures() == 1; }));
  WriteChunk("b", 500, 100, 1);
  EXPECT_EQ(failures(), 1u);
}

TEST_F(BackgroundCompactionTest, ItLeavesTheLastBytesOfTheDiskToWriters) {
  const auto events = [&](const std::string& kind) {
    std::string messages;
    for (const auto& event : engine().events().All()) {
      if (event.kind == kind) messages += event.message + "\n";
    }
    return messages;
  };
  EngineOptions by_hand = Options();
  by_hand.compact_chunks = 0;
  Reopen(by_hand);
  for (int i = 0; i < 2; ++i) {
    FillAChunk(engine());
    ASSERT_OK(engine().Seal(kNoWait));
  }
  const size_t chunks = Chunks().size();
  ASSERT_GT(chunks, 2u);
  Reopen(Options());
  fs_.SetCapacity(fs_.UsedBytes() + 3 * kMiB);
  WriteRows("a", 0, 1, 0);
  ASSERT_OK(engine().Flush(kNoWait));
  EXPECT_TRUE(Eventually([&] { return !events("compaction failed").empty(); }));
  EXPECT_THAT(events("compaction failed"), HasSubstr("bytes should be free on its disk"));
  EXPECT_EQ(events("compaction"), "");
  // Asked for, it takes what there is.
  fs_.SetCapacity(std::numeric_limits<uint64_t>::max());
  EXPECT_GE(Compact().chunks_in, chunks);
  EXPECT_THAT(events("compaction"), HasSubstr(" became "));
}

}  // namespace
}  // namespace xtdb
