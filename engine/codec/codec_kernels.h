#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace xtdb {

// The codecs' inner loops over columns of at most a vector. They are portable C++, compiled once
// for each instruction set (codec_kernels_*.cc), so that the compiler vectorises them with what the
// machine has. All tables give the same bits.
//
// n values each; arithmetic on integers is modulo 2^64. Nothing is read or written outside.
struct CodecKernels {
  const char* name;  // "plain", "avx2", "avx512"

  // values[i] += base
  void (*add)(uint64_t* values, size_t n, uint64_t base);
  // values[i] = UnZigZag(values[i]) + base
  void (*unzigzag)(uint64_t* values, size_t n, uint64_t base);
  void (*multiply)(uint64_t* values, size_t n, uint64_t factor);
  // ts[i] += first + ((slot + i) * step >> fraction_bits), the product modulo 2^64
  void (*add_grid)(int64_t* ts, size_t n, int64_t first, uint64_t slot, uint64_t step,
                   unsigned fraction_bits);
  // Whether every code is below `count`; then out[i] = entries[codes[i]].
  bool (*look_up)(const uint64_t* codes, size_t n, const uint64_t* entries, uint64_t count,
                  uint64_t* out);
  // Whether ts[i] < ts[i + 1] everywhere.
  bool (*is_rising)(const int64_t* ts, size_t n);

  // out[i] = values[i] - base, and the or of all of them.
  uint64_t (*subtract)(const uint64_t* values, size_t n, uint64_t base, uint64_t* out);
  // out[i] = ZigZag(values[i] - base), and the or of all of them.
  uint64_t (*zigzag)(const uint64_t* values, size_t n, uint64_t base, uint64_t* out);
  // out[i] = values[i + 1] - values[i], n - 1 of them.
  void (*differences)(const uint64_t* values, size_t n, uint64_t* out);
  // The least and the greatest as two's complement; n > 0.
  void (*signed_range)(const uint64_t* values, size_t n, int64_t* least, int64_t* greatest);

  // Whether every integer is one that `quotients` takes: -2^51 .. 2^51.
  bool (*are_decimals)(const uint64_t* integers, size_t n);
  // values[i] becomes the bits of (double)values[i] / scale.
  void (*quotients)(uint64_t* values, size_t n, double scale);
  // integers[i] = what `bits[i]` is at that scale, rounded; ulps[i] = how many doubles the quotient
  // is below bits[i] in their order. Returns the or of all ulps; *outside counts rows that are not
  // finite or too large, whose integer and ulps are 0.
  uint64_t (*split_decimals)(const uint64_t* bits, size_t n, double scale, uint64_t* integers,
                             uint64_t* ulps, size_t* outside);
  // values[i], the bits of a double, moves on by ulps[i] doubles in their order.
  void (*add_ulps)(uint64_t* values, size_t n, const uint64_t* ulps);
  // From order keys to bits of doubles and back (they are their own inverse).
  void (*order_keys)(uint64_t* values, size_t n);

  // For statistics. n > 0, and for these any n, not only a vector's.
  //
  // The least and the greatest order key of doubles; of NaNs they are beyond those of infinities.
  void (*key_range)(const uint64_t* bits, size_t n, int64_t* least, int64_t* greatest);
  // The greatest ts[i + 1] - ts[i], 0 if n is 1.
  int64_t (*longest_step)(const int64_t* ts, size_t n);
  // The sum of finite doubles, compensated; not finite if the sum is too large for a double.
  double (*sum_of_doubles)(const uint64_t* bits, size_t n);
  // Modulo 2^64.
  uint64_t (*sum_of_integers)(const uint64_t* values, size_t n);
  // Integrals over time in seconds, compensated: each value held until the next, and trapezoids.
  // Doubles are finite; steps and integers within +-kDecimalMax.
  void (*integrate_doubles)(const int64_t* ts, const uint64_t* bits, size_t n, double* step,
                            double* linear);
  void (*integrate_integers)(const int64_t* ts, const uint64_t* bits, size_t n, double* step,
                             double* linear);
  // Sum and sum of squares of value - mean; of integers, value - base - mean, where value - base
  // lies within +-kDecimalMax.
  void (*deviate_doubles)(const uint64_t* bits, size_t n, double mean, double* sum,
                          double* squares);
  void (*deviate_integers)(const uint64_t* bits, size_t n, int64_t base, double mean, double* sum,
                           double* squares);
};

inline constexpr int64_t kDecimalMax = int64_t{1} << 51;

// For this machine.
const CodecKernels& Kernels();
// All that this machine can run, the plain one first. For tests and benchmarks.
std::span<const CodecKernels* const> AllKernels();

}  // namespace xtdb
