// MIXED blocks: their table, what packs them, and that a chunk finds in them what belongs to a tag.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/engine/chunk_fixture.h"
#include "tests/engine/hex.h"

namespace xtdb {
namespace {

using testing::ElementsAre;
using testing::Ge;
using testing::Le;
using testing::SizeIs;

PointColumns Floats(size_t count, int64_t ts_first, int64_t level) {
  PointColumns columns;
  columns.type = ValueType::kFloat64;
  for (size_t i = 0; i < count; ++i) {
    const auto at = static_cast<int64_t>(i);
    columns.Append(Point{ts_first + at * 1'000'000 + at * at % 7,
                         FromDouble(static_cast<double>(level + at % 5) / 10),
                         kQualityGood,
                         0,
                         {}});
  }
  return columns;
}

// Everything of the tags in one pack of MIXED blocks.
std::vector<EncodedBlock> Pack(const std::vector<std::pair<TagId, PointColumns>>& tags) {
  BlockOptions options;
  options.spares_rest = true;
  MixedPacker packer(99);
  std::vector<EncodedBlock> blocks;
  for (const auto& [tag, columns] : tags) {
    auto encoded = EncodeTag(tag, columns, 99, options);
    EXPECT_OK(encoded);
    EXPECT_TRUE(encoded.value().blocks.empty());
    for (EncodedVector& vector : encoded.value().rest) packer.Add(std::move(vector), blocks);
  }
  packer.Finish(blocks);
  return blocks;
}

class MixedBlockTest : public testing::Test {
 protected:
  void Put(std::vector<EncodedBlock> blocks, LSN flush_lsn = 100) {
    BlockWriter writer(fixture_.io(), ChunkFixture::kContainerId);
    for (EncodedBlock& block : blocks) {
      const uint32_t extent = chunk_->next_free_extent();
      ASSERT_OK(writer.Write(block, 7, flush_lsn, chunk_->layout().ExtentOffset(extent)));
      ASSERT_OK(chunk_->AddEntry(extent, block.entry));
    }
  }
  std::shared_ptr<LoadedBlock> Load(const BlockRef& block) {
    auto loaded = BlockReader(fixture_.file(), ChunkFixture::kContainerId)
                      .Read(*block.entry, 7, block.entry_index,
                            chunk_->layout().ExtentOffset(block.entry_index));
    EXPECT_OK(loaded);
    return loaded.value();
  }
  PointColumns RowsOf(TagId tag, const BlockRef& block) {
    const auto loaded = Load(block);
    const VectorTable table = loaded->TableOf(tag);
    PointColumns rows;
    rows.type = table.type;
    for (size_t i = 0; i < table.vectors.size(); ++i) {
      EXPECT_OK(loaded->DecodeVectorAt(table.first_vector + i, rows));
    }
    return rows;
  }
  std::vector<BlockRef> Find(TagId tag, int64_t ts_from, int64_t ts_to, LSN lsn = 100) {
    std::vector<BlockRef> blocks;
    EXPECT_OK(chunk_->FindBlocks(tag, ts_from, ts_to, lsn, blocks));
    return blocks;
  }

  ChunkFixture fixture_;
  std::shared_ptr<Chunk> chunk_ = fixture_.NewChunk(1, 7);
};

TEST_F(MixedBlockTest, ShortRunsOfManyTagsShareExtentsAndComeBack) {
  std::vector<std::pair<TagId, PointColumns>> tags;
  for (TagId tag = 3; tag < 3000; tag += 7) {
    tags.emplace_back(tag, Floats(50, tag * 1000, tag));
  }
  std::vector<EncodedBlock> blocks = Pack(tags);
  const size_t points = tags.size() * 50;
  EXPECT_LE(blocks.size() * kExtentSizeBytes, points * 4) << "bytes of 50 short decimals each";
  Put(std::move(blocks));
  for (const auto& [tag, columns] : tags) {
    const std::vector<BlockRef> found = Find(tag, kTsMin, kTsMax);
    ASSERT_THAT(found, SizeIs(1));
    const PointColumns rows = RowsOf(tag, found[0]);
    EXPECT_EQ(rows.ts_us, columns.ts_us);
    EXPECT_EQ(rows.bits, columns.bits);
    // A number between, of which there is nothing.
    for (const BlockRef& block : Find(tag + 1, kTsMin, kTsMax)) {
      EXPECT_TRUE(Load(block)->TableOf(tag + 1).vectors.empty());
    }
  }
}

TEST_F(MixedBlockTest, TypesTombstonesAndSeveralVectorsOfATagComeBack) {
  PointColumns deleted = Floats(10, 0, 1);
  deleted.flags[3] = kPointDeleted;
  deleted.bits[3] = 0;
  PointColumns texts;
  texts.type = ValueType::kText;
  for (int64_t i = 0; i < 20; ++i) {
    texts.Append(Point{i, 0, kQualityGood, 0, i % 2 == 0 ? "on" : "off"});
  }
  PointColumns steady;  // three vectors of a few bytes each
  steady.type = ValueType::kInt64;
  for (int64_t i = 0; i < 2500; ++i) steady.Append(Point{i * 10, 7, kQualityGood, 0, {}});
  Put(Pack({{1, deleted}, {2, texts}, {4, steady}}));
  const std::vector<BlockRef> found = Find(4, kTsMin, kTsMax);
  ASSERT_THAT(found, SizeIs(1));
  const auto loaded = Load(found[0]);
  ASSERT_THAT(loaded->runs(), SizeIs(3));
  EXPECT_EQ(loaded->runs()[2].vector_count, 3U);
  EXPECT_EQ(loaded->TableOf(1).vectors[0].deleted_count, 1U);
  EXPECT_FALSE(loaded->TableOf(1).has_statistics);
  EXPECT_EQ(RowsOf(1, found[0]).flags, deleted.flags);
  EXPECT_EQ(RowsOf(4, found[0]).ts_us, steady.ts_us);
  const PointColumns words = RowsOf(2, found[0]);
  for (size_t row = 0; row < words.size(); ++row) ASSERT_EQ(words.TextAt(row), texts.TextAt(row));
}

TEST_F(MixedBlockTest, OnlyWhatFillsNoExtentIsSpared) {
  BlockOptions options;
  options.spares_rest = true;
  for (const size_t rows : {100, 1500, 5000, 20'000}) {
    SCOPED_TRACE(rows);
    ASSERT_OK_AND_ASSIGN(const EncodedTag encoded, EncodeTag(5, MakeNoise(rows), 1, options));
    size_t counted = 0;
    for (const EncodedBlock& block : encoded.blocks) {
      counted += block.entry.count;
      const size_t in_last = (block.entry.data_size_bytes - 1) % kExtentSizeBytes + 1;
      EXPECT_THAT(in_last, Ge(kExtentSizeBytes / 2));
    }
    for (const EncodedVector& vector : encoded.rest) counted += vector.row.entry.count;
    EXPECT_EQ(counted, rows);
    options.spares_rest = false;
    ASSERT_OK_AND_ASSIGN(const EncodedTag whole, EncodeTag(5, MakeNoise(rows), 1, options));
    EXPECT_TRUE(whole.rest.empty());
    options.spares_rest = true;
  }
}

TEST_F(MixedBlockTest, BlocksOfManyTagsStandBehindThoseOfOne) {
  fixture_.Put(*chunk_, 5, MakeInts(10), 100);
  Put(Pack({{2, Floats(3, 0, 1)}, {9, Floats(3, 5'000'000, 1)}}));
  fixture_.Put(*chunk_, 5, MakeInts(10, 500'000'000), 100);
  Put(Pack({{3, Floats(3, 0, 1)}, {5, Floats(3, 0, 1)}}));
  const std::vector<BlockRef> found = Find(5, kTsMin, kTsMax);
  std::vector<uint32_t> numbers;
  for (const BlockRef& block : found) numbers.push_back(block.entry_index);
  EXPECT_THAT(numbers, ElementsAre(0, 2, 1, 3));
  EXPECT_THAT(Find(1, kTsMin, kTsMax), SizeIs(0));
  EXPECT_THAT(Find(10, kTsMin, kTsMax), SizeIs(0));
  EXPECT_THAT(Find(9, kTsMin, kTsMax), SizeIs(1));
  EXPECT_THAT(Find(9, 8'000'000, kTsMax), SizeIs(0)) << "later than the block";
  EXPECT_THAT(Find(9, kTsMin, kTsMax, 99), SizeIs(0)) << "flushed later";
}

TEST_F(MixedBlockTest, ASealedChunkIsReadAgain) {
  Put(Pack({{2, Floats(3, 0, 1)}, {9, Floats(3, 5'000'000, 1)}}));
  fixture_.Put(*chunk_, 5, MakeInts(10), 100);
  DirectoryBuilder builder(fixture_.file(), chunk_->layout(), 7);
  ASSERT_OK_AND_ASSIGN(const auto blocks, chunk_->AllBlocks(100));
  ASSERT_OK(builder.Write(0, *blocks[0].entry));
  StateMutator mutator(fixture_.file());
  ASSERT_OK(ChunkSealer(fixture_.file(), mutator).Seal(*chunk_));
  EXPECT_EQ(chunk_->summary().tag_min, 2U);
  EXPECT_EQ(chunk_->summary().tag_max, 9U);
  const ChunkSummary summary = chunk_->summary();
  chunk_ = std::make_shared<Chunk>(fixture_.file(), chunk_->layout(), chunk_->header(),
                                   ChunkState::kSealed, summary);
  ASSERT_OK(chunk_->Load());
  const std::vector<BlockRef> found = Find(9, kTsMin, kTsMax);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(RowsOf(9, found[0]).size(), 3U);
}

TEST_F(MixedBlockTest, EveryFlippedByteIsDetectedOrInThePadding) {
  Put(Pack({{2, Floats(30, 0, 1)}, {9, Floats(30, 5'000'000, 1)}, {70, Floats(5, 0, 1)}}));
  const BlockRef block = Find(9, kTsMin, kTsMax)[0];
  const uint64_t offset = chunk_->layout().ExtentOffset(block.entry_index);
  const auto sound = [&]() -> Status {
    XTDB_ASSIGN_OR_RETURN(const auto loaded,
                          BlockReader(fixture_.file(), ChunkFixture::kContainerId)
                              .Read(*block.entry, 7, block.entry_index, offset));
    for (const TagRun& run : loaded->runs()) {
      PointColumns rows;
      rows.type = run.type;
      for (uint32_t i = 0; i < run.vector_count; ++i) {
        XTDB_RETURN_IF_ERROR(loaded->DecodeVectorAt(run.first_vector + i, rows));
      }
    }
    return Status();
  };
  ASSERT_OK(sound());
  for (uint32_t at = 0; at < block.entry->data_size_bytes; ++at) {
    fixture_.fs().FlipBits(ChunkFixture::kPath, offset + at, std::byte{0x10});
    ASSERT_THAT(sound(), HasCode(StatusCode::kCorruption)) << at;
    fixture_.fs().FlipBits(ChunkFixture::kPath, offset + at, std::byte{0x10});
  }
}

// Rules of the table behind a right checksum.
class MixedTableTest : public testing::Test {
 protected:
  static MixedVector Vector(TagId tag, int64_t ts_min_us, uint16_t count) {
    MixedVector vector{tag, ValueType::kFloat64, {}};
    vector.entry.ts_min_us = ts_min_us;
    vector.entry.ts_max_us = ts_min_us + 100;
    vector.entry.count = count;
    vector.entry.size_bytes = 20;
    vector.entry.crc32_of_data = 0x11223344;
    return vector;
  }
  static BlockHead HeadFor(const std::vector<MixedVector>& vectors,
                           const std::vector<std::byte>& table) {
    BlockHead head;
    head.kind = BlockKind::kMixed;
    head.tag_id = vectors.front().tag_id;
    head.tag_last = vectors.back().tag_id;
    head.vector_count = static_cast<uint16_t>(vectors.size());
    head.ts_min_us = kTsMax;
    head.ts_max_us = kTsMin;
    head.data_size_bytes = static_cast<uint32_t>(sizeof(BlockHead) + table.size());
    for (const MixedVector& vector : vectors) {
      head.count += vector.entry.count;
      head.data_size_bytes += vector.entry.size_bytes;
      head.ts_min_us = std::min(head.ts_min_us, vector.entry.ts_min_us);
      head.ts_max_us = std::max(head.ts_max_us, vector.entry.ts_max_us);
    }
    return head;
  }
  static Status Decode(std::span<const std::byte> table, const BlockHead& head) {
    std::vector<VectorEntry> vectors;
    std::vector<TagRun> runs;
    return DecodeMixedTable(table, head, vectors, runs);
  }

  const std::vector<MixedVector> vectors_ = {Vector(5, 1000, 10), Vector(5, 2000, 10),
                                             Vector(300, 500, 3)};
};

TEST_F(MixedTableTest, BytesAreThoseOfTheDocument) {
  std::vector<std::byte> table;
  AppendMixedTable(vectors_, table);
  EXPECT_EQ(Hex(table),
            "00 05 0a 14 f4 03 64 44 33 22 11 "
            "00 05 0a 14 dc 0b 64 44 33 22 11 "
            "a7 02 05 03 14 00 64 44 33 22 11");
  size_t bytes = 0;
  for (size_t i = 0; i < vectors_.size(); ++i) {
    bytes += MixedRowBytes(vectors_[i], i == 0 ? nullptr : &vectors_[i - 1], 500);
  }
  EXPECT_EQ(bytes, table.size());
  EXPECT_OK(Decode(table, HeadFor(vectors_, table)));
}

TEST_F(MixedTableTest, ATableThatDoesNotFitItsHeadIsCorruption) {
  std::vector<std::byte> table;
  AppendMixedTable(vectors_, table);
  const BlockHead good = HeadFor(vectors_, table);
  const std::pair<const char*, std::function<void(BlockHead&)>> cases[] = {
      {"fewer rows", [](auto& h) { --h.vector_count; }},
      {"more rows", [](auto& h) { ++h.vector_count; }},
      {"count", [](auto& h) { ++h.count; }},
      {"last tag", [](auto& h) { ++h.tag_last; }},
      {"last tag before", [](auto& h) { h.tag_last = 299; }},
      {"size", [](auto& h) { ++h.data_size_bytes; }},
      {"smaller", [](auto& h) { --h.data_size_bytes; }},
      {"first time", [](auto& h) { --h.ts_min_us; }},
      {"last time", [](auto& h) { ++h.ts_max_us; }},
      {"last time before", [](auto& h) { h.ts_max_us = 1050; }},
  };
  for (const auto& [name, damage] : cases) {
    BlockHead head = good;
    damage(head);
    EXPECT_THAT(Decode(table, head), HasCode(StatusCode::kCorruption)) << name;
  }
  for (size_t size = 0; size < table.size(); ++size) {
    EXPECT_THAT(Decode(std::span(table).first(size), good), HasCode(StatusCode::kCorruption));
  }
  table.push_back(std::byte{0});
  EXPECT_THAT(Decode(table, good), HasCode(StatusCode::kCorruption));
}

TEST_F(MixedTableTest, RowsThatNoWriterMakesAreCorruption) {
  const std::pair<const char*, std::function<void(std::vector<MixedVector>&)>> cases[] = {
      {"times of a tag meet", [](auto& v) { v[1].entry.ts_min_us = 1100; }},
      {"another type", [](auto& v) { v[1].type = ValueType::kInt64; }},
      {"more rows than time", [](auto& v) { v[2].entry.count = 102; }},
      {"too many rows",
       [](auto& v) {
         v[2].entry.ts_max_us += 5000;
         v[2].entry.count = 1025;
       }},
      {"no rows", [](auto& v) { v[2].entry.count = 0; }},
      {"no bytes", [](auto& v) { v[2].entry.size_bytes = 0; }},
      {"more tombstones than rows", [](auto& v) { v[2].entry.deleted_count = 4; }},
      {"type", [](auto& v) { v[2].type = static_cast<ValueType>(7); }},
  };
  for (const auto& [name, damage] : cases) {
    std::vector<MixedVector> vectors = vectors_;
    damage(vectors);
    std::vector<std::byte> table;
    AppendMixedTable(vectors, table);
    EXPECT_THAT(Decode(table, HeadFor(vectors, table)), HasCode(StatusCode::kCorruption)) << name;
  }
}

}  // namespace
}  // namespace xtdb
