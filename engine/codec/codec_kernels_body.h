#pragma once

// Included by codec_kernels_*.cc, each of which names its table and sets its instruction set.
// Everything here has internal linkage: a copy compiled for a newer machine must not become the one
// that the linker keeps for all.

namespace xtdb {
namespace {

// Adding 1.5 * 2^52 leaves a double's integer part in its lowest bits, rounded to nearest, for up
// to 2^51 of either sign: a conversion that every instruction set has for whole registers.
constexpr double kMagic = 0x1.8p52;
constexpr uint64_t kMagicBits = 0x4338'0000'0000'0000;

double Double(uint64_t bits) { return std::bit_cast<double>(bits); }
uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }
double ToDouble(uint64_t integer) { return Double(integer + kMagicBits) - kMagic; }
uint64_t ToInteger(double value) { return Bits(value + kMagic) - kMagicBits; }

// The order of doubles as that of integers, -0.0 just before +0.0; its own inverse.
uint64_t OrderKeyOf(uint64_t bits) {
  const uint64_t negative = 0 - (bits >> 63);
  return bits ^ (negative >> 1);
}

void Add(uint64_t* values, size_t n, uint64_t base) {
  for (size_t i = 0; i < n; ++i) values[i] += base;
}

void UnZigZagAll(uint64_t* values, size_t n, uint64_t base) {
  for (size_t i = 0; i < n; ++i) {
    values[i] = ((values[i] >> 1) ^ (0 - (values[i] & 1))) + base;
  }
}

void Multiply(uint64_t* values, size_t n, uint64_t factor) {
  for (size_t i = 0; i < n; ++i) values[i] *= factor;
}

void AddGrid(int64_t* ts, size_t n, int64_t first, uint64_t slot, uint64_t step,
             unsigned fraction_bits) {
  uint64_t product = slot * step;  // grows by sums, which are quicker than products
  for (size_t i = 0; i < n; ++i) {
    const uint64_t at = static_cast<uint64_t>(first) + (product >> fraction_bits);
    ts[i] = static_cast<int64_t>(static_cast<uint64_t>(ts[i]) + at);
    product += step;
  }
}

bool LookUp(const uint64_t* codes, size_t n, const uint64_t* entries, uint64_t count,
            uint64_t* out) {
  uint64_t outside = 0;
  for (size_t i = 0; i < n; ++i) outside |= static_cast<uint64_t>(codes[i] >= count);
  if (outside != 0) return false;
  for (size_t i = 0; i < n; ++i) out[i] = entries[codes[i]];
  return true;
}

bool IsRising(const int64_t* ts, size_t n) {
  unsigned falls = 0;
  for (size_t i = 1; i < n; ++i) falls |= static_cast<unsigned>(ts[i - 1] >= ts[i]);
  return falls == 0;
}

uint64_t Subtract(const uint64_t* values, size_t n, uint64_t base, uint64_t* out) {
  uint64_t all = 0;
  for (size_t i = 0; i < n; ++i) all |= out[i] = values[i] - base;
  return all;
}

uint64_t ZigZagFrom(const uint64_t* values, size_t n, uint64_t base, uint64_t* out) {
  uint64_t all = 0;
  for (size_t i = 0; i < n; ++i) {
    const uint64_t value = values[i] - base;
    all |= out[i] = (value << 1) ^ (0 - (value >> 63));
  }
  return all;
}

void Differences(const uint64_t* values, size_t n, uint64_t* out) {
  for (size_t i = 0; i + 1 < n; ++i) out[i] = values[i + 1] - values[i];
}

void SignedRange(const uint64_t* values, size_t n, int64_t* least, int64_t* greatest) {
  int64_t low = static_cast<int64_t>(values[0]);
  int64_t high = low;
  for (size_t i = 1; i < n; ++i) {
    const auto value = static_cast<int64_t>(values[i]);
    low = value < low ? value : low;
    high = value > high ? value : high;
  }
  *least = low;
  *greatest = high;
}

bool AreDecimals(const uint64_t* integers, size_t n) {
  constexpr auto kMax = static_cast<uint64_t>(kDecimalMax);
  uint64_t outside = 0;
  for (size_t i = 0; i < n; ++i) outside |= static_cast<uint64_t>(integers[i] + kMax > 2 * kMax);
  return outside == 0;
}

// value / scale, correctly rounded, for an integer of at most 2^51 and a power of ten up to 10^15.
// Where products and sums can be made as one, without a division: the quotient by the reciprocal is
// at most 1.5 units off, and what is left over, corrects it [Markstein 1990]. That remainder is
// exact, being a multiple of 2^e times such a unit for 10^e, of fewer than 37 bits; and what the
// correction is off by, 2^-52 units, moves no quotient across the middle between two doubles, since
// 5^e < 2^35 and none is nearer to one than 2^-36 units.
double Quotient(double value, double scale, [[maybe_unused]] double reciprocal) {
#if XTDB_KERNEL_HAS_FMA
  const double quotient = value * reciprocal;
  return __builtin_fma(__builtin_fma(-quotient, scale, value), reciprocal, quotient);
#else
  return value / scale;
#endif
}

void Quotients(uint64_t* values, size_t n, double scale) {
  const double reciprocal = 1 / scale;
  for (size_t i = 0; i < n; ++i) {
    values[i] = Bits(Quotient(ToDouble(values[i]), scale, reciprocal));
  }
}

uint64_t SplitDecimals(const uint64_t* bits, size_t n, double scale, uint64_t* integers,
                       uint64_t* ulps, size_t* outside) {
  constexpr double kMax = static_cast<double>(kDecimalMax);
  const double reciprocal = 1 / scale;
  uint64_t all = 0, out_of_range = 0;
  for (size_t i = 0; i < n; ++i) {
    const double scaled = Double(bits[i]) * scale;
    // False for NaN, too.
    const bool inside = std::fabs(scaled) < kMax;
    const uint64_t mask = 0 - static_cast<uint64_t>(inside);
    const uint64_t integer = ToInteger(scaled) & mask;
    const uint64_t quotient = Bits(Quotient(ToDouble(integer), scale, reciprocal));
    integers[i] = integer;
    ulps[i] = (OrderKeyOf(bits[i]) - OrderKeyOf(quotient)) & mask;
    all |= ulps[i];
    out_of_range += static_cast<uint64_t>(!inside);
  }
  *outside = out_of_range;
  return all;
}

void AddUlps(uint64_t* values, size_t n, const uint64_t* ulps) {
  for (size_t i = 0; i < n; ++i) values[i] = OrderKeyOf(OrderKeyOf(values[i]) + ulps[i]);
}

void OrderKeys(uint64_t* values, size_t n) {
  for (size_t i = 0; i < n; ++i) values[i] = OrderKeyOf(values[i]);
}

}  // namespace
}  // namespace xtdb

#include "engine/codec/column_sums_body.h"

namespace xtdb {

extern const CodecKernels XTDB_KERNEL_TABLE;
const CodecKernels XTDB_KERNEL_TABLE = {XTDB_KERNEL_NAME, Add,
                                        UnZigZagAll,      Multiply,
                                        AddGrid,          LookUp,
                                        IsRising,         Subtract,
                                        ZigZagFrom,       Differences,
                                        SignedRange,      AreDecimals,
                                        Quotients,        SplitDecimals,
                                        AddUlps,          OrderKeys,
                                        KeyRange,         LongestStep,
                                        SumOfDoubles,     SumOfIntegers,
                                        IntegrateDoubles, IntegrateIntegers,
                                        DeviateDoubles,   DeviateIntegers};

}  // namespace xtdb
