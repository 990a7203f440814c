#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/format/block_format.h"
#include "planner/request.h"

namespace xtdb {

// What statistics tell of a block's or vector's live points.
struct ZoneMap {
  ValueType type = ValueType::kNone;
  ValueBits min = 0;  // over `values` points; meaningless for texts and where values is 0
  ValueBits max = 0;
  uint64_t live = 0;
  uint64_t values = 0;  // neither NULL nor NaN
  uint64_t nulls = 0;   // NULL or NaN
  uint64_t good = 0;
  uint64_t bad = 0;
};
ZoneMap ZoneMapOf(const BlockDirEntry& entry);
ZoneMap ZoneMapOf(const VectorEntry& entry, ValueType type);

// The numbers of one machine type that satisfy a conjunction of comparisons: a closed interval
// without a few points, or what a list has in it. Comparisons across types are exact, so the
// interval is too.
template <typename T>
struct NumberRange {
  using Limits = std::numeric_limits<T>;
  T low = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  T high = Limits::has_infinity ? Limits::infinity() : Limits::max();
  bool empty = false;
  std::vector<T> excluded;
  std::optional<std::vector<T>> listed;  // ascending; nothing else if it is there

  // Keeps the numbers that satisfy it; its op is not kIsNull, and kIsNotNull keeps all.
  void Narrow(const Predicate& predicate);
  bool Contains(T number) const;
  bool Meets(T min, T max) const;  // false only if no number in [min, max] is contained

 private:
  void NarrowTo(CompareOp op, const Operand& operand);
  void NarrowToList(std::span<const Operand> list);
};

// A request's predicates on value and quality, compiled once for all types a block may have.
// Threads: any (immutable).
class RowFilter {
 public:
  RowFilter(std::span<const Predicate> value, std::span<const Predicate> quality);

  bool accepts_all() const { return accepts_all_values_ && accepts_all_qualities_; }
  // False only if no live point behind `zone` satisfies the predicates.
  bool CanMatch(const ZoneMap& zone) const;
  // Clears mask[i] where row begin + i fails.
  void Apply(const PointColumns& columns, size_t begin, size_t end, uint8_t* mask) const;

 private:
  template <typename T, typename Get>
  void ApplyNumbers(const NumberRange<T>& range, const PointColumns& columns, size_t begin,
                    size_t end, uint8_t* mask, Get get) const;
  void ApplyValues(const PointColumns& columns, size_t begin, size_t end, uint8_t* mask) const;
  bool TextMatches(std::string_view text) const;
  bool ValueCanMatch(const ZoneMap& zone) const;

  bool accepts_all_values_ = true;
  bool accepts_all_qualities_ = true;
  bool accepts_null_ = true;    // NULL and NaN
  bool accepts_number_ = true;  // anything else; false behind kIsNull
  NumberRange<int64_t> integers_;
  NumberRange<double> reals_;
  std::vector<Predicate> texts_;  // comparisons, for values of type text; lists in order
  std::array<uint8_t, 256> quality_{};
};

}  // namespace xtdb
