#include "engine/block/block_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "engine/block/block_stats.h"
#include "tests/engine/chunk_fixture.h"
#include "tests/engine/hex.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

class BlockWriterTest : public testing::Test {
 protected:
  // Writes, reads and decodes everything again; empty on an error, which it reports.
  PointColumns RoundTrip(const PointColumns& columns, uint32_t block_extents = 1) {
    PointColumns back;
    back.type = columns.type;
    entries_ = fixture_.WriteData(*chunk_, 5, columns, 100, block_extents);
    const BlockReader reader(fixture_.file(), ChunkFixture::kContainerId);
    for (const PlacedEntry& placed : entries_) {
      const auto block = reader.Read(placed.entry, 7, placed.entry_index, OffsetOf(placed));
      EXPECT_OK(block);
      if (!block.ok()) return {};
      for (size_t i = 0; i < block.value()->vectors().size(); ++i) {
        EXPECT_OK(block.value()->DecodeVectorAt(i, back));
        EXPECT_OK(block.value()->DescribeEncoding(i));
      }
    }
    return back;
  }
  uint64_t OffsetOf(const PlacedEntry& placed) const {
    return chunk_->layout().ExtentOffset(placed.entry_index);
  }
  static void ExpectSame(const PointColumns& a, const PointColumns& b) {
    ASSERT_EQ(a.size(), b.size());
    EXPECT_EQ(a.ts_us, b.ts_us);
    EXPECT_EQ(a.quality, b.quality);
    EXPECT_EQ(a.flags, b.flags);
    if (a.type != ValueType::kText) {
      EXPECT_EQ(a.bits, b.bits);
      return;
    }
    for (size_t i = 0; i < a.size(); ++i) ASSERT_EQ(a.TextAt(i), b.TextAt(i)) << i;
  }

  ChunkFixture fixture_;
  std::shared_ptr<Chunk> chunk_ = fixture_.NewChunk(1, 7);
  std::vector<PlacedEntry> entries_;
};

ValueBits BitsOf(ValueType type, uint64_t random) {
  switch (type) {
    case ValueType::kBool:
      return random & 1;
    case ValueType::kInt32:
      return FromInt64(static_cast<int32_t>(random));
    case ValueType::kFloat32:
      return random >> 32;
    case ValueType::kNone:
    case ValueType::kText:
      return 0;
    case ValueType::kInt64:
    case ValueType::kFloat64:
      break;
  }
  return random;
}

PointColumns MakeRandom(ValueType type, size_t count) {
  PointColumns columns;
  columns.type = type;
  uint64_t state = count + static_cast<uint64_t>(type);
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    Point point;
    point.ts_us = static_cast<int64_t>(i * 1000 + (state >> 60));
    point.quality = (state >> 50) % 10 == 0 ? kQualityBad : kQualityGood;
    const uint64_t kind = (state >> 40) % 50;
    point.flags = kind == 0 ? kPointDeleted : kind == 1 ? kPointNull : uint8_t{0};
    if (type == ValueType::kNone && point.flags == 0) point.flags = kPointNull;
    if (point.flags == 0) point.bits = BitsOf(type, state ^ (state >> 31));
    text.assign((state >> 33) % 40, static_cast<char>('a' + i % 26));
    if (type == ValueType::kText && point.flags == 0) point.text = text;
    columns.Append(point);
  }
  return columns;
}

PointColumns OneText(size_t size) {
  PointColumns columns;
  columns.type = ValueType::kText;
  std::string text(size, '\0');
  uint64_t state = 1;
  for (char& c : text) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    c = static_cast<char>(state >> 56);
  }
  Point point;
  point.text = text;
  columns.Append(point);
  return columns;
}

TEST_F(BlockWriterTest, EveryTypeAndSizeComesBackBitForBit) {
  for (int type = 0; type <= kValueTypeLast; ++type) {
    for (const size_t count : {1, 2, 3, 7, 100, 1023, 1024, 1025, 2048, 5000, 20000}) {
      for (const uint32_t extents : {1U, 4U, 16U}) {
        SCOPED_TRACE(testing::Message()
                     << "type " << type << ", " << count << " rows, " << extents);
        const PointColumns columns = MakeRandom(static_cast<ValueType>(type), count);
        ExpectSame(RoundTrip(columns, extents), columns);
        for (const PlacedEntry& placed : entries_) {
          EXPECT_LE(placed.entry.extents, extents);
          EXPECT_OK(DecodeBlockDirEntry(Encoded(placed.entry), 7));
        }
      }
    }
  }
}

TEST_F(BlockWriterTest, EntriesTellWhatTheirBlocksHold) {
  const PointColumns columns = MakeRandom(ValueType::kFloat64, 20000);
  RoundTrip(columns);
  ASSERT_GT(entries_.size(), 2U);
  size_t begin = 0;
  for (const PlacedEntry& placed : entries_) {
    const size_t end = begin + placed.entry.count;
    EXPECT_EQ(placed.entry.ts_min_us, columns.ts_us[begin]);
    EXPECT_EQ(placed.entry.ts_max_us, columns.ts_us[end - 1]);
    EXPECT_EQ(placed.entry.through_lsn, 99U);
    EXPECT_EQ(placed.entry.flush_lsn, 100U);
    const ValueStats stats = ComputeStats(columns, begin, end);
    EXPECT_EQ(std::memcmp(&placed.entry.stats, &stats, sizeof(stats)), 0);
    begin = end;
  }
  EXPECT_EQ(begin, columns.size());
}

TEST_F(BlockWriterTest, BlocksAreWellFilled) {
  RoundTrip(MakeNoise(20000));
  for (size_t i = 0; i + 1 < entries_.size(); ++i) {
    EXPECT_GT(entries_[i].entry.data_size_bytes, kExtentSizeBytes * 9 / 10) << i;
  }
}

TEST_F(BlockWriterTest, SmallBlockTakesOneExtentOfAnyClass) {
  RoundTrip(MakeInts(3), 16);
  ASSERT_EQ(entries_.size(), 1U);
  EXPECT_EQ(entries_[0].entry.extents, 1U);
}

TEST_F(BlockWriterTest, BlockExactlyFullAndOneOver) {
  std::vector<std::byte> encoded;
  const PointColumns probe = OneText(10000);
  EncodeVector(probe, 0, 1, CodecOptions{}, encoded);
  const size_t overhead = sizeof(BlockHead) + sizeof(VectorEntry) + encoded.size() - 10000;
  const size_t full = kExtentSizeBytes - overhead;
  for (const size_t more : {0, 1}) {
    const PointColumns columns = OneText(full + more);
    ExpectSame(RoundTrip(columns), columns);
    ASSERT_EQ(entries_.size(), 1U);
    EXPECT_EQ(entries_[0].entry.data_size_bytes, kExtentSizeBytes + more);
    EXPECT_EQ(entries_[0].entry.extents, 1U + more);
  }
}

TEST_F(BlockWriterTest, TextOfAMegabyteHasABlockOfItsOwn) {
  PointColumns columns = MakeRandom(ValueType::kText, 10);
  const PointColumns large = OneText(kMiB);
  Point point = large.At(0);
  point.ts_us = 1'000'000;
  columns.Append(point);
  point.text = "after";
  point.ts_us = 1'000'001;
  columns.Append(point);
  ExpectSame(RoundTrip(columns), columns);
  ASSERT_EQ(entries_.size(), 3U);
  EXPECT_EQ(entries_[0].entry.extents, 1U);
  EXPECT_EQ(entries_[1].entry.extents, 65U);
  EXPECT_EQ(entries_[1].entry.count, 1U);
  EXPECT_EQ(entries_[2].entry.extents, 1U);
}

TEST_F(BlockWriterTest, LargestTextFitsAndOneLargerIsTooBig) {
  ASSERT_OK_AND_ASSIGN(const std::vector<EncodedBlock> blocks,
                       EncodeBlocks(5, OneText(kTextBytesMax), 1, 1));
  EXPECT_EQ(blocks[0].entry.extents, kBlockExtentsMax);
  EXPECT_THAT(EncodeBlocks(5, OneText(kTextBytesMax + 1), 1, 1), HasCode(StatusCode::kTooBig));
}

TEST_F(BlockWriterTest, BlocksWithoutTagOrPointsAreRefused) {
  EXPECT_THAT(EncodeBlocks(0, MakeInts(1), 1, 1), HasCode(StatusCode::kInvalidArgument));
  EXPECT_THAT(EncodeBlocks(1, PointColumns{}, 1, 1), HasCode(StatusCode::kInvalidArgument));
  EXPECT_THAT(EncodeBlocks(1, MakeInts(1), 1, 0), HasCode(StatusCode::kInvalidArgument));
}

TEST_F(BlockWriterTest, UnusedTailIsZero) {
  ASSERT_OK_AND_ASSIGN(const std::vector<EncodedBlock> blocks,
                       EncodeBlocks(5, MakeInts(100), 1, 4));
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].bytes.size(), kExtentSizeBytes);
  EXPECT_TRUE(IsAllZero(blocks[0].bytes.span().subspan(blocks[0].entry.data_size_bytes)));
}

TEST_F(BlockWriterTest, WritesAreBlind) {
  const ChunkLayout& place = chunk_->layout();
  std::vector<std::byte> before(place.data_offset - place.chunk_offset);
  ASSERT_OK(fixture_.file().ReadAt(place.chunk_offset, before));
  RoundTrip(MakeNoise(50000));
  std::vector<std::byte> after(before.size());
  ASSERT_OK(fixture_.file().ReadAt(place.chunk_offset, after));
  EXPECT_TRUE(before == after);
}

TEST_F(BlockWriterTest, FailedWriteIsReported) {
  auto blocks = std::move(EncodeBlocks(5, MakeInts(1), 1, 1)).value();
  fixture_.fs().FailNth(1, Status::ResourceExhausted("full"), MaskOf(FileOperation::kWrite));
  BlockWriter writer(fixture_.io(), ChunkFixture::kContainerId);
  EXPECT_THAT(writer.Write(blocks[0], 7, 2, chunk_->layout().data_offset),
              HasCode(StatusCode::kResourceExhausted));
}

// Goal: no damaged block is taken for a sound one. Method: flip each byte of three blocks; reading
// and decoding must fail, or the byte stands in the padding.
TEST_F(BlockWriterTest, EveryFlippedByteIsDetectedOrInThePadding) {
  const BlockReader reader(fixture_.file(), ChunkFixture::kContainerId);
  for (const PointColumns& columns :
       {MakeInts(3000), MakeNoise(1500), MakeRandom(ValueType::kText, 300)}) {
    RoundTrip(columns);
    const PlacedEntry placed = entries_[0];
    const auto sound = [&] {
      const auto block = reader.Read(placed.entry, 7, placed.entry_index, OffsetOf(placed));
      if (!block.ok()) return block.status();
      PointColumns out;
      out.type = columns.type;
      for (size_t i = 0; i < block.value()->vectors().size(); ++i) {
        XTDB_RETURN_IF_ERROR(block.value()->DecodeVectorAt(i, out));
      }
      return Status();
    };
    ASSERT_OK(sound());
    for (uint32_t at = 0; at < placed.entry.extents * kExtentSizeBytes; ++at) {
      fixture_.fs().FlipBits(ChunkFixture::kPath, OffsetOf(placed) + at, std::byte{0x20});
      const Status status = sound();
      if (at < placed.entry.data_size_bytes) {
        ASSERT_THAT(status, HasCode(StatusCode::kCorruption)) << at;
      } else {
        ASSERT_OK(status);
      }
      fixture_.fs().FlipBits(ChunkFixture::kPath, OffsetOf(placed) + at, std::byte{0x20});
    }
  }
}

TEST_F(BlockWriterTest, BlockThatIsNotTheOneOfItsEntryIsCorruption) {
  RoundTrip(MakeInts(10));
  const PlacedEntry placed = entries_[0];
  const BlockReader reader(fixture_.file(), ChunkFixture::kContainerId);
  const auto read = [&](const BlockDirEntry& entry, uint64_t sequence) {
    return reader.Read(entry, sequence, 3, OffsetOf(placed)).status();
  };
  ASSERT_OK(read(placed.entry, 7));
  const Status status = read(placed.entry, 8);
  EXPECT_THAT(status, HasCode(StatusCode::kCorruption));
  EXPECT_THAT(status, HasMessage(HasSubstr("chunk 8, block 3, tag 5, 0..9000000 us")));
  const std::function<void(BlockDirEntry&)> changes[] = {
      [](auto& e) { e.head_crc32 ^= 1; },
      [](auto& e) { e.tag_id = 6; },
      [](auto& e) { e.count = 11; },
      [](auto& e) { e.ts_min_us = -1; },
      [](auto& e) { e.ts_max_us += 1; },
      [](auto& e) { e.through_lsn += 1; },
      [](auto& e) { e.data_size_bytes += 1; },
      [](auto& e) { e.data_size_bytes -= 1; },
      [](auto& e) { e.vector_count = 2; },
      [](auto& e) { e.value_type = ValueType::kInt32; },
      [](auto& e) { e.data_size_bytes = ~0U; },
      [](auto& e) { e.extents = ~0U; },
      [](auto& e) { e.tag_last = 9; },
      [](auto& e) { e.table_bytes = 72; },
      [](auto& e) {
        e.kind = BlockKind::kMixed;
        e.table_bytes = 72;
      },
      [](auto& e) {
        e.kind = BlockKind::kMixed;
        e.table_bytes = ~0U;
      },
  };
  for (const auto& change : changes) {
    BlockDirEntry entry = placed.entry;
    change(entry);
    EXPECT_THAT(read(entry, 7), HasCode(StatusCode::kCorruption));
  }
  const BlockReader other(fixture_.file(), 99);
  EXPECT_THAT(other.Read(placed.entry, 7, 3, OffsetOf(placed)), HasCode(StatusCode::kCorruption));
}

TEST_F(BlockWriterTest, FailedDecodeLeavesTheRowsBeforeIt) {
  RoundTrip(MakeInts(2000));
  const PlacedEntry placed = entries_[0];
  ASSERT_EQ(placed.entry.vector_count, 2U);
  fixture_.fs().FlipBits(ChunkFixture::kPath, OffsetOf(placed) + placed.entry.data_size_bytes - 1,
                         std::byte{1});
  const BlockReader reader(fixture_.file(), ChunkFixture::kContainerId);
  ASSERT_OK_AND_ASSIGN(const auto block, reader.Read(placed.entry, 7, 0, OffsetOf(placed)));
  PointColumns out;
  out.type = ValueType::kInt64;
  ASSERT_OK(block->DecodeVectorAt(0, out));
  const Status status = block->DecodeVectorAt(1, out);
  EXPECT_THAT(status, HasMessage(HasSubstr("vector 1: checksum")));
  EXPECT_EQ(out.size(), 1024U);
  EXPECT_THAT(block->DecodeVectorAt(2, out), HasCode(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace xtdb
