#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/block/block_stats.h"
#include "planner/point_source.h"
#include "planner/tag_stream.h"

namespace xtdb {

// A row as a test sees it: texts by value, numbers by their bits.
struct Row {
  int64_t ts_us = 0;
  ValueBits bits = 0;
  Quality quality = kQualityGood;
  bool is_null = false;
  std::string text;
  bool operator==(const Row&) const = default;
  friend void PrintTo(const Row& row, std::ostream* out) {
    *out << "{" << row.ts_us << ", " << std::hex << row.bits << std::dec << ", q"
         << static_cast<int>(row.quality) << (row.is_null ? ", NULL" : "") << " '" << row.text
         << "'}";
  }
};

inline Row RowAt(const PointColumns& columns, size_t row) {
  const Point point = columns.At(row);
  Row result{point.ts_us, point.bits, point.quality, (point.flags & kPointNull) != 0, ""};
  if (columns.type == ValueType::kText) {
    result.bits = 0;
    if (!result.is_null) result.text = point.text;
  }
  return result;
}

inline std::vector<Row> RowsOf(const Batch& batch) {
  std::vector<Row> rows;
  for (size_t i = batch.begin; i < batch.end; ++i) rows.push_back(RowAt(*batch.columns, i));
  if (batch.reversed) std::reverse(rows.begin(), rows.end());
  return rows;
}

inline TagPtr MakeTag(TagId id, std::string name, ValueType type) {
  TagDefinition definition;
  definition.id = id;
  definition.name = std::move(name);
  definition.type = type;
  return std::make_shared<const TagDefinition>(std::move(definition));
}

inline ZoneMap ZoneMapOfRows(const PointColumns& columns, size_t begin, size_t end) {
  BlockDirEntry entry;
  entry.count = static_cast<uint32_t>(end - begin);
  entry.value_type = columns.type;
  entry.stats = ComputeStats(columns, begin, end);
  return ZoneMapOf(entry);
}

// A block without a container: its vectors have the sizes that the test chooses.
class FakeBlock final : public VectorSource {
 public:
  FakeBlock(PointColumns rows, std::vector<size_t> vector_sizes, LSN rank, PlanCounters& counters)
      : VectorSource(rows.ts_us.front(), rows.ts_us.back(), rank),
        rows_(std::move(rows)),
        counters_(counters) {
    size_t begin = 0;
    for (const size_t size : vector_sizes) {
      const size_t end = std::min(begin + size, rows_.size());
      if (begin == end) break;
      AddVector(begin, end);
      begin = end;
    }
    if (begin < rows_.size()) AddVector(begin, rows_.size());
  }
  std::optional<ZoneMap> zone_map() const override { return ZoneMapOfRows(rows_, 0, rows_.size()); }
  void FailAt(size_t vector) { fail_at_ = vector; }

 protected:
  Result<Table> Open(BlockUse /*use*/) override {
    ++counters_.blocks_read;
    return Table{entries_, rows_.type};
  }
  Status Decode(size_t index, PointColumns& out) override {
    if (index == fail_at_) return Status::Corruption("vector " + std::to_string(index));
    out.AppendRange(rows_, begins_[index], begins_[index] + entries_[index].count);
    return Status();
  }

 private:
  void AddVector(size_t begin, size_t end) {
    const ValueStats stats = ComputeStats(rows_, begin, end);
    VectorEntry entry;
    entry.ts_min_us = rows_.ts_us[begin];
    entry.ts_max_us = rows_.ts_us[end - 1];
    entry.min = stats.min;
    entry.max = stats.max;
    entry.count = static_cast<uint16_t>(end - begin);
    entry.good_count = static_cast<uint16_t>(stats.good_count);
    entry.bad_count = static_cast<uint16_t>(stats.bad_count);
    entry.null_count = static_cast<uint16_t>(stats.null_count);
    entry.nan_count = static_cast<uint16_t>(stats.nan_count);
    entry.deleted_count = static_cast<uint16_t>(stats.deleted_count);
    entries_.push_back(entry);
    begins_.push_back(begin);
  }

  const PointColumns rows_;
  PlanCounters& counters_;
  std::vector<VectorEntry> entries_;
  std::vector<size_t> begins_;
  size_t fail_at_ = SIZE_MAX;
};

// `count` float64 rows from `first_ts` on, one microsecond apart; value = ts + `add`.
inline PointColumns Ramp(int64_t first_ts, size_t count, double add = 0) {
  PointColumns columns;
  columns.type = ValueType::kFloat64;
  for (size_t i = 0; i < count; ++i) {
    const int64_t ts = first_ts + static_cast<int64_t>(i);
    columns.Append({ts, FromDouble(static_cast<double>(ts) + add), kQualityGood, 0, {}});
  }
  return columns;
}

// `a op b` by the rules of Operand, on numbers wide enough for both sides.
inline bool HoldsNaively(CompareOp op, const Row& row, ValueType type, const Operand& operand) {
  const bool is_nan = (type == ValueType::kFloat64 && std::isnan(AsDouble(row.bits))) ||
                      (type == ValueType::kFloat32 && std::isnan(AsFloat(row.bits)));
  const bool is_null = row.is_null || is_nan || type == ValueType::kNone;
  if (op == CompareOp::kIsNull) return is_null;
  if (is_null) return false;
  if (op == CompareOp::kIsNotNull) return true;
  int order = 0;
  const auto rank = [](bool text, bool blob) { return blob ? 2 : text ? 1 : 0; };
  const int left = rank(type == ValueType::kText, false);
  const int right =
      rank(operand.kind == Operand::Kind::kText, operand.kind == Operand::Kind::kBlob);
  if (left != right) {
    order = left - right;
  } else if (left == 1) {
    order = row.text.compare(operand.text);
  } else {
    static_assert(std::numeric_limits<long double>::digits >= 64);
    long double a = static_cast<long double>(AsInt64(row.bits));
    if (type == ValueType::kFloat64) a = static_cast<long double>(AsDouble(row.bits));
    if (type == ValueType::kFloat32) a = static_cast<long double>(AsFloat(row.bits));
    const long double b = operand.kind == Operand::Kind::kInteger
                              ? static_cast<long double>(operand.integer)
                              : static_cast<long double>(operand.real);
    order = a < b ? -1 : a > b ? 1 : 0;
  }
  switch (op) {
    case CompareOp::kEq:
      return order == 0;
    case CompareOp::kNe:
      return order != 0;
    case CompareOp::kLt:
      return order < 0;
    case CompareOp::kLe:
      return order <= 0;
    case CompareOp::kGt:
      return order > 0;
    default:
      return order >= 0;
  }
}

inline Operand IntegerOperand(int64_t value) {
  Operand operand;
  operand.integer = value;
  return operand;
}
inline Operand RealOperand(double value) {
  Operand operand;
  operand.kind = Operand::Kind::kReal;
  operand.real = value;
  return operand;
}
inline Operand TextOperand(std::string value, Operand::Kind kind = Operand::Kind::kText) {
  Operand operand;
  operand.kind = kind;
  operand.text = std::move(value);
  return operand;
}

}  // namespace xtdb
