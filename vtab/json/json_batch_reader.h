#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "vtab/csv/csv_batch_reader.h"
#include "vtab/csv/csv_reader.h"
#include "vtab/csv/csv_schema.h"
#include "vtab/csv/csv_tag_table.h"
#include "vtab/csv/csv_time_parser.h"
#include "vtab/json/json_columns.h"
#include "vtab/json/json_record.h"
#include "vtab/lines/text_batch_reader.h"

namespace xtdb {

// Whether a file, of which `sample` is the beginning, is JSON: no other format begins with a brace
// or a bracket.
bool LooksLikeJson(std::string_view sample);

struct JsonTimeFormats {
  CsvTimeFormat texts = CsvTimeFormat::kIso;
  CsvTimeFormat numbers = CsvTimeFormat::kSeconds;  // whose field has no unit in its name
};
// What the times in `sample` are: as options.time_format states, else told by form and size.
JsonTimeFormats DetectJsonTimeFormats(std::string_view sample, const CsvOptions& options);

struct JsonOptions {
  CsvOptions columns;  // layout, names of fields, tag and time zone count
  JsonTimeFormats times;
  std::string file_tag;  // of objects with a time and a value only; empty: the value's name
};

// Reads a file of JSON lines in batches of points: {"tag":"t","time":"2026-01-01","value":1.5}. An
// object without a value, or with others beside it and no tag, is wide: each other field is a point
// of the tag with its name, behind the object's tag and a dot, if it has one; null is none there.
// Whole numbers are integers, true and false bools, and the texts NaN, Infinity and -Infinity
// numbers, unless the tag is text. An object with a tag and no time says what the tag is, by type,
// unit, description and step.
class JsonBatchReader final : public TextBatchReader {
 public:
  JsonBatchReader(CsvReader& reader, CsvTagTable& tags, JsonOptions json,
                  const CsvBatchOptions& options);

 private:
  bool IsSkipped(std::string_view line) const override;
  Status TakeLine(std::string_view line, CsvBatch& batch) override;

  Status TakeDefinition(CsvBatch& batch);
  Result<int64_t> ParseTime();
  Result<Quality> ParseQuality() const;
  Result<std::string_view> ParseTag() const;
  Status TakePoint(CsvBatchPoint point, CsvBatch& batch);
  Status TakeWide(CsvBatchPoint point, CsvBatch& batch);
  void AddPoint(CsvBatchPoint point, const JsonField& value, CsvBatch& batch);
  void DefineBool(uint32_t tag, CsvBatch& batch);
  const JsonField& field(size_t column) const { return record_.fields()[column]; }

  const JsonOptions json_;
  CsvTimeParser text_times_;
  CsvTimeParser number_times_;
  JsonRecord record_;
  JsonColumns columns_;
  std::vector<bool> is_bool_;  // [tag] and is known as one
  std::string name_;           // of a wide object's tag
};

}  // namespace xtdb
