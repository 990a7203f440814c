#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace xtdb {

// The store's vocabulary (docs/format.md, "Words").

using TagId = uint32_t;  // 0 is no tag; a number is never reused
// A position in the log: bytes since the container was made, strictly increasing over its whole
// life, never reused; 0 means "nothing yet". A point's LSN is that of its transaction's PREPARE.
using LSN = uint64_t;

inline constexpr TagId kNoTag = 0;
inline constexpr LSN kNoLsn = 0;
inline constexpr LSN kMaxLsn = std::numeric_limits<LSN>::max();

inline constexpr uint64_t kKiB = 1024;
inline constexpr uint64_t kMiB = 1024 * kKiB;
inline constexpr uint64_t kGiB = 1024 * kMiB;

inline constexpr uint64_t kExtentSizeBytes = 16 * kKiB;  // unit of alignment and allocation
inline constexpr uint32_t kVectorPointsMax = 1024;       // unit of encoding, checksum, decoding
inline constexpr uint32_t kVectorTextBytesMax = 64 * 1024;
inline constexpr uint64_t kTextBytesMax = 16 * kMiB;
inline constexpr uint64_t kTextBytesMaxInSmallChunks = 1 * kMiB;  // chunks of 4 MiB

// Quality of a point, OPC DA style: the top two bits are the class.
using Quality = uint8_t;
inline constexpr Quality kQualityBad = 0;
inline constexpr Quality kQualityUncertain = 64;
inline constexpr Quality kQualitySubNormal = 88;  // uncertain: of fewer good sources than wanted
inline constexpr Quality kQualityGood = 192;
constexpr bool IsGood(Quality quality) { return (quality & 0xC0) == 0xC0; }
constexpr bool IsBad(Quality quality) { return (quality & 0xC0) == 0x00; }

// Microseconds since 1970-01-01 00:00:00 UTC that a point may carry: years 0001 to 9999.
inline constexpr int64_t kTsMin = -62'135'596'800'000'000;  // 0001-01-01 00:00:00
inline constexpr int64_t kTsMax = 253'402'300'799'999'999;  // 9999-12-31 23:59:59.999999

// On disk and in memory; never renumber.
enum class ValueType : uint8_t {
  kNone = 0,  // a tag that has seen no value but NULL
  kBool = 1,
  kInt32 = 2,
  kInt64 = 3,
  kFloat32 = 4,
  kFloat64 = 5,
  kText = 6,
};
inline constexpr uint8_t kValueTypeLast = 6;

constexpr bool IsInteger(ValueType type) {
  return type == ValueType::kBool || type == ValueType::kInt32 || type == ValueType::kInt64;
}
constexpr bool IsFloat(ValueType type) {
  return type == ValueType::kFloat32 || type == ValueType::kFloat64;
}

// A value of any type in 64 bits. kBool, kInt32, kInt64: two's complement, sign-extended.
// kFloat64: its bits. kFloat32: its 32 bits, zero-extended. kText: a TextRef.
using ValueBits = uint64_t;

inline double AsDouble(ValueBits bits) { return std::bit_cast<double>(bits); }
inline ValueBits FromDouble(double value) { return std::bit_cast<ValueBits>(value); }
inline float AsFloat(ValueBits bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits)); }
inline ValueBits FromFloat(float value) { return std::bit_cast<uint32_t>(value); }
inline int64_t AsInt64(ValueBits bits) { return static_cast<int64_t>(bits); }
inline ValueBits FromInt64(int64_t value) { return static_cast<ValueBits>(value); }

// Per-point flags.
inline constexpr uint8_t kPointNull = 1;     // value is NULL; its bits are 0
inline constexpr uint8_t kPointDeleted = 2;  // a tombstone: hides every older point of (tag, ts)
inline constexpr uint8_t kPointFlagsAll = kPointNull | kPointDeleted;

}  // namespace xtdb
