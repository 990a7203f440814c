#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace xtdb::bench {

using WallClock = std::chrono::steady_clock;

// What a soak does, the same in all its processes.
struct SoakPlan {
  double minutes = 30;
  double interval_s = 30;        // between lines
  int processes = 1;             // that write and read
  double points_per_s = 50'000;  // in order, of each process
  uint64_t chunk_mib = 4;
  uint64_t buffer_mib = 8;
  std::filesystem::path folder;
  std::filesystem::path extension;
  int worker = 0;  // this process's number; the first one maintains and judges
  WallClock::time_point start = WallClock::now();

  double seconds() const { return minutes * 60; }
  // Points older than this are dropped: most of a run is then a steady state.
  double window_s() const { return seconds() / 6; }
};

// Tags of the in-order writer of each process, a point a second of the plant's time each. The
// plant's time runs as much faster than the wall's as the rate asks.
inline constexpr int kSoakTags = 100;
inline constexpr int64_t kPlantStartUs = 1'767'225'600'000'000;  // 2026-01-01

inline double ElapsedSeconds(const SoakPlan& plan) {
  return std::chrono::duration<double>(WallClock::now() - plan.start).count();
}
inline double PlantSpeed(const SoakPlan& plan) { return plan.points_per_s / kSoakTags; }
inline int64_t PlantSecond(const SoakPlan& plan) {
  return static_cast<int64_t>(ElapsedSeconds(plan) * PlantSpeed(plan));
}
inline int64_t PlantUs(int64_t second) { return kPlantStartUs + second * 1'000'000; }

}  // namespace xtdb::bench
