#include "vtab/sketch/distinct_sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace xtdb {
namespace {

// What registers that are still zero add to the sum, for the fraction of them.
double Sigma(double x) {
  if (x == 1) return INFINITY;
  double weight = 1, sum = x, before = 0;
  do {
    x *= x;
    before = sum;
    sum += x * weight;
    weight += weight;
  } while (sum != before);
  return sum;
}

// The same of registers that are full.
double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double weight = 1, sum = 1 - x, before = 0;
  do {
    x = std::sqrt(x);
    before = sum;
    weight /= 2;
    sum -= (1 - x) * (1 - x) * weight;
  } while (sum != before);
  return sum / 3;
}

enum : uint8_t { kDense = 0, kSparse = 1 };

}  // namespace

DistinctSketch::DistinctSketch(int bits) : bits_(bits), registers_(size_t{1} << bits) {}

void DistinctSketch::Add(uint64_t hash) {
  const size_t place = hash >> (64 - bits_);
  const int rank = std::min(std::countl_zero(hash << bits_) + 1, rank_max());
  registers_[place] = std::max(registers_[place], static_cast<uint8_t>(rank));
}

Status DistinctSketch::Merge(const DistinctSketch& other) {
  if (bits_ != other.bits_) {
    return Status::InvalidArgument("sketches of different numbers of buckets cannot be merged");
  }
  for (size_t i = 0; i < registers_.size(); ++i) {
    registers_[i] = std::max(registers_[i], other.registers_[i]);
  }
  return {};
}

double DistinctSketch::Estimate() const {
  std::vector<double> counts(static_cast<size_t>(rank_max()) + 1);
  for (const uint8_t rank : registers_) counts[rank] += 1;
  const auto registers = static_cast<double>(registers_.size());
  double sum = registers * Tau(1 - counts.back() / registers);
  for (size_t rank = counts.size() - 1; rank-- > 1;) sum = (sum + counts[rank]) / 2;
  sum += registers * Sigma(counts[0] / registers);
  return registers * registers / (2 * std::log(2.0)) / sum;
}

double DistinctSketch::error() const {
  return 1.04 / std::sqrt(static_cast<double>(registers_.size()));
}

SketchBytes DistinctSketch::Encode() const {
  SketchBytes out = BeginSketch(kKind);
  PutValue(static_cast<uint8_t>(bits_), out);
  const auto zeros =
      static_cast<size_t>(std::count(registers_.begin(), registers_.end(), uint8_t{0}));
  const size_t set = registers_.size() - zeros;
  // Two bytes for each, and three where they are far between.
  const bool is_sparse = set * 3 < registers_.size();
  PutValue(static_cast<uint8_t>(is_sparse ? kSparse : kDense), out);
  if (is_sparse) {
    PutVarint(set, out);
    size_t next = 0;
    for (size_t i = 0; i < registers_.size(); ++i) {
      if (registers_[i] == 0) continue;
      PutVarint(i - next, out);
      PutValue(registers_[i], out);
      next = i + 1;
    }
  } else {
    for (const uint8_t rank : registers_) PutValue(rank, out);
  }
  EndSketch(out);
  return out;
}

Status DistinctSketch::TakeSparse(ByteReader& in) {
  uint64_t set = 0;
  if (!in.ReadVarint(set) || set > registers_.size()) {
    return DamagedSketch(kKind, "too many registers");
  }
  uint64_t next = 0;
  for (uint64_t i = 0; i < set; ++i) {
    uint64_t skipped = 0;
    uint8_t rank = 0;
    if (!in.ReadVarint(skipped) || !in.Read(rank)) return DamagedSketch(kKind, "it ends early");
    if (skipped >= registers_.size() - next || rank == 0 || rank > rank_max()) {
      return DamagedSketch(kKind, "a register is out of range");
    }
    registers_[next + skipped] = rank;
    next += skipped + 1;
    if (next == registers_.size() && i + 1 < set) return DamagedSketch(kKind, "too many registers");
  }
  return {};
}

Status DistinctSketch::TakeDense(ByteReader& in) {
  for (uint8_t& rank : registers_) {
    if (!in.Read(rank)) return DamagedSketch(kKind, "it ends early");
    if (rank > rank_max()) return DamagedSketch(kKind, "a register is out of range");
  }
  return {};
}

Result<DistinctSketch> DistinctSketch::Decode(ByteReader in) {
  uint8_t bits = 0, form = 0;
  const bool has_head = in.Read(bits) && in.Read(form) && bits >= kBitsMin && bits <= kBitsMax &&
                        (form == kDense || form == kSparse);
  if (!has_head) return DamagedSketch(kKind, "a number is out of range");
  DistinctSketch sketch(bits);
  XTDB_RETURN_IF_ERROR(form == kSparse ? sketch.TakeSparse(in) : sketch.TakeDense(in));
  if (!in.rest().empty()) return DamagedSketch(kKind, "bytes are left over");
  return sketch;
}

}  // namespace xtdb
