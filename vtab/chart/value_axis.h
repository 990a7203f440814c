#pragma once

#include <string>
#include <vector>

namespace xtdb {

// The axis of values of a chart: a range that holds all of them, and ticks at whole multiples of 1,
// 2 or 5 times a power of ten, at least two of them. An end of the range goes to the next tick
// where that costs at most a tenth of it. Values that are all alike lie in the middle of a range
// around them.
class ValueAxis {
 public:
  struct Tick {
    double value = 0;
    std::string label;  // with as many digits as the step needs: "70.5", "150e9"
  };
  // min <= max, both finite; ticks_max: at least 2
  ValueAxis(double min, double max, int ticks_max);

  double low() const { return low_; }
  double high() const { return high_; }
  double FractionOf(double value) const;                     // 0 at low, 1 at high
  const std::vector<Tick>& ticks() const { return ticks_; }  // rising

 private:
  // Between ticks: mantissa * 10^exponent.
  struct Step {
    int mantissa = 1;  // 1, 2, 5
    int exponent = 0;
    double Times(double number) const;
    Step Next() const;
  };
  // Of ticks, as multiples of a step.
  struct Numbers {
    double first = 0;
    double last = 0;
    double count() const { return last - first + 1; }
  };
  // The range for a step, and the ticks in it.
  Numbers SetRange(double min, double max, const Step& step);
  void FindTicks(double min, double max, int ticks_max);
  void MakeLabels(int step_exponent);

  double low_ = 0;
  double high_ = 0;
  std::vector<Tick> ticks_;
};

}  // namespace xtdb
