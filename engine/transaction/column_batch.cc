#include "engine/transaction/column_batch.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "engine/codec/codec_kernels.h"

namespace xtdb {
namespace {

constexpr int64_t kExactMax = int64_t{1} << 53;  // a double holds every integer up to here

using Doubles = std::span<const double>;
using Integers = std::span<const int64_t>;
using Texts = std::span<const std::string_view>;

void SignedRange(Integers values, int64_t& least, int64_t& greatest) {
  static_assert(std::is_same_v<std::make_unsigned_t<int64_t>, uint64_t>);  // so they may alias
  Kernels().signed_range(reinterpret_cast<const uint64_t*>(values.data()), values.size(), &least,
                         &greatest);
}

bool AreWithin(Integers values, int64_t least_allowed, int64_t greatest_allowed) {
  int64_t least = 0, greatest = 0;
  SignedRange(values, least, greatest);
  return least >= least_allowed && greatest <= greatest_allowed;
}

bool AreTimesValid(Integers ts_us) {
  if (Kernels().is_rising(ts_us.data(), ts_us.size())) {
    return ts_us.front() >= kTsMin && ts_us.back() <= kTsMax;
  }
  return AreWithin(ts_us, kTsMin, kTsMax);
}

// True: every row fits. False says nothing.
bool AllFit(const ColumnBatch& batch, ValueType type) {
  if (!batch.flags.empty() || !AreTimesValid(batch.ts_us)) return false;
  if (std::holds_alternative<Doubles>(batch.values)) {
    return type == ValueType::kFloat64 || (type == ValueType::kInt64 && !HasFractions(batch));
  }
  if (const Integers* const integers = std::get_if<Integers>(&batch.values)) {
    return type == ValueType::kInt64 ||
           (type == ValueType::kFloat64 && AreWithin(*integers, -kExactMax, kExactMax));
  }
  return false;
}

Status CheckRow(const ColumnBatch& batch, size_t row, ValueType type, size_t text_bytes_max) {
  const int64_t ts_us = batch.ts_us[row];
  if (ts_us < kTsMin || ts_us > kTsMax) return TimeOutOfRange(ts_us);
  if (!batch.HasValue(row)) {
    if ((batch.flags[row] & ~kPointFlagsAll) == 0) return Status();
    return Status::InvalidArgument("unknown flags " + std::to_string(batch.flags[row]));
  }
  const Value value = batch.ValueAt(row);
  if (value.kind == Value::Kind::kText && value.text.size() > text_bytes_max) {
    return TextTooBig(value.text.size(), text_bytes_max);
  }
  return ConvertValue(value, type).status();
}

void ConvertDoubles(Doubles from, ValueType type, ValueBits* to) {
  if (type == ValueType::kFloat64) {
    std::memcpy(to, from.data(), from.size_bytes());
  } else if (type == ValueType::kInt64) {
    for (size_t i = 0; i < from.size(); ++i) to[i] = FromInt64(static_cast<int64_t>(from[i]));
  } else {
    for (size_t i = 0; i < from.size(); ++i) {
      to[i] = ConvertValue(Value::Real(from[i]), type).value();
    }
  }
}

void ConvertIntegers(Integers from, ValueType type, ValueBits* to) {
  if (type == ValueType::kInt64) {
    std::memcpy(to, from.data(), from.size_bytes());
  } else if (type == ValueType::kFloat64) {
    for (size_t i = 0; i < from.size(); ++i) to[i] = FromDouble(static_cast<double>(from[i]));
  } else {
    for (size_t i = 0; i < from.size(); ++i) {
      to[i] = ConvertValue(Value::Integer(from[i]), type).value();
    }
  }
}

}  // namespace

Value ColumnBatch::ValueAt(size_t row) const {
  if (const Doubles* const doubles = std::get_if<Doubles>(&values)) {
    return Value::Real((*doubles)[row]);
  }
  if (const Integers* const integers = std::get_if<Integers>(&values)) {
    return Value::Integer((*integers)[row]);
  }
  return Value::Text(std::get<Texts>(values)[row]);
}

ColumnBatch ColumnBatch::Rows(size_t begin, size_t count) const {
  ColumnBatch rows;
  rows.ts_us = ts_us.subspan(begin, count);
  rows.values = std::visit(
      [&](const auto& column) { return ColumnValues(column.subspan(begin, count)); }, values);
  if (!quality.empty()) rows.quality = quality.subspan(begin, count);
  if (!flags.empty()) rows.flags = flags.subspan(begin, count);
  return rows;
}

size_t ColumnBatch::TextBytes() const {
  const Texts* const texts = std::get_if<Texts>(&values);
  size_t bytes = 0;
  for (size_t row = 0; texts != nullptr && row < size(); ++row) {
    if (HasValue(row)) bytes += (*texts)[row].size();
  }
  return bytes;
}

Status CheckLengths(const ColumnBatch& batch) {
  const size_t count = batch.ts_us.size();
  const size_t values = std::visit([](const auto& column) { return column.size(); }, batch.values);
  const auto fits = [count](const auto& column) {
    return column.empty() || column.size() == count;
  };
  if (values == count && fits(batch.quality) && fits(batch.flags)) return Status();
  return Status::InvalidArgument("a batch needs as many values as times: " + std::to_string(count) +
                                 " times, " + std::to_string(values) + " values, " +
                                 std::to_string(batch.quality.size()) + " qualities, " +
                                 std::to_string(batch.flags.size()) + " flags");
}

ValueType NaturalType(const ColumnBatch& batch) {
  for (size_t row = 0; row < batch.size(); ++row) {
    if (batch.HasValue(row)) return NaturalType(batch.ValueAt(row));
  }
  return ValueType::kNone;
}

bool HasFractions(const ColumnBatch& batch) {
  const Doubles* const doubles = std::get_if<Doubles>(&batch.values);
  if (doubles == nullptr) return false;
  for (size_t row = 0; row < doubles->size(); ++row) {
    if (batch.HasValue(row) && !IsInt64((*doubles)[row])) return true;
  }
  return false;
}

Status CheckRows(const ColumnBatch& batch, ValueType type, size_t text_bytes_max) {
  if (batch.size() == 0 || AllFit(batch, type)) return Status();
  for (size_t row = 0; row < batch.size(); ++row) {
    const Status status = CheckRow(batch, row, type, text_bytes_max);
    if (!status.ok()) return status.WithContext("row " + std::to_string(row));
  }
  return Status();
}

Staging::Rows ColumnConverter::Convert(const ColumnBatch& batch, ValueType type) {
  texts_.clear();
  if (bits_.size() < batch.size()) bits_.resize(batch.size());
  const std::span<ValueBits> bits = std::span(bits_).first(batch.size());
  if (const Texts* const texts = std::get_if<Texts>(&batch.values)) {
    for (size_t row = 0; row < batch.size(); ++row) {
      if (!batch.HasValue(row)) continue;
      bits[row] = TextRef::Pack(texts_.size(), (*texts)[row].size());
      texts_.append((*texts)[row]);
    }
  } else if (batch.flags.empty()) {
    if (const Doubles* const doubles = std::get_if<Doubles>(&batch.values)) {
      ConvertDoubles(*doubles, type, bits.data());
    } else {
      ConvertIntegers(std::get<Integers>(batch.values), type, bits.data());
    }
  } else {
    for (size_t row = 0; row < batch.size(); ++row) {
      if (batch.HasValue(row)) bits[row] = ConvertValue(batch.ValueAt(row), type).value();
    }
  }
  for (size_t row = 0; row < batch.flags.size(); ++row) {
    if (batch.flags[row] != 0) bits[row] = 0;
  }
  return {batch.ts_us, bits, batch.quality, batch.flags, texts_};
}

}  // namespace xtdb
