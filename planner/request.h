#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/catalog/tag_dictionary.h"

namespace xtdb {

enum class CompareOp : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe, kIsNull, kIsNotNull };

// Whether `a op b` where a stands to b as `order` (negative, zero, positive) says; neither is NULL.
bool Holds(CompareOp op, int order);

// The right side of a comparison with `value` or `quality`, ordered as SQL does here: numbers
// before texts before BLOBs; integers and reals compare exactly (2^53 + 1 is more than 2^53 as a
// real).
struct Operand {
  enum class Kind : uint8_t { kInteger, kReal, kText, kBlob };
  Kind kind = Kind::kInteger;
  int64_t integer = 0;
  double real = 0;  // not NaN
  std::string text;
};

// True of a point if `point op operand`, or, with a list, if it equals one of it; NULL and NaN
// satisfy kIsNull only.
struct Predicate {
  CompareOp op = CompareOp::kEq;
  Operand operand = {};              // unused for kIsNull, kIsNotNull
  std::vector<Operand> any_of = {};  // not empty: instead of op and operand
};

// kTagTs: by tag name (bytewise), then ts; kTs: by ts, equal ones by tag name in the same
// direction.
enum class RowOrder : uint8_t { kNone, kTagTs, kTs };

struct Request {
  std::vector<TagPtr> tags;        // distinct, any order
  int64_t ts_from_us = kTsMin;     // inclusive
  int64_t ts_to_us = kTsMax;       // inclusive; before ts_from_us: no rows
  std::vector<Predicate> value;    // all must hold
  std::vector<Predicate> quality;  // all must hold
  RowOrder order = RowOrder::kNone;
  bool tag_descending = false;  // kTagTs
  bool ts_descending = false;   // kTagTs, kTs
  bool one_per_tag = false;     // kTagTs: of each tag the first row alone
  std::optional<uint64_t> limit;
  uint64_t offset = 0;
};

// What a plan did, in one statement or over its life.
struct PlanCounters {
  uint64_t tags = 0;
  uint64_t chunks_considered = 0;
  uint64_t chunks_pruned = 0;
  uint64_t blocks_considered = 0;
  uint64_t blocks_pruned = 0;  // by time or zone map, before reading
  uint64_t blocks_read = 0;
  uint64_t vectors_pruned = 0;  // of blocks read: by time or zone map
  uint64_t vectors_decoded = 0;
  uint64_t blocks_from_statistics = 0;   // answered from directory entries alone
  uint64_t vectors_from_statistics = 0;  // answered from vector tables alone
  uint64_t memory_runs = 0;
  uint64_t rows = 0;  // handed out
  void Add(const PlanCounters& other);
  // "2 tags; chunks: 1 of 3 pruned; blocks: 8 of 9 pruned, 1 read, 0 from statistics; vectors: 2
  // decoded, 5 pruned, 0 from statistics; 1 memory run; 100 rows"
  std::string ToString() const;
};

}  // namespace xtdb
