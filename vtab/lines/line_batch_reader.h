#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/status.h"
#include "vtab/csv/csv_batch_reader.h"
#include "vtab/csv/csv_reader.h"
#include "vtab/csv/csv_tag_table.h"
#include "vtab/csv/csv_time_parser.h"
#include "vtab/lines/line_record.h"
#include "vtab/lines/text_batch_reader.h"

namespace xtdb {

// Whether a file, of which `sample` is the beginning, is of InfluxDB's line protocol: its first
// line that is no comment is.
bool LooksLikeLines(std::string_view sample);

// The unit of the times in `sample`, told by their size.
CsvTimeFormat DetectLineUnit(std::string_view sample);

struct LineOptions {
  CsvTimeFormat unit = CsvTimeFormat::kNanoseconds;
  std::string quality_field;  // behind others in a line it is their quality; empty: there is none
};

// Reads a file of InfluxDB's line protocol in batches of points. A field is a point of the tag
// SERIES.FIELD, where SERIES is what SeriesName says; a field `value` is one of the tag SERIES.
// Fields with i and u are integers, t, f, true and false bools, quoted ones texts, others reals.
// Lines that begin with # are comments, and a CREATE DATABASE is passed over.
class LineBatchReader final : public TextBatchReader {
 public:
  // options.now_us is not used: a line without a time is bad.
  LineBatchReader(CsvReader& reader, CsvTagTable& tags, LineOptions lines,
                  const CsvBatchOptions& options);

 private:
  struct Field {
    std::string key;
    uint32_t tag;
    bool is_bool;  // and is known as one
  };
  struct Series {
    std::string name;
    std::vector<Field> fields;
    size_t next = 0;  // that is likely to come next
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  size_t FindEnd(std::string_view text) const override { return FindLineEnd(text); }
  bool IsSkipped(std::string_view line) const override;
  Status TakeLine(std::string_view line, CsvBatch& batch) override;
  void ForgetText() override { last_series_ = nullptr; }

  Result<Series*> FindSeries(std::string_view text);
  Field& FindField(Series& series, std::string_view key);
  Result<CsvBatchPoint> ParseValue(std::string_view value, std::string_view& text);
  Result<Quality> TakeQuality();

  const LineOptions lines_;
  CsvTimeParser times_;
  std::unordered_map<std::string, Series, Hash, std::equal_to<>> series_;
  std::string_view last_text_;  // of the series that came last
  Series* last_series_ = nullptr;
  LineRecord record_;
  std::string text_;  // unescaped, with slack behind it
};

}  // namespace xtdb
