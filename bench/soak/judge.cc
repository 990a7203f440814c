#include "bench/soak/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xtdb::bench {
namespace {

using Samples = std::vector<SoakSample>;

constexpr double kGrowthAllowedMib = 16;  // of memory over half a run, or
constexpr double kGrowthAllowedShare = 0.1;
constexpr double kHandlesAllowed = 2;  // a reader may hold a file for a moment
constexpr double kSizeAllowed = 1.5;   // times the prediction
constexpr double kSlackChunks = 6;     // open, catalogue, and slots that wait for a checkpoint
constexpr double kSegmentMib = 4;

std::vector<double> Column(const Samples& samples, double SoakSample::*member) {
  std::vector<double> values;
  for (const SoakSample& sample : samples) values.push_back(sample.*member);
  return values;
}

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void Add(SoakVerdict& verdict, bool good, const std::string& line) {
  verdict.passed = verdict.passed && good;
  verdict.lines.push_back((good ? "ok    " : "FAILED  ") + line);
}

void JudgeMemory(const Samples& half, SoakVerdict& verdict) {
  const std::vector<double> resident = Column(half, &SoakSample::resident_mib);
  const double slope = Slope(Column(half, &SoakSample::elapsed_s), resident);
  const double growth = slope * (half.back().elapsed_s - half.front().elapsed_s);
  const double allowed = std::max(kGrowthAllowedMib, kGrowthAllowedShare * Mean(resident));
  Add(verdict, growth <= allowed,
      fmt::format("memory: {:.1f} MiB on average, trend {:+.2f} MiB a minute, {:+.1f} MiB in the "
                  "second half (allowed {:.1f})",
                  Mean(resident), slope * 60, growth, allowed));
}

void JudgeHandles(const Samples& half, SoakVerdict& verdict) {
  const std::vector<double> handles = Column(half, &SoakSample::handles);
  const auto [low, high] = std::minmax_element(handles.begin(), handles.end());
  Add(verdict, *high - *low <= kHandlesAllowed,
      fmt::format("handles: {:.0f} to {:.0f} in the second half", *low, *high));
}

// What the window holds at the rate written, with the bytes a point took at half time, and the
// chunks that retention cannot drop whole.
void JudgeSize(const SoakPlan& plan, const Samples& half, double points_per_s,
               SoakVerdict& verdict) {
  const auto counted = [](const SoakSample& sample) { return sample.points > 0; };
  const auto first = std::find_if(half.begin(), half.end(), counted);
  const auto last = std::find_if(half.rbegin(), half.rend(), counted);
  if (first == half.end()) {
    Add(verdict, false, "size: the container was never looked at");
    return;
  }
  const double slack_mib = kSlackChunks * static_cast<double>(plan.chunk_mib);
  const double mib_per_point = std::max(0.0, first->container_mib - slack_mib) / first->points;
  const double predicted = points_per_s * plan.window_s() * mib_per_point * kSizeAllowed +
                           static_cast<double>(plan.buffer_mib) + slack_mib;
  Add(verdict, last->container_mib <= predicted,
      fmt::format("container: {:.1f} MiB, at most {:.1f} predicted from {:.0f} points a second "
                  "kept for {:.0f} s",
                  last->container_mib, predicted, points_per_s, plan.window_s()));
}

void JudgeLog(const SoakPlan& plan, const Samples& half, SoakVerdict& verdict) {
  const std::vector<double> log = Column(half, &SoakSample::log_mib);
  const double high = *std::max_element(log.begin(), log.end());
  // A checkpoint is due at 4 budgets; a commit that is under way comes on top, in whole segments.
  const double allowed = 5 * static_cast<double>(plan.buffer_mib) + 8 * kSegmentMib;
  Add(verdict, high <= allowed,
      fmt::format("log: at most {:.1f} MiB in the second half (allowed {:.1f})", high, allowed));
}

}  // namespace

double Slope(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() < 2) return 0;
  const double x_mean = Mean(x);
  const double y_mean = Mean(y);
  double covariance = 0;
  double variance = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    covariance += (x[i] - x_mean) * (y[i] - y_mean);
    variance += (x[i] - x_mean) * (x[i] - x_mean);
  }
  return variance > 0 ? covariance / variance : 0;
}

SoakVerdict Judge(const SoakPlan& plan, const Samples& samples, double points_per_s) {
  SoakVerdict verdict;
  Samples half;
  for (const SoakSample& sample : samples) {
    if (sample.elapsed_s >= plan.seconds() / 2) half.push_back(sample);
  }
  if (half.size() < 2) {
    Add(verdict, false, "too few samples");
    return verdict;
  }
  JudgeMemory(half, verdict);
  JudgeHandles(half, verdict);
  JudgeSize(plan, half, points_per_s, verdict);
  JudgeLog(plan, half, verdict);
  return verdict;
}

}  // namespace xtdb::bench
