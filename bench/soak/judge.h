#pragma once

#include <string>
#include <vector>

#include "bench/soak/plan.h"

namespace xtdb::bench {

struct SoakSample {
  double elapsed_s = 0;
  double resident_mib = 0;
  double handles = 0;
  double container_mib = 0;  // on disk
  double log_mib = 0;
  double points = 0;  // in the container; 0: not asked for in this sample
};

struct SoakVerdict {
  bool passed = true;
  std::vector<std::string> lines;
};

// Judges the second half of the run, when what grows at first has grown.
//   points_per_s: written, all processes together.
SoakVerdict Judge(const SoakPlan& plan, const std::vector<SoakSample>& samples,
                  double points_per_s);

// Least squares, of `y` against `x`; 0 for fewer than two different x.
double Slope(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace xtdb::bench
