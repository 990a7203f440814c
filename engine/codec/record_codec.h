#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/codec/byte_io.h"

namespace xtdb {

// RAW records: 3-byte time offset, quality, value; 5, 8 or 12 bytes each. They hold three columns
// at once, so they stand beside the tables of sections and not in them.

inline constexpr uint64_t kRecordOffsetMax = (uint64_t{1} << 24) - 1;

// False: the type has no record form (kNone, kText).
bool HasRecordForm(ValueType type);

// Follows times from a vector's first one on and says how far its records reach.
class RecordReach {
 public:
  explicit RecordReach(int64_t first_ts_us) : first_ts_us_(first_ts_us) {}

  // True if records hold `ts_us` and all times before exactly. Once false, no later time is in
  // reach.
  bool Extend(int64_t ts_us);
  // Index into kRecordUnitsUs of the coarsest unit that is exact for all times so far.
  uint8_t unit_index() const { return unit_index_; }

 private:
  int64_t first_ts_us_;
  uint8_t unit_index_ = 0;
};

struct RecordRows {
  ValueType type;
  std::span<const int64_t> ts_us;
  std::span<const ValueBits> bits;  // 0 in rows without a value
  std::span<const Quality> quality;
};

// The unit of records that hold all these times exactly; none if there is no such unit.
std::optional<uint8_t> RecordUnit(ValueType type, std::span<const int64_t> ts_us);

// Appends the records. Their unit is the time section.
void AppendRecords(uint8_t unit_index, const RecordRows& rows, std::vector<std::byte>& out);

struct DecodedRecords {
  ValueType type;
  std::span<int64_t> ts_us;
  std::span<ValueBits> bits;
  std::span<Quality> quality;
};

// From untrusted bytes. Order and range of times and values are the caller's to check, as with the
// sections of the tables.
Status ReadRecordUnit(ByteReader& reader, uint8_t& unit_index);
Status ReadRecords(ByteReader& reader, uint8_t unit_index, int64_t first_ts_us,
                   const DecodedRecords& rows);

}  // namespace xtdb
