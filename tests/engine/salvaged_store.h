#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "engine/salvage/raw_scanner.h"
#include "engine/salvage/salvager.h"
#include "tests/engine/damaged_store.h"

namespace xtdb {

inline constexpr const char* kSavedPath = "/saved.xtdb";

struct Salvaged {
  Status error;
  SalvageReport report;
  TestPoints points;  // of the output
  std::vector<std::string> problems;
};

// The numbers that StoreWriter's tags have: where a name was lost, the test knows it.
inline std::string TrueName(const std::string& name) {
  constexpr const char* kNames[] = {"bool", "int32", "int64", "float32", "float64", "text"};
  for (int id = 1; id <= 6; ++id) {
    if (name == "tag_" + std::to_string(id)) return kNames[id - 1];
  }
  return name;
}

inline void GiveTrueNames(Salvaged& salvaged) {
  TestPoints points;
  for (auto& [key, point] : salvaged.points) points[{TrueName(key.first), key.second}] = point;
  salvaged.points = std::move(points);
  for (SalvageLoss& loss : salvaged.report.losses) loss.tag = TrueName(loss.tag);
  for (DoubtfulRange& range : salvaged.report.doubtful) range.tag = TrueName(range.tag);
}

inline Salvaged SalvageStore(FaultyFileSystem& fs) {
  Salvaged result;
  FakeClock clock;
  Result<SalvageReport> report =
      Salvager(fs, clock, SmallStoreOptions()).Run(kStorePath, kSavedPath);
  result.error = report.status();
  if (!report.ok()) return result;
  result.report = std::move(report).value();
  EngineOptions options = SmallStoreOptions();
  options.read_only = true;
  options.storage = {};
  auto opened = StorageEngine::Open(fs, clock, kSavedPath, options);
  EXPECT_TRUE(opened.ok()) << opened.status().ToString();
  if (!opened.ok()) return result;
  auto points = ReadAll(*opened.value());
  EXPECT_TRUE(points.ok()) << points.status().ToString();
  if (points.ok()) result.points = std::move(points).value();
  auto checked = opened.value()->Check();
  if (checked.ok()) result.problems = checked.value().problems;
  return result;
}

inline bool IsDoubtful(const SalvageReport& report, const std::string& tag, int64_t ts_us) {
  return std::any_of(report.doubtful.begin(), report.doubtful.end(), [&](const DoubtfulRange& d) {
    return d.tag == tag && d.ts_min_us <= ts_us && ts_us <= d.ts_max_us;
  });
}

inline bool IsReportedLost(const SalvageReport& report, const std::string& tag, int64_t ts_us) {
  return std::any_of(report.losses.begin(), report.losses.end(), [&](const SalvageLoss& loss) {
    const bool any_time = loss.ts_max_us < loss.ts_min_us;
    return (loss.tag.empty() || loss.tag == tag) &&
           (any_time || (loss.ts_min_us <= ts_us && ts_us <= loss.ts_max_us));
  });
}

// What must hold of every salvage: each point of the output is what was stored, unless the report
// doubts it, and each that is missing is reported. Returns what is wrong, empty if nothing is.
inline std::string JudgeSalvage(const TestPoints& truth, Salvaged salvaged) {
  GiveTrueNames(salvaged);
  const auto name = [](const auto& key) { return key.first + " at " + std::to_string(key.second); };
  for (const auto& [key, point] : salvaged.points) {
    const auto stored = truth.find(key);
    const bool is_right = stored != truth.end() && stored->second == point;
    if (!is_right && !IsDoubtful(salvaged.report, key.first, key.second)) {
      return "a point that was never stored: " + name(key);
    }
  }
  for (const auto& [key, point] : truth) {
    if (salvaged.points.contains(key)) continue;
    if (!IsReportedLost(salvaged.report, key.first, key.second)) {
      return "lost without a word: " + name(key);
    }
  }
  if (!salvaged.problems.empty()) return "the output is damaged: " + salvaged.problems.front();
  if (salvaged.report.points != salvaged.points.size()) return "the report counts other points";
  return "";
}

// The byte ranges of vectors and their table rows in the undamaged container.
struct VectorBytes {
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  bool Contains(uint64_t offset) const {
    return std::any_of(ranges.begin(), ranges.end(), [offset](const auto& range) {
      return range.first <= offset && offset < range.second;
    });
  }
};

inline VectorBytes FindVectors(FaultyFileSystem& fs) {
  VectorBytes found;
  auto file = fs.Open(kStorePath, OpenMode::kReadOnly);
  EXPECT_TRUE(file.ok());
  const ContainerSurvey survey = SurveyContainer(*file.value()).value();
  const LayoutCalculator layout = LayoutCalculator::Create(survey.chunk_size_bytes).value();
  const auto blocks = RawScanner(*file.value(), survey.container_id, layout).ScanAll();
  EXPECT_TRUE(blocks.ok());
  for (const ScannedBlock& block : blocks.value()) {
    const size_t count = block.decoded.vectors.size();
    for (size_t i = 0; i < count; ++i) {
      const VectorEntry& vector = block.decoded.vectors[i];
      const uint64_t row = block.offset + sizeof(BlockHead) + i * sizeof(VectorEntry);
      found.ranges.emplace_back(row, row + sizeof(VectorEntry));
      found.ranges.emplace_back(block.offset + vector.offset,
                                block.offset + vector.offset + vector.size_bytes);
    }
  }
  EXPECT_FALSE(found.ranges.empty());
  return found;
}

}  // namespace xtdb
