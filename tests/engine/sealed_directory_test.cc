// Directories of sealed chunks, searched on disk and let go of.

#include "engine/chunk/sealed_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "engine/storage_engine.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

class SealedDirectoryTest : public testing::Test {
 protected:
  static EngineOptions Options() {
    EngineOptions options;
    options.storage.chunk_size_bytes = 4 * kMiB;
    return options;
  }
  // Chunks borrow from the engine.
  void Close() {
    chunks_.clear();
    engine_ = nullptr;
  }
  void Open() {
    Close();
    ASSERT_OK_AND_ASSIGN(engine_, StorageEngine::Open(fs_, clock_, path_, Options()));
    ASSERT_OK_AND_ASSIGN(const auto snapshot, engine_->TakeSnapshot());
    chunks_ = snapshot->chunks();
    lsn_ = snapshot->lsn();
  }
  // Blocks of some tags' own, and MIXED ones of others.
  void Fill(uint64_t seed, int tags, int flushes) {
    std::mt19937_64 random(seed);
    Close();
    ASSERT_OK_AND_ASSIGN(engine_, StorageEngine::Open(fs_, clock_, path_, Options()));
    for (int flush = 0; flush < flushes; ++flush) {
      ASSERT_OK_AND_ASSIGN(const auto transaction, engine_->Begin(0));
      for (int tag = 0; tag < tags; ++tag) {
        if (random() % 3 == 0) continue;
        ASSERT_OK_AND_ASSIGN(StagedTag* const staged,
                             transaction->FindOrDefineTag("t" + std::to_string(tag)));
        const bool is_long = tag % 4 == 0 && random() % 4 == 0;
        auto ts_us = static_cast<int64_t>(random() % 100'000);
        for (uint64_t rows = is_long ? 4000 : 1 + random() % 20; rows > 0; --rows) {
          ts_us += 1 + static_cast<int64_t>(random() % 5);
          ASSERT_OK(transaction->WritePoint(*staged, ts_us, static_cast<double>(random())));
        }
      }
      ASSERT_OK(transaction->Prepare());
      transaction->Commit();
      ASSERT_OK(engine_->Flush(0));
    }
    ASSERT_OK(engine_->Seal(0));
  }
  struct Query {
    TagId tag;
    int64_t from_us;
    int64_t to_us;
  };
  using Answer = std::tuple<uint32_t, std::vector<uint32_t>>;  // pruned, numbers
  Answer Ask(Chunk& chunk, const Query& query) {
    std::vector<BlockRef> blocks;
    const Result<uint32_t> pruned =
        chunk.FindBlocks(query.tag, query.from_us, query.to_us, lsn_, blocks);
    EXPECT_OK(pruned);
    Answer answer{pruned.ok() ? pruned.value() : 0, {}};
    for (const BlockRef& block : blocks) std::get<1>(answer).push_back(block.entry_index);
    return answer;
  }
  void Flip(uint64_t offset) {
    std::vector<std::byte> bytes = fs_.ReadWhole(path_);
    bytes[offset] ^= std::byte{4};
    fs_.WriteWhole(path_, bytes);
  }

  FaultyFileSystem fs_{1};
  FakeClock clock_;
  std::string path_ = "/plant.xtdb";
  std::shared_ptr<StorageEngine> engine_;
  ChunkList chunks_;
  LSN lsn_ = kNoLsn;
};

TEST_F(SealedDirectoryTest, FindsOnDiskWhatIsFoundInMemory) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    path_ = "/plant" + std::to_string(seed) + ".xtdb";
    ASSERT_NO_FATAL_FAILURE(Fill(seed, 40, 12));
    std::mt19937_64 random(seed);
    for (int round = 0; round < 20; ++round) {
      ASSERT_NO_FATAL_FAILURE(Open());
      std::vector<std::tuple<Chunk*, Query, Answer>> asked;
      for (const auto& chunk : chunks_) {
        ASSERT_EQ(chunk->state(), ChunkState::kSealed);
        for (int i = 0; i < 4; ++i) {
          const auto from = static_cast<int64_t>(random() % 120'000);
          const Query query{static_cast<TagId>(random() % 44), from,
                            from + static_cast<int64_t>(random() % 40'000)};
          asked.emplace_back(chunk.get(), query, Ask(*chunk, query));
        }
        EXPECT_FALSE(chunk->is_loaded());
        ASSERT_OK(chunk->Load());
      }
      for (const auto& [chunk, query, answer] : asked) EXPECT_EQ(Ask(*chunk, query), answer);
    }
  }
}

// Reading entry after entry would cost more than reading all of them at once.
TEST_F(SealedDirectoryTest, MuchIsReadAtOnce) {
  ASSERT_NO_FATAL_FAILURE(Fill(1, 40, 12));
  ASSERT_NO_FATAL_FAILURE(Open());
  Chunk& chunk = *chunks_.front();
  Ask(chunk, {1, kTsMin, kTsMax});
  EXPECT_FALSE(chunk.is_loaded());
  for (int i = 0; i < 200; ++i) Ask(chunk, {1, kTsMin, kTsMax});
  EXPECT_TRUE(chunk.is_loaded());
}

// Every byte of directory, order array and seal record: what is found is right, whether or not the
// damage lies in its way.
TEST_F(SealedDirectoryTest, DamageCostsNoBlock) {
  ASSERT_NO_FATAL_FAILURE(Fill(2, 12, 10));
  ASSERT_NO_FATAL_FAILURE(Open());
  const ChunkLayout layout = chunks_.front()->layout();
  const uint32_t blocks = chunks_.front()->summary().block_count;
  std::vector<Answer> expected;
  for (TagId tag = 1; tag < 13; ++tag) {
    expected.push_back(Ask(*chunks_.front(), {tag, 20'000, 60'000}));
  }
  std::vector<uint64_t> places;
  for (uint64_t i = 0; i < layout.EntryOffset(blocks) - layout.directory_offset; i += 7) {
    places.push_back(layout.directory_offset + i);
  }
  for (uint64_t i = 0; i < blocks * 2; ++i) places.push_back(layout.order_offset + i);
  for (uint64_t i = 0; i < sizeof(SealRecord); ++i) {
    places.push_back(layout.chunk_offset + kSealRecordOffset + i);
  }
  for (const uint64_t place : places) {
    SCOPED_TRACE(testing::Message() << "byte " << place - layout.chunk_offset);
    Flip(place);
    ASSERT_NO_FATAL_FAILURE(Open());
    for (TagId tag = 1; tag < 13; ++tag) {
      ASSERT_EQ(std::get<1>(Ask(*chunks_.front(), {tag, 20'000, 60'000})),
                std::get<1>(expected[tag - 1]));
    }
    Close();
    Flip(place);
  }
}

// As a stale sector may have them: every number is there once, and each entry is good.
TEST_F(SealedDirectoryTest, SwappedNumbersCostNoBlock) {
  ASSERT_NO_FATAL_FAILURE(Fill(2, 12, 10));
  ASSERT_NO_FATAL_FAILURE(Open());
  const ChunkLayout layout = chunks_.front()->layout();
  const uint32_t blocks = chunks_.front()->summary().block_count;
  ASSERT_GT(blocks, 8u);
  std::vector<Answer> expected;
  for (TagId tag = 1; tag < 13; ++tag) {
    expected.push_back(Ask(*chunks_.front(), {tag, kTsMin, kTsMax}));
  }
  Close();
  std::vector<std::byte> bytes = fs_.ReadWhole(path_);
  for (int i = 0; i < 2; ++i) {
    std::swap(bytes[layout.order_offset + 2 + i],
              bytes[layout.order_offset + 2 * (blocks / 2) + i]);
  }
  fs_.WriteWhole(path_, bytes);
  ASSERT_NO_FATAL_FAILURE(Open());
  for (TagId tag = 1; tag < 13; ++tag) {
    EXPECT_EQ(Ask(*chunks_.front(), {tag, kTsMin, kTsMax}), expected[tag - 1]);
  }
}

TEST_F(SealedDirectoryTest, WhatAProcessSealsItselfCounts) {
  ASSERT_NO_FATAL_FAILURE(Fill(2, 12, 10));
  EXPECT_GT(engine_->Stats().directory_bytes, 0u);
}

TEST_F(SealedDirectoryTest, AFailedReadIsTold) {
  ASSERT_NO_FATAL_FAILURE(Fill(1, 8, 2));
  ASSERT_NO_FATAL_FAILURE(Open());
  std::vector<BlockRef> blocks;
  fs_.FailNth(1, Status::IoError("disk"), MaskOf(FileOperation::kRead), true);
  EXPECT_THAT(chunks_.front()->FindBlocks(1, kTsMin, kTsMax, lsn_, blocks),
              HasCode(StatusCode::kIoError));
  fs_.ClearFaults();
  EXPECT_OK(chunks_.front()->FindBlocks(1, kTsMin, kTsMax, lsn_, blocks));
}

TEST_F(SealedDirectoryTest, DirectoriesThatWereNotUsedForTheLongestGo) {
  ASSERT_NO_FATAL_FAILURE(Fill(3, 40, 12));
  for (int i = 0; i < 3; ++i) ASSERT_NO_FATAL_FAILURE(Fill(4 + static_cast<uint64_t>(i), 40, 4));
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_GE(chunks_.size(), 3u);
  DirectoryBudget budget(1);
  ChunkList own;
  ASSERT_OK_AND_ASSIGN(const auto file, fs_.Open(path_, OpenMode::kReadOnly));
  for (const auto& chunk : chunks_) {
    own.push_back(std::make_shared<Chunk>(*file, chunk->layout(), chunk->header(), chunk->state(),
                                          chunk->summary(), &budget));
  }
  ASSERT_OK_AND_ASSIGN(const std::vector<BlockRef> blocks, own[0]->AllBlocks(lsn_));
  EXPECT_TRUE(own[0]->is_loaded());
  const size_t bytes = budget.bytes();
  EXPECT_GT(bytes, 0u);
  ASSERT_OK(own[1]->AllBlocks(lsn_));
  EXPECT_FALSE(own[0]->is_loaded());
  EXPECT_TRUE(own[1]->is_loaded());
  // What was found stays as long as somebody has it.
  EXPECT_EQ(blocks.front().entry->chunk_check, ChunkCheck(own[0]->header().chunk_sequence));
  own[1] = nullptr;
  EXPECT_EQ(budget.bytes(), 0u);
}

// Each reader makes the others' directories go, all the time.
TEST_F(SealedDirectoryTest, ManyThreadsFindTheSameUnderATinyBudget) {
  for (uint64_t seed = 3; seed < 6; ++seed) ASSERT_NO_FATAL_FAILURE(Fill(seed, 40, 6));
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_GE(chunks_.size(), 3u);
  ASSERT_OK_AND_ASSIGN(const auto file, fs_.Open(path_, OpenMode::kReadOnly));
  DirectoryBudget budget(1);
  ChunkList own;
  std::vector<Answer> expected;
  for (const auto& chunk : chunks_) {
    own.push_back(std::make_shared<Chunk>(*file, chunk->layout(), chunk->header(), chunk->state(),
                                          chunk->summary(), &budget));
    for (TagId tag = 1; tag <= 40; ++tag) {
      expected.push_back(Ask(*chunk, {tag, 10'000, 90'000}));
    }
  }
  std::atomic<int> differences = 0;
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 4; ++reader) {
    readers.emplace_back([&, reader] {
      std::mt19937_64 random(static_cast<uint64_t>(reader));
      for (int i = 0; i < 3000; ++i) {
        const size_t chunk = random() % own.size();
        const auto tag = static_cast<TagId>(1 + random() % 40);
        const size_t at = chunk * 40 + tag - 1;
        if (Ask(*own[chunk], {tag, 10'000, 90'000}) != expected[at]) ++differences;
        if (random() % 16 == 0 && own[chunk]->AllBlocks(lsn_).value().empty()) ++differences;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(differences, 0);
}

}  // namespace
}  // namespace xtdb
