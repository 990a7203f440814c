#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/base/types.h"

namespace xtdb {

// How a vector's columns are spelled; the byte layout is in docs/format-vector.md. Never
// renumber.
enum class TimeEncoding : uint8_t {
  kStep = 0,       // the constant step
  kGrid = 1,       // residuals of a regular grid
  kDelta = 2,      // the steps as a stream
  kInRecords = 3,  // in the RAW records of the value section
};
enum class ValueEncoding : uint8_t {
  kRaw = 0,         // 1, 4 or 8 bytes each by type
  kConstant = 1,    // one value
  kPacked = 2,      // integers as a stream
  kDecimal = 3,     // floats: integer / 10^e, and units in the last place
  kRecords = 4,     // RAW records: 3-byte time offset, quality, value (5, 8 or 12 bytes)
  kText = 5,        // lengths, then the bytes
  kTextZstd = 6,    // the same, bytes compressed
  kDictionary = 7,  // the distinct values, and which one each row is
  kBinary = 8,      // floats: integer * 2^e
  kSplit = 9,       // floats: sign and exponent from a dictionary, mantissas packed
  kOrdered = 10,    // floats: their bits as a stream of integers
};
enum class QualityEncoding : uint8_t {
  kGood = 0,       // 192 everywhere, in no bytes
  kStream = 1,     // as a stream
  kInRecords = 2,  // in the RAW records of the value section
};

// The six time units of RAW records; the coarsest exact one is taken.
inline constexpr int64_t kRecordUnitsUs[6] = {100'000, 10'000, 1'000, 100, 10, 1};

struct CodecOptions {
  bool raw_records = false;  // codec=raw: RAW records where they are exact, instead of the smallest
  bool compress = false;     // try zstd, too: for blocks that are written once and stay
};

// Rows [begin, end) of `columns`, by value types and rules below, as one vector.
//   columns: ts strictly increasing within the rows; 1 .. kVectorPointsMax rows. NULL and deleted
//            rows have bits 0; a kNone type only where every row is NULL or deleted.
// Appends to `out`; every choice is lossless, bit for bit, so there is no error to report. What RAW
// records cannot hold exactly (times more than 24 bits of their unit apart, text, kNone) takes the
// smallest other encoding.
void EncodeVector(const PointColumns& columns, size_t begin, size_t end,
                  const CodecOptions& options, std::vector<std::byte>& out);

// Decodes one vector and appends its rows to `out`, whose type must be `type`.
//   data: untrusted; never read outside. count, first_ts_us: from the vector table; count is
//   1 .. kVectorPointsMax.
// kCorruption if `data` ends early, has bytes left over, or breaks a rule of EncodeVector's input
// (order of times, times outside kTsMin..kTsMax, unknown encodings, bits out of the type's range).
// Allocates no more than count and the size of `data` (64 KiB or a single text for text) justify.
Status DecodeVector(std::span<const std::byte> data, ValueType type, uint32_t count,
                    int64_t first_ts_us, PointColumns& out);

// How many rows from `begin` on make the next vector: at most kVectorPointsMax, at most
// kVectorTextBytesMax of text (a larger single text stands alone), and, for raw_records, no further
// than the records' 24-bit time offset reaches.
size_t NextVectorRows(const PointColumns& columns, size_t begin, const CodecOptions& options);

// Names for xtdb_blocks, by the vector's first bytes: "step+decimal", "grid+dictionary", "records".
Result<std::string> DescribeVectorEncoding(std::span<const std::byte> data);

}  // namespace xtdb
