#include "vtab/chart/value_axis.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace xtdb {
namespace {

constexpr double kLeast = 1e-300;  // what is nearer to zero is zero here
constexpr size_t kPlainLabelMax = 7;

int ExponentOf(double value) { return static_cast<int>(std::floor(std::log10(value))); }

// Of a range that has no width. Half of it, more or less a tenth of the value.
double Around(double value) {
  const double size = std::fabs(value);
  return size < kLeast ? 1 : std::pow(10, ExponentOf(size) - 1);
}

std::string Fixed(double value, int decimals) {
  char text[400];
  return {text,
          std::to_chars(text, text + sizeof(text), value, std::chars_format::fixed, decimals).ptr};
}

size_t Longest(const std::vector<std::string>& texts) {
  size_t longest = 0;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  return longest;
}

}  // namespace

// Of a fraction by division, which rounds once.
double ValueAxis::Step::Times(double number) const {
  const double scaled = number * mantissa;
  return exponent < 0 ? scaled / std::pow(10, -exponent) : scaled * std::pow(10, exponent);
}

ValueAxis::Step ValueAxis::Step::Next() const {
  if (mantissa == 5) return {1, exponent + 1};
  return {mantissa == 1 ? 2 : 5, exponent};
}

ValueAxis::ValueAxis(double min, double max, int ticks_max) {
  const double size = std::max(std::fabs(min), std::fabs(max));
  // Closer than that doubles cannot tell the ticks apart.
  const double least = std::max(size * 1e-15 * ticks_max, kLeast);
  const bool is_constant = max / 2 - min / 2 <= least / 2;
  if (is_constant) {
    const double around = Around(max);
    min = std::max(min - around, std::numeric_limits<double>::lowest());
    max = std::min(max + around, std::numeric_limits<double>::max());
  }
  FindTicks(min, max, ticks_max);
}

// Halves, since the difference of two doubles may be no double.
double ValueAxis::FractionOf(double value) const {
  return (value / 2 - low_ / 2) / (high_ / 2 - low_ / 2);
}

void ValueAxis::FindTicks(double min, double max, int ticks_max) {
  Step step{1, ExponentOf((max / 2 - min / 2) / ticks_max)};
  Numbers numbers = SetRange(min, max, step);
  while (numbers.count() > ticks_max) {
    const Step wider = step.Next();
    const Numbers fewer = SetRange(min, max, wider);
    if (fewer.count() < 2) {
      // One tick tells nothing of the scale: of the finer ones the outer two are left.
      SetRange(min, max, step);
      ticks_ = {{step.Times(numbers.first), ""}, {step.Times(numbers.last), ""}};
      return MakeLabels(step.exponent);
    }
    step = wider;
    numbers = fewer;
  }
  for (double number = numbers.first; number <= numbers.last; ++number) {
    ticks_.push_back({step.Times(number), ""});
  }
  MakeLabels(step.exponent);
}

ValueAxis::Numbers ValueAxis::SetRange(double min, double max, const Step& step) {
  // What may be missing from the quotient of a tick and the step to the whole number that it is.
  constexpr double kRounding = 1e-9;
  const double tenth = (max / 2 - min / 2) / 5;
  const double first = std::floor(min / step.Times(1) + kRounding);
  const double last = std::ceil(max / step.Times(1) - kRounding);
  const double below = step.Times(first), above = step.Times(last);
  const bool takes_below = std::isfinite(below) && min - below <= tenth;
  const bool takes_above = std::isfinite(above) && above - max <= tenth;
  low_ = takes_below ? std::min(min, below) : min;
  high_ = takes_above ? std::max(max, above) : max;
  return {takes_below ? first : first + 1, takes_above ? last : last - 1};
}

// All with the same number of digits, and with an exponent only where that is shorter: one of
// thousands, millions ... as the prefixes of units are.
void ValueAxis::MakeLabels(int step_exponent) {
  double greatest = 0;
  for (const Tick& tick : ticks_) greatest = std::max(greatest, std::fabs(tick.value));
  const double digits = greatest == 0 ? step_exponent : ExponentOf(greatest);
  const int exponent = static_cast<int>(std::floor(digits / 3)) * 3;
  std::vector<std::string> plain, scaled;
  for (const Tick& tick : ticks_) {
    const bool is_zero = tick.value == 0;
    plain.push_back(is_zero ? "0" : Fixed(tick.value, std::max(0, -step_exponent)));
    const double mantissa =
        exponent < 0 ? tick.value * std::pow(10, -exponent) : tick.value / std::pow(10, exponent);
    scaled.push_back(is_zero ? "0"
                             : Fixed(mantissa, std::max(0, exponent - step_exponent)) + "e" +
                                   std::to_string(exponent));
  }
  const bool is_scaled = Longest(plain) > kPlainLabelMax && Longest(scaled) < Longest(plain);
  for (size_t i = 0; i < ticks_.size(); ++i) ticks_[i].label = is_scaled ? scaled[i] : plain[i];
}

}  // namespace xtdb
