#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/status.h"
#include "vtab/sketch/sketch_format.h"

namespace xtdb {

// How many different values there were, of their hashes: HyperLogLog (P. Flajolet and others,
// "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm", AofA 2007) with
// the estimator of O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017
// (arXiv 1702.01284), algorithm 6, which needs no tables. Threads: one at a time.
class DistinctSketch {
 public:
  static constexpr SketchKind kKind = SketchKind::kDistinct;
  static constexpr int kBitsMin = 4;
  static constexpr int kBitsMax = 18;

  // 2^bits registers of a byte.
  //   bits: [kBitsMin .. kBitsMax]
  explicit DistinctSketch(int bits);

  //   hash: 64 bits that look random
  void Add(uint64_t hash);
  // kInvalidArgument for another number of registers.
  Status Merge(const DistinctSketch& other);

  double Estimate() const;
  // Of the estimate, relative, one standard deviation.
  double error() const;

  // Few registers that are set are written one by one.
  SketchBytes Encode() const;
  static Result<DistinctSketch> Decode(ByteReader in);

 private:
  // The longest run of zeros behind the bits that choose the register, plus one.
  int rank_max() const { return 64 - bits_ + 1; }
  Status TakeSparse(ByteReader& in);
  Status TakeDense(ByteReader& in);

  int bits_;
  std::vector<uint8_t> registers_;
};

}  // namespace xtdb
