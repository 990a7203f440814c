#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/status.h"
#include "vtab/csv/csv_batch_reader.h"
#include "vtab/csv/csv_reader.h"
#include "vtab/csv/csv_tag_table.h"
#include "vtab/csv/point_parser.h"

namespace xtdb {

struct CsvOutcomePoint {
  std::string tag;
  int64_t ts_us = 0;
  ValueType type = ValueType::kNone;
  ValueBits bits = 0;
  Quality quality = kQualityGood;
  std::string text;

  friend bool operator==(const CsvOutcomePoint&, const CsvOutcomePoint&) = default;
};

// One record: its points, or why it is bad.
struct CsvOutcomeRecord {
  uint64_t line = 0;  // 0 of a bad one, whose reason tells it
  std::vector<CsvOutcomePoint> points;
  std::string bad;

  friend bool operator==(const CsvOutcomeRecord&, const CsvOutcomeRecord&) = default;
};

// What a file says, read by the two ways; records without points are left out.
struct CsvOutcome {
  std::vector<CsvOutcomeRecord> records;
  std::string failure;

  friend bool operator==(const CsvOutcome&, const CsvOutcome&) = default;
};

// For messages.
inline std::string Show(const CsvOutcome& outcome) {
  std::string text;
  for (const CsvOutcomeRecord& record : outcome.records) {
    text += record.bad.empty() ? "line " + std::to_string(record.line) : "bad " + record.bad;
    for (const CsvOutcomePoint& point : record.points) {
      text += "; " + point.tag + " " + std::to_string(point.ts_us) + " type " +
              std::to_string(static_cast<int>(point.type)) + " bits " + std::to_string(point.bits) +
              " quality " + std::to_string(point.quality) + " '" + point.text + "'";
    }
    text += "\n";
  }
  return text + outcome.failure + "\n";
}

inline CsvOutcome ReadByRecord(CsvReader& reader, CsvSchema schema, int64_t now_us = 0) {
  bool header = schema.header;
  PointParser parser(std::move(schema), now_us);
  CsvOutcome outcome;
  CsvRecord record;
  std::vector<CsvPoint> points;
  for (;;) {
    const Result<bool> more = reader.Next(record);
    Status status = more.status();
    if (status.ok()) {
      if (!more.value()) return outcome;
      if (std::exchange(header, false)) continue;
      status = parser.Parse(record, points);
    } else if (status.code() != StatusCode::kInvalidArgument) {
      outcome.failure = status.message();
      return outcome;
    }
    if (!status.ok()) {
      outcome.records.push_back({0, {}, std::string(status.message())});
      continue;
    }
    if (points.empty()) continue;
    outcome.records.push_back({record.line, {}, ""});
    for (const CsvPoint& point : points) {
      outcome.records.back().points.push_back({std::string(point.tag), point.point.ts_us,
                                               point.type, point.point.bits, point.point.quality,
                                               std::string(point.point.text)});
    }
  }
}

inline void AddBatch(const CsvBatch& batch, const CsvTagTable& tags, CsvOutcome& outcome) {
  auto bad = batch.bad_records().begin();
  size_t begin = 0;
  for (size_t i = 0; i <= batch.records().size(); ++i) {
    for (; bad != batch.bad_records().end() && bad->records_before == i; ++bad) {
      outcome.records.push_back({0, {}, std::string(bad->reason.message())});
    }
    if (i == batch.records().size()) return;
    outcome.records.push_back({batch.line(i), {}, ""});
    for (; begin < batch.records()[i].points_end; ++begin) {
      const CsvBatchPoint& point = batch.points()[begin];
      outcome.records.back().points.push_back({std::string(tags.name(point.tag)), point.ts_us,
                                               point.type, point.bits, point.quality,
                                               std::string(batch.text(point))});
    }
  }
}

// tags: those of `batches`
inline CsvOutcome ReadAllBatches(PointBatchReader& batches, const CsvTagTable& tags) {
  CsvOutcome outcome;
  CsvBatch batch;
  for (;;) {
    const Result<bool> more = batches.Next(batch);
    if (!more.ok()) outcome.failure = more.status().message();
    if (!more.ok() || !more.value()) return outcome;
    AddBatch(batch, tags, outcome);
  }
}

inline CsvOutcome ReadByBatch(CsvReader& reader, CsvSchema schema,
                              const CsvBatchOptions& options = {}) {
  CsvTagTable tags;
  CsvBatchReader batches(reader, tags, std::move(schema), options);
  return ReadAllBatches(batches, tags);
}

}  // namespace xtdb
