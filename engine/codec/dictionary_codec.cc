#include "engine/codec/dictionary_codec.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/base/point_columns.h"
#include "engine/codec/bit_packing.h"
#include "engine/codec/codec_kernels.h"
#include "engine/codec/int_stream.h"
#include "engine/codec/stream_plan.h"
#include "engine/codec/text_codec.h"
#include "engine/format/block_format.h"

namespace xtdb {
namespace {

// With fewer rows for each entry a dictionary saves nothing.
constexpr size_t kRowsPerEntryMin = 2;
// Of a section as small as this (bits a row) a dictionary saves nothing worth a look.
constexpr size_t kRowBitsMin = 2;
// Prime, as in stream_plan.cc; of 512 entries, two rows each, about 8 are met twice.
constexpr size_t kSampleRows = 127;
constexpr size_t kSampleRepeatsMin = 4;
constexpr uint64_t kGolden = 0x9E37'79B9'7F4A'7C15;

constexpr size_t kPlaces = 2 * kVectorPointsMax;  // of the hash table, a power of two
constexpr uint16_t kFree = 0xFFFF;

std::string_view TextOf(const ValueRows& rows, ValueBits bits) {
  return rows.text_heap.substr(TextRef::Offset(bits), TextRef::Length(bits));
}

// Numbers rows by distinct value, in the order of their first appearance.
class Distinct {
 public:
  explicit Distinct(const ValueRows& rows) : rows_(rows) { places_.fill(kFree); }

  // False: there are more than `count_max`.
  bool Collect(size_t count_max) {
    for (size_t row = 0; row < rows_.bits.size(); ++row) {
      const ValueBits bits = rows_.bits[row];
      size_t place = Hash(bits) % kPlaces;
      while (places_[place] != kFree && !IsSame(values_[places_[place]], bits)) {
        place = (place + 1) % kPlaces;
      }
      if (places_[place] == kFree) {
        if (count_ == count_max) return false;
        places_[place] = static_cast<uint16_t>(count_);
        values_[count_++] = bits;
      }
      codes_[row] = places_[place];
    }
    return true;
  }

  // Renumbers by value: neighbours in the dictionary are near each other, and so are codes of
  // neighbouring rows. Texts stay as they come.
  void Sort() {
    if (rows_.type == ValueType::kText) return;
    std::array<uint16_t, kVectorPointsMax> order;
    for (size_t i = 0; i < count_; ++i) order[i] = static_cast<uint16_t>(i);
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(count_);
    std::sort(order.begin(), end, [this](uint16_t a, uint16_t b) {
      return OrderKey(rows_.type, values_[a]) < OrderKey(rows_.type, values_[b]);
    });
    std::array<uint16_t, kVectorPointsMax> rank;
    ResidualArray sorted;
    for (size_t i = 0; i < count_; ++i) {
      rank[order[i]] = static_cast<uint16_t>(i);
      sorted[i] = values_[order[i]];
    }
    values_ = sorted;
    for (size_t row = 0; row < rows_.bits.size(); ++row) codes_[row] = rank[codes_[row]];
  }

  std::span<const ValueBits> values() const { return std::span(values_).first(count_); }
  std::span<const uint64_t> codes() const { return std::span(codes_).first(rows_.bits.size()); }

 private:
  size_t Hash(ValueBits bits) const {
    if (rows_.type == ValueType::kText) return std::hash<std::string_view>()(TextOf(rows_, bits));
    return static_cast<size_t>(bits * kGolden >> 32);
  }
  bool IsSame(ValueBits a, ValueBits b) const {
    return rows_.type == ValueType::kText ? TextOf(rows_, a) == TextOf(rows_, b) : a == b;
  }

  const ValueRows& rows_;
  std::array<uint16_t, kPlaces> places_;
  ResidualArray values_;
  ResidualArray codes_;
  size_t count_ = 0;
};

// Counts distinct numbers by their hashes, a bit for each of many.
class HashCounter {
 public:
  // False if it was there before, or one of the same hash.
  bool Add(ValueBits bits) {
    const uint64_t hash = bits * kGolden >> (64 - kHashBits);
    const uint64_t bit = uint64_t{1} << (hash % 64);
    uint64_t& word = seen_[hash / 64];
    const bool is_new = (word & bit) == 0;
    word |= bit;
    return is_new;
  }

 private:
  static constexpr unsigned kHashBits = 13;
  std::array<uint64_t, (size_t{1} << kHashBits) / 64> seen_{};
};

// A look at a few rows, because most columns that do not repeat are seen at once not to.
bool MayRepeat(const ValueRows& rows, size_t size_max) {
  if (rows.type == ValueType::kText || rows.bits.size() <= kSampleRows) return true;
  HashCounter distinct;
  size_t repeats = 0;
  for (size_t i = 0; i < kSampleRows; ++i) {
    repeats += distinct.Add(rows.bits[i * rows.bits.size() / kSampleRows]) ? 0 : 1;
  }
  if (repeats < kSampleRepeatsMin) return false;
  // So many equally frequent values repeat so often [birthdays]; what their codes take must be less
  // than what there is.
  const size_t entries = kSampleRows * kSampleRows / 2 / repeats;
  return repeats > kSampleRows / 2 || size_max > PackedBytes(rows.bits.size(), BitWidth(entries));
}

// A few bytes could name a long entry a thousand times: rows that nothing could write again.
Status CheckTextBytes(std::span<const ValueBits> refs) {
  uint64_t total_bytes = 0;
  for (const ValueBits ref : refs) total_bytes += TextRef::Length(ref);
  if (total_bytes <= VectorTextBytesMax(refs.size())) return Status();
  return Status::Corruption("dictionary: text longer than a vector's");
}

}  // namespace

bool TryAppendDictionary(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out) {
  if (rows.in_dictionary || rows.type == ValueType::kNone ||
      size_max * 8 <= rows.bits.size() * kRowBitsMin || !MayRepeat(rows, size_max)) {
    return false;
  }
  Distinct distinct(rows);
  if (!distinct.Collect(rows.bits.size() / kRowsPerEntryMin)) return false;
  distinct.Sort();
  const size_t start = out.size();
  PutVarint(distinct.values().size(), out);
  AppendValues(ValueRows{rows.type, distinct.values(), rows.text_heap, rows.compress, true}, out);
  AppendStream(distinct.codes(), rows.compress, out);
  if (out.size() - start < size_max) return true;
  out.resize(start);
  return false;
}

Status ReadDictionary(ByteReader& reader, const DecodedValues& values) {
  uint64_t count = 0;
  if (values.in_dictionary || values.type == ValueType::kNone || !reader.ReadVarint(count) ||
      count == 0 || count > values.bits.size()) {
    return Status::Corruption("dictionary: number of entries");
  }
  ResidualArray entries, codes;
  const std::array<uint8_t, kVectorPointsMax> no_flags{};
  XTDB_RETURN_IF_ERROR(
      ReadValues(reader, DecodedValues{values.type, std::span(entries).first(count),
                                       std::span(no_flags).first(count), values.text_heap, true}));
  const auto row_codes = std::span(codes).first(values.bits.size());
  XTDB_RETURN_IF_ERROR(ReadStream(reader, row_codes));
  if (!Kernels().look_up(codes.data(), row_codes.size(), entries.data(), count,
                         values.bits.data())) {
    return Status::Corruption("dictionary: code");
  }
  if (values.type != ValueType::kText) return Status();
  for (size_t row = 0; row < row_codes.size(); ++row) {
    if (values.flags[row] != 0) values.bits[row] = 0;
  }
  return CheckTextBytes(values.bits);
}

}  // namespace xtdb
