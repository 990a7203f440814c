#pragma once

// Included by codec_kernels_body.h: sums over columns for the statistics of blocks and vectors. The
// lanes are eight whatever the machine has, so that every instruction set rounds alike.

namespace xtdb {
namespace {

constexpr size_t kLanes = 8;
using DoubleLanes = double __attribute__((vector_size(kLanes * sizeof(double))));
using IntegerLanes = int64_t __attribute__((vector_size(kLanes * sizeof(int64_t))));

template <typename Lanes, typename Element>
void Load(const Element* from, Lanes& lanes) {
  static_assert(sizeof(Element) * kLanes == sizeof(Lanes));
  std::memcpy(&lanes, from, sizeof(lanes));
}

// As in kMagic: exact up to 2^51 of either sign.
void Convert(const IntegerLanes& integers, DoubleLanes& out) {
  const IntegerLanes moved = integers + static_cast<int64_t>(kMagicBits);
  std::memcpy(&out, &moved, sizeof(out));
  out -= kMagic;
}
double Convert(int64_t integer) { return ToDouble(static_cast<uint64_t>(integer)); }

// Values as they are summed: the doubles that the bits are, or integers less a base.
struct DoublesOf {
  void operator()(const uint64_t* bits, DoubleLanes& out) const { Load(bits, out); }
  double operator()(uint64_t bits) const { return Double(bits); }
};
struct IntegersLess {
  int64_t base;
  void operator()(const uint64_t* bits, DoubleLanes& out) const {
    IntegerLanes integers;
    Load(bits, integers);
    Convert(integers - base, out);
  }
  double operator()(uint64_t bits) const { return Convert(static_cast<int64_t>(bits) - base); }
};

// A sum with the error that each addition made [Knuth's TwoSum, without branches].
template <typename Number>
struct ExactSum {
  Number sum{};
  Number error{};
  void Add(const Number& value) {
    const Number next = sum + value;
    const Number taken = next - sum;
    error += (sum - (next - taken)) + (value - taken);
    sum = next;
  }
};

class CompensatedLanes {
 public:
  void Add(const DoubleLanes& values) { lanes_.Add(values); }
  // Behind the last Add: joins the lanes; single values may follow.
  void Fold() {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      total_.Add(lanes_.sum[lane]);
      total_.error += lanes_.error[lane];
    }
  }
  void AddOne(double value) { total_.Add(value); }
  double value() const { return total_.sum + total_.error; }

 private:
  ExactSum<DoubleLanes> lanes_;
  ExactSum<double> total_;
};

double SumOfDoubles(const uint64_t* bits, size_t n) {
  CompensatedLanes sum;
  size_t i = 0;
  DoubleLanes values;
  for (; i + kLanes <= n; i += kLanes) {
    Load(bits + i, values);
    sum.Add(values);
  }
  sum.Fold();
  for (; i < n; ++i) sum.AddOne(Double(bits[i]));
  return sum.value();
}

uint64_t SumOfIntegers(const uint64_t* values, size_t n) {
  uint64_t sum = 0;
  for (size_t i = 0; i < n; ++i) sum += values[i];
  return sum;
}

template <typename Values>
void Integrate(const int64_t* ts, const uint64_t* bits, size_t n, const Values& values_of,
               double* step, double* linear) {
  constexpr double kSecondsPerUs = 1e-6;
  CompensatedLanes step_sum, linear_sum;
  size_t i = 0;
  IntegerLanes from, to;
  DoubleLanes seconds, left, right;
  for (; i + kLanes < n; i += kLanes) {
    Load(ts + i, from);
    Load(ts + i + 1, to);
    Convert(to - from, seconds);
    seconds *= kSecondsPerUs;
    values_of(bits + i, left);
    values_of(bits + i + 1, right);
    step_sum.Add(left * seconds);
    linear_sum.Add((left * 0.5 + right * 0.5) * seconds);
  }
  step_sum.Fold();
  linear_sum.Fold();
  for (; i + 1 < n; ++i) {
    const double duration = Convert(ts[i + 1] - ts[i]) * kSecondsPerUs;
    step_sum.AddOne(values_of(bits[i]) * duration);
    linear_sum.AddOne((values_of(bits[i]) * 0.5 + values_of(bits[i + 1]) * 0.5) * duration);
  }
  *step = step_sum.value();
  *linear = linear_sum.value();
}

void IntegrateDoubles(const int64_t* ts, const uint64_t* bits, size_t n, double* step,
                      double* linear) {
  Integrate(ts, bits, n, DoublesOf{}, step, linear);
}

void IntegrateIntegers(const int64_t* ts, const uint64_t* bits, size_t n, double* step,
                       double* linear) {
  Integrate(ts, bits, n, IntegersLess{0}, step, linear);
}

template <typename Values>
void Deviate(const uint64_t* bits, size_t n, const Values& values_of, double mean, double* sum,
             double* squares) {
  DoubleLanes sums{}, square_sums{}, deviation;
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    values_of(bits + i, deviation);
    deviation -= mean;
    sums += deviation;
    square_sums += deviation * deviation;
  }
  *sum = *squares = 0;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    *sum += sums[lane];
    *squares += square_sums[lane];
  }
  for (; i < n; ++i) {
    const double one = values_of(bits[i]) - mean;
    *sum += one;
    *squares += one * one;
  }
}

void DeviateDoubles(const uint64_t* bits, size_t n, double mean, double* sum, double* squares) {
  Deviate(bits, n, DoublesOf{}, mean, sum, squares);
}

void DeviateIntegers(const uint64_t* bits, size_t n, int64_t base, double mean, double* sum,
                     double* squares) {
  Deviate(bits, n, IntegersLess{base}, mean, sum, squares);
}

void KeyRange(const uint64_t* bits, size_t n, int64_t* least, int64_t* greatest) {
  auto low = static_cast<int64_t>(OrderKeyOf(bits[0]));
  int64_t high = low;
  for (size_t i = 1; i < n; ++i) {
    const auto key = static_cast<int64_t>(OrderKeyOf(bits[i]));
    low = key < low ? key : low;
    high = key > high ? key : high;
  }
  *least = low;
  *greatest = high;
}

int64_t LongestStep(const int64_t* ts, size_t n) {
  int64_t longest = 0;
  for (size_t i = 1; i < n; ++i) {
    const auto step =
        static_cast<int64_t>(static_cast<uint64_t>(ts[i]) - static_cast<uint64_t>(ts[i - 1]));
    longest = step > longest ? step : longest;
  }
  return longest;
}

}  // namespace
}  // namespace xtdb
