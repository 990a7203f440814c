// Reads CSV files in memory and prints rows (items) and bytes per second, medians of 7 runs; by
// batches as `xtdb import` does, and by records, which is what reads lines that are not plain.
// Workloads, seed 1, 2 M rows each: long files of 100 tags in turn (tag,time,value) and wide ones
// of 8 tags; ISO times 1 s apart with jitter in microseconds; values of one decimal, of two
// decimals, or doubles in full precision.

#include <benchmark/benchmark.h>

#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "vtab/csv/csv_batch_reader.h"
#include "vtab/csv/csv_reader.h"
#include "vtab/csv/csv_schema.h"
#include "vtab/csv/csv_tag_table.h"
#include "vtab/csv/point_parser.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

constexpr int kRows = 2'000'000;
constexpr int kLongTags = 100;
constexpr int kWideTags = 8;
constexpr int64_t kStartUs = 1'767'225'600'000'000;  // 2026-01-01

enum class Values { kOneDecimal, kTwoDecimals, kDoubles };

class Generator {
 public:
  Generator(CsvLayout layout, Values values) : layout_(layout), values_(values) {}

  std::string Text() {
    std::string text = layout_ == CsvLayout::kLong ? "tag,time,value" : "time";
    if (layout_ == CsvLayout::kWide) {
      for (int tag = 0; tag < kWideTags; ++tag) text += "," + TagName(tag);
    }
    text += '\n';
    for (int row = 0; row < kRows; ++row) AddRow(row, text);
    return text;
  }

 private:
  static std::string TagName(int tag) {
    return "plant.unit" + std::to_string(tag / 10) + ".sensor" + std::to_string(tag);
  }

  void AddRow(int row, std::string& text) {
    const bool is_long = layout_ == CsvLayout::kLong;
    const int64_t second = is_long ? row / kLongTags : row;
    if (is_long) text += TagName(row % kLongTags) + ",";
    text += FormatTime(kStartUs + second * 1'000'000 + static_cast<int64_t>(random_() % 10'000));
    for (int tag = 0; tag < (is_long ? 1 : kWideTags); ++tag) AddValue(text);
    text += '\n';
  }

  void AddValue(std::string& text) {
    char value[40];
    const double drawn = static_cast<double>(random_() % 10'000'000) / 99'991.0;
    const char* const format = values_ == Values::kOneDecimal    ? ",%.1f"
                               : values_ == Values::kTwoDecimals ? ",%.2f"
                                                                 : ",%.17g";
    std::snprintf(value, sizeof(value), format, drawn);
    text += value;
  }

  const CsvLayout layout_;
  const Values values_;
  std::mt19937_64 random_{1};
};

// Made once; the benchmarks run one after another.
const std::string& TextOf(CsvLayout layout, Values values) {
  static std::map<std::pair<CsvLayout, Values>, std::string> texts;
  std::string& text = texts[{layout, values}];
  if (text.empty()) text = Generator(layout, values).Text();
  return text;
}

CsvSchema SchemaOf(CsvReader& reader) {
  const Result<CsvReader::Beginning> beginning = reader.Peek();
  return DetectCsvSchema(beginning.value().text, beginning.value().whole, {}).value();
}

void Report(benchmark::State& state, const std::string& text) {
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kRows);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

void ByBatch(benchmark::State& state, CsvLayout layout, Values values) {
  const std::string& text = TextOf(layout, values);
  for (auto _ : state) {
    CsvReader reader{CsvFromText(text)};
    CsvTagTable tags;
    CsvBatchReader batches(reader, tags, SchemaOf(reader), {});
    CsvBatch batch;
    size_t rows = 0;
    while (batches.Next(batch).value()) rows += batch.records().size();
    if (rows != kRows) state.SkipWithError("not all rows were read");
  }
  Report(state, text);
}

void ByRecord(benchmark::State& state, CsvLayout layout, Values values) {
  const std::string& text = TextOf(layout, values);
  for (auto _ : state) {
    CsvReader reader{CsvFromText(text)};
    PointParser parser(SchemaOf(reader), 0);
    CsvRecord record;
    std::vector<CsvPoint> points;
    size_t rows = 0;
    while (reader.Next(record).value()) rows += parser.Parse(record, points).ok() ? 1 : 0;
    if (rows != kRows) state.SkipWithError("not all rows were read");
  }
  Report(state, text);
}

void Register(const char* name, CsvLayout layout, Values values) {
  const auto add = [&](const char* way, auto* run) {
    benchmark::RegisterBenchmark((std::string(way) + "/" + name).c_str(), run, layout, values)
        ->Unit(benchmark::kMillisecond)
        ->Iterations(1)
        ->Repetitions(7)
        ->ReportAggregatesOnly();
  };
  add("by_batch", ByBatch);
  add("by_record", ByRecord);
}

}  // namespace
}  // namespace xtdb

int main(int argc, char** argv) {
  using xtdb::CsvLayout;
  using xtdb::Values;
  xtdb::Register("long_one_decimal", CsvLayout::kLong, Values::kOneDecimal);
  xtdb::Register("long_two_decimals", CsvLayout::kLong, Values::kTwoDecimals);
  xtdb::Register("long_doubles", CsvLayout::kLong, Values::kDoubles);
  xtdb::Register("wide_one_decimal", CsvLayout::kWide, Values::kOneDecimal);
  xtdb::Register("wide_two_decimals", CsvLayout::kWide, Values::kTwoDecimals);
  xtdb::Register("wide_doubles", CsvLayout::kWide, Values::kDoubles);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
