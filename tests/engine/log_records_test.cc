#include "engine/wal/log_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "engine/wal/drop_record.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::ElementsAre;
using Payload = std::vector<std::byte>;

PointColumns Columns(ValueType type, const std::vector<ValueBits>& bits) {
  PointColumns columns;
  columns.type = type;
  columns.bits = bits;
  for (size_t i = 0; i < bits.size(); ++i) columns.ts_us.push_back(100 - static_cast<int64_t>(i));
  columns.quality.assign(bits.size(), kQualityGood);
  columns.flags.assign(bits.size(), 0);
  return columns;
}

PointColumns Texts(const std::vector<std::string>& texts) {
  PointColumns columns = Columns(ValueType::kText, std::vector<ValueBits>(texts.size()));
  for (size_t i = 0; i < texts.size(); ++i) {
    columns.bits[i] = TextRef::Pack(columns.text_heap.size(), texts[i].size());
    columns.text_heap += texts[i];
  }
  return columns;
}

struct Group {
  TagId tag_id;
  PointColumns columns;
};

Result<std::vector<Group>> Decode(std::span<const std::byte> payload) {
  std::vector<Group> groups;
  XTDB_RETURN_IF_ERROR(DecodePoints(payload, [&groups](TagId tag_id, PointColumns&& columns) {
    groups.push_back({tag_id, std::move(columns)});
    return Status();
  }));
  return groups;
}

void ExpectSame(const PointColumns& actual, const PointColumns& expected) {
  EXPECT_EQ(actual.type, expected.type);
  EXPECT_EQ(actual.ts_us, expected.ts_us);
  EXPECT_EQ(actual.quality, expected.quality);
  EXPECT_EQ(actual.flags, expected.flags);
  ASSERT_EQ(actual.bits.size(), expected.bits.size());
  for (size_t row = 0; row < expected.size(); ++row) {
    if (expected.type == ValueType::kText) {
      EXPECT_EQ(actual.TextAt(row), expected.TextAt(row));
    } else {
      EXPECT_EQ(actual.bits[row], expected.bits[row]);
    }
  }
}

void ExpectRoundTrip(const PointColumns& columns) {
  Payload payload;
  AppendPointsGroup(5, columns, 0, columns.size(), payload);
  EXPECT_LE(payload.size(), PointsGroupBytesMax(columns, 0, columns.size()));
  const auto groups = Decode(payload);
  ASSERT_THAT(groups, IsOk());
  ASSERT_EQ(groups.value().size(), 1u);
  EXPECT_EQ(groups.value()[0].tag_id, 5u);
  ExpectSame(groups.value()[0].columns, columns);
}

TEST(LogRecordsTest, PointsOfEveryTypeComeBackBitForBit) {
  ExpectRoundTrip(Columns(ValueType::kBool, {0, 1, 1}));
  ExpectRoundTrip(Columns(ValueType::kInt32, {FromInt64(-1), FromInt64(-2147483648), 2147483647}));
  ExpectRoundTrip(Columns(ValueType::kInt64, {0, FromInt64(std::numeric_limits<int64_t>::min())}));
  ExpectRoundTrip(Columns(ValueType::kFloat32, {FromFloat(-0.0F), 0xFFC00001u, 1}));
  ExpectRoundTrip(Columns(ValueType::kFloat64, {FromDouble(-0.0), 0xFFF8000000000001u, 1}));
  ExpectRoundTrip(Texts({"", "a", std::string("\0b", 2), "longer"}));
}

TEST(LogRecordsTest, QualityAndFlagsComeBack) {
  PointColumns columns = Columns(ValueType::kFloat64, {FromDouble(1), 0, 0});
  columns.quality = {0, 64, 192};
  columns.flags = {0, kPointNull, kPointDeleted};
  ExpectRoundTrip(columns);
  columns.quality = {7, 7, 7};
  ExpectRoundTrip(columns);
  PointColumns none = Columns(ValueType::kNone, {0, 0});
  none.flags = {kPointNull, kPointDeleted};
  ExpectRoundTrip(none);
}

TEST(LogRecordsTest, APartOfTheRowsAndSeveralGroupsShareAPayload) {
  Payload payload;
  AppendPointsGroup(1, Texts({"x", "yy", "zzz", "w"}), 1, 3, payload);
  AppendPointsGroup(2, Columns(ValueType::kInt64, {1, 2, 3}), 2, 3, payload);
  const auto groups = Decode(payload);
  ASSERT_THAT(groups, IsOk());
  ASSERT_EQ(groups.value().size(), 2u);
  EXPECT_EQ(groups.value()[0].columns.TextAt(0), "yy");
  EXPECT_EQ(groups.value()[0].columns.TextAt(1), "zzz");
  EXPECT_THAT(groups.value()[1].columns.bits, ElementsAre(3u));
  EXPECT_THAT(groups.value()[1].columns.ts_us, ElementsAre(98));
}

TEST(LogRecordsTest, TheBytesOfAPointsGroupArePinned) {
  PointColumns columns = Columns(ValueType::kInt32, {FromInt64(-2), 0});
  columns.ts_us = {1, -1};
  columns.quality = {192, 0};
  columns.flags = {0, kPointNull};
  Payload payload;
  AppendPointsGroup(0x01020304, columns, 0, 2, payload);
  const uint8_t expected[] = {4,   3,   2,   1,   2,   3,   0, 0, 2, 0,   0,   0,   0,   0,   0,
                              0,   1,   0,   0,   0,   0,   0, 0, 0, 255, 255, 255, 255, 255, 255,
                              255, 255, 254, 255, 255, 255, 0, 0, 0, 0,   192, 0,   0,   1};
  ASSERT_EQ(payload.size(), sizeof(expected));
  EXPECT_EQ(std::memcmp(payload.data(), expected, sizeof(expected)), 0);
}

TEST(LogRecordsTest, EveryTruncationOfPointsIsCorruption) {
  Payload payload;
  AppendPointsGroup(1, Texts({"ab", "c"}), 0, 2, payload);
  for (size_t size = 0; size < payload.size(); ++size) {
    EXPECT_THAT(Decode(std::span(payload).first(size)), HasCode(StatusCode::kCorruption)) << size;
  }
  payload.push_back(std::byte{0});
  EXPECT_THAT(Decode(payload), HasCode(StatusCode::kCorruption));
}

TEST(LogRecordsTest, PointsThatNoEncoderWritesAreCorruption) {
  const auto code = [](const PointColumns& columns, size_t offset, std::vector<uint8_t> bytes) {
    Payload payload;
    AppendPointsGroup(1, columns, 0, columns.size(), payload);
    std::memcpy(payload.data() + offset, bytes.data(), bytes.size());
    return Decode(payload).status().code();
  };
  const PointColumns bools = Columns(ValueType::kBool, {1});
  using enum StatusCode;
  EXPECT_EQ(code(bools, 0, {2}), kOk);
  EXPECT_EQ(code(bools, 0, {0}), kCorruption) << "tag 0";
  EXPECT_EQ(code(bools, 4, {7}), kCorruption) << "type";
  EXPECT_EQ(code(bools, 4, {0}), kCorruption) << "a value without a type";
  EXPECT_EQ(code(bools, 5, {4}), kCorruption) << "group flags";
  EXPECT_EQ(code(bools, 5, {1}), kCorruption) << "a missing column";
  EXPECT_EQ(code(bools, 7, {1}), kCorruption) << "reserved";
  EXPECT_EQ(code(bools, 8, {0}), kCorruption) << "count 0";
  EXPECT_EQ(code(bools, 8, {255, 255, 255, 255}), kCorruption) << "count";
  EXPECT_EQ(code(bools, 12, {1}), kCorruption) << "text bytes";
  EXPECT_EQ(code(bools, 22, {0, 127}), kCorruption) << "time";
  EXPECT_EQ(code(bools, 24, {2}), kCorruption) << "bool";
  PointColumns null = Columns(ValueType::kInt32, {0});
  null.flags = {kPointNull};
  EXPECT_EQ(code(null, 24, {1}), kCorruption) << "a NULL with a value";
  EXPECT_EQ(code(null, 28, {4}), kCorruption) << "point flags";
  EXPECT_EQ(code(Texts({"ab", "c"}), 32, {3}), kCorruption) << "text length";
}

TEST(LogRecordsTest, TheErrorOfTheGroupsTakerIsReturned) {
  Payload payload;
  AppendPointsGroup(1, Columns(ValueType::kBool, {1}), 0, 1, payload);
  EXPECT_THAT(DecodePoints(payload, [](TagId, PointColumns&&) { return Status::NotFound("tag"); }),
              HasCode(StatusCode::kNotFound));
}

TEST(LogRecordsTest, TagDefinitionsComeBack) {
  for (const TagDefinition& definition :
       {TagDefinition{1, ValueType::kNone, "a", "", ""},
        TagDefinition{kMaxLsn & 0xFFFFFFFF, ValueType::kText, std::string(kTagNameBytesMax, 'n'),
                      std::string(kTagUnitBytesMax, 'u'), std::string(kTagDescriptionBytesMax, 'd'),
                      Interpolation::kSloped},
        TagDefinition{7, ValueType::kBool, "b", "", "", Interpolation::kStepped}}) {
    Payload payload;
    AppendTagDefinition(definition, payload);
    const auto decoded = DecodeTagDefinition(payload);
    ASSERT_THAT(decoded, IsOk());
    EXPECT_EQ(decoded.value(), definition);
    for (size_t size = 0; size < std::min<size_t>(payload.size(), 20); ++size) {
      if (size == payload.size()) continue;
      EXPECT_THAT(DecodeTagDefinition(std::span(payload).first(size)),
                  HasCode(StatusCode::kCorruption));
    }
  }
}

TEST(LogRecordsTest, TagDefinitionsBeyondTheirLimitsAreCorruption) {
  const auto code = [](size_t offset, std::vector<uint8_t> bytes, size_t more) {
    Payload payload;
    AppendTagDefinition({1, ValueType::kInt64, "name", "m", "text"}, payload);
    for (const uint8_t byte : bytes) payload[offset++] = std::byte{byte};
    payload.resize(payload.size() + more);
    return DecodeTagDefinition(payload).status().code();
  };
  using enum StatusCode;
  EXPECT_EQ(code(0, {}, 0), kOk);
  EXPECT_EQ(code(0, {0}, 0), kCorruption);
  EXPECT_EQ(code(4, {7}, 0), kCorruption);
  EXPECT_EQ(code(5, {2}, 0), kOk);
  EXPECT_EQ(code(5, {3}, 0), kCorruption) << "neither stepped nor sloped";
  EXPECT_EQ(code(6, {0, 0, 5}, 0), kCorruption) << "an empty name";
  EXPECT_EQ(code(6, {1, 4}, 1021), kCorruption) << "1025 bytes of name";
  EXPECT_EQ(code(8, {1, 1}, 256), kCorruption) << "257 bytes of unit";
  EXPECT_EQ(code(0, {}, 1), kCorruption) << "a byte left over";
}

TEST(LogRecordsTest, PrepareAndAbortHaveTheirExactSizes) {
  Payload payload;
  const PrepareRecord record{3, 2, -1};
  AppendPrepare(record, payload);
  ASSERT_EQ(payload.size(), 24u);
  ASSERT_THAT(DecodePrepare(payload), IsOk());
  EXPECT_EQ(DecodePrepare(payload).value(), record);
  EXPECT_THAT(DecodePrepare(std::span(payload).first(23)), HasCode(StatusCode::kCorruption));
  payload.push_back({});
  EXPECT_THAT(DecodePrepare(payload), HasCode(StatusCode::kCorruption));
  EXPECT_THAT(DecodeAbort({}), IsOk());
  EXPECT_THAT(DecodeAbort(payload), HasCode(StatusCode::kCorruption));
}

BlockDirEntry ValidEntry(uint64_t chunk_sequence) {
  BlockDirEntry entry;
  entry.tag_id = 3;
  entry.count = 2;
  entry.ts_min_us = 10;
  entry.ts_max_us = 20;
  entry.through_lsn = 65600;
  entry.flush_lsn = 65664;
  entry.extents = 1;
  entry.data_size_bytes = 300;
  entry.vector_count = 1;
  entry.value_type = ValueType::kFloat64;
  entry.stats.good_count = 2;
  entry.stats.value_count = 2;
  entry.chunk_check = static_cast<uint32_t>(chunk_sequence);
  return entry;
}

TEST(LogRecordsTest, FlushesComeBack) {
  for (const size_t chunks : {0, 2}) {
    for (const size_t entries : {0, 1, 5}) {
      FlushRecord record;
      for (uint32_t i = 0; i < chunks; ++i)
        record.chunks.push_back({i, ChunkKind::kRaw, i + 7, 99});
      for (uint32_t i = 0; i < entries; ++i) record.entries.push_back({1, i, 8, ValidEntry(8)});
      Payload payload;
      AppendFlush(record, payload);
      EXPECT_EQ(payload.size(), 8 + chunks * 24 + entries * 208);
      const auto decoded = DecodeFlush(payload);
      ASSERT_THAT(decoded, IsOk());
      EXPECT_EQ(decoded.value().chunks, record.chunks);
      ASSERT_EQ(decoded.value().entries.size(), entries);
      for (uint32_t i = 0; i < entries; ++i) {
        EXPECT_EQ(decoded.value().entries[i].entry_index, i);
        EXPECT_EQ(decoded.value().entries[i].entry.tag_id, 3u);
      }
      for (size_t size = 0; size < payload.size(); ++size) {
        EXPECT_THAT(DecodeFlush(std::span(payload).first(size)), HasCode(StatusCode::kCorruption));
      }
    }
  }
}

TEST(LogRecordsTest, ADropComesBackAndItsBytesArePinned) {
  const DropRecord record{.before_us = -2, .hides = true, .chunks = {{1, 7}, {0, 9}}};
  Payload payload;
  AppendDrop(record, payload);
  Payload expected;
  for (const int byte :
       {0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0, 1, 0, 0, 0, 7, 0,
        0,    0,    0,    0,    0,    0,    0,    0,    0, 0, 9, 0, 0, 0, 0, 0, 0, 0}) {
    expected.push_back(static_cast<std::byte>(byte));
  }
  EXPECT_EQ(payload, expected);
  const auto decoded = DecodeDrop(payload);
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded.value(), record);
}

TEST(LogRecordsTest, DropsThatNoEncoderWritesAreCorruption) {
  Payload payload;
  AppendDrop({.before_us = 5, .chunks = {{1, 7}, {0, 9}}}, payload);
  for (size_t size = 0; size < payload.size(); ++size) {
    if (size == 12 + 12) continue;  // a drop of one chunk
    EXPECT_THAT(DecodeDrop(std::span(payload).first(size)), HasCode(StatusCode::kCorruption));
  }
  for (const int sequence : {0, 6, 7}) {
    payload[28] = static_cast<std::byte>(sequence);
    EXPECT_THAT(DecodeDrop(payload), HasCode(StatusCode::kCorruption)) << sequence;
  }
  payload[16] = std::byte{0};
  EXPECT_THAT(DecodeDrop(payload), HasCode(StatusCode::kCorruption)) << "chunk sequence 0";
  payload.clear();
  AppendDrop({.before_us = 5, .hides = true, .chunks = {}}, payload);
  ASSERT_THAT(DecodeDrop(payload), IsOk());
  payload[8] = std::byte{0};
  EXPECT_THAT(DecodeDrop(payload), HasCode(StatusCode::kCorruption)) << "neither hides nor drops";
  payload[8] = std::byte{2};
  EXPECT_THAT(DecodeDrop(payload), HasCode(StatusCode::kCorruption)) << "hides";
}

TEST(LogRecordsTest, FlushesThatNoEncoderWritesAreCorruption) {
  FlushRecord record;
  record.chunks.push_back({1, ChunkKind::kRaw, 7, 99});
  record.entries.push_back({1, 0, 8, ValidEntry(8)});
  Payload payload;
  AppendFlush(record, payload);
  // Counts, the chunk's kind, the entry's chunk sequence, the entry itself.
  for (const size_t offset : {0, 8, 28, 40, 60, 200}) {
    Payload changed = payload;
    changed[offset] ^= std::byte{0x0F};
    EXPECT_THAT(DecodeFlush(changed), HasCode(StatusCode::kCorruption)) << offset;
  }
}

}  // namespace
}  // namespace xtdb
