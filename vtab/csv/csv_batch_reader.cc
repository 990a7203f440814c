#include "vtab/csv/csv_batch_reader.h"

#include <utility>

#include "vtab/csv/fast_fields.h"
#include "vtab/text/quote_text.h"

namespace xtdb {

CsvBatchReader::CsvBatchReader(CsvReader& reader, CsvTagTable& tags, CsvSchema schema,
                               const CsvBatchOptions& options)
    : PointBatchReader(reader, tags, options),
      parser_(std::move(schema), options.now_us),
      schema_(parser_.schema()),
      times_(schema_.time_format, options.now_us, schema_.time_zone.get()),
      lines_(reader, schema_.separator, schema_.column_count),
      may_be_plain_(schema_.separator != '\n' && schema_.separator != '\r' &&
                    schema_.separator != '"'),
      point_(schema_.decimal_comma ? ',' : '.'),
      header_ahead_(schema_.header) {
  if (schema_.layout == CsvLayout::kWide) {
    for (const CsvTagColumn& column : schema_.tag_columns) {
      tag_of_column_.push_back(tags.Number(column.tag));
    }
  } else if (!schema_.tag_column) {
    stated_tag_ = tags.Number(schema_.tag);
  }
}

Status CsvBatchReader::Fill(CsvBatch& batch) {
  Status filled = FillLines(batch);
  lines_.Synchronize();
  return filled;
}

Status CsvBatchReader::FillLines(CsvBatch& batch) {
  // The first call may find nothing read: then the first line is cut.
  lines_.Refresh();
  while (!ended() && !IsFull(batch)) {
    switch (TakePlainLines(batch)) {
      case CsvLineIndex::Line::kPlain:
        break;
      case CsvLineIndex::Line::kOdd:
        XTDB_RETURN_IF_ERROR(TakeOddRecord(batch));
        break;
      case CsvLineIndex::Line::kCut:
        lines_.Synchronize();
        if (lines_.needs_read()) {
          if (!batch.empty()) return Status();
          XTDB_RETURN_IF_ERROR(reader().ReadOn());
        } else if (lines_.untouched()) {
          XTDB_RETURN_IF_ERROR(TakeOddRecord(batch));
          break;
        }
        lines_.Drop();
        lines_.Refresh();
        break;
    }
  }
  return Status();
}

// Until the batch is full or a line is not plain.
CsvLineIndex::Line CsvBatchReader::TakePlainLines(CsvBatch& batch) {
  if (header_ahead_ || !may_be_plain_) return CsvLineIndex::Line::kOdd;
  const bool wide = schema_.layout == CsvLayout::kWide;
  while (!IsFull(batch)) {
    const CsvLineIndex::Line line = lines_.Look();
    if (line != CsvLineIndex::Line::kPlain) return line;
    if (wide ? !TakeWideLine(batch) : !TakeLongLine(batch)) return CsvLineIndex::Line::kOdd;
    lines_.Take();
  }
  return CsvLineIndex::Line::kPlain;
}

// False, with nothing added: a field is bad, which CsvReader and PointParser will put into words.
bool CsvBatchReader::TakeLongLine(CsvBatch& batch) {
  CsvBatchPoint point;
  if (!times_.Parse(lines_.Field(schema_.time_column), point.ts_us)) return false;
  point.tag = stated_tag_;
  if (schema_.tag_column) {
    std::string_view tag = lines_.Field(*schema_.tag_column);
    if (tag.empty()) return false;
    if (IsBlank(tag.front()) || IsBlank(tag.back())) tag = TrimBlanks(tag);
    if (tag.empty()) return false;
    point.tag = tags().Number(tag);
  }
  point.quality = options().quality;
  if (schema_.quality_column &&
      !ReadQuality(lines_.Field(*schema_.quality_column), point.quality)) {
    return false;
  }
  AddValue(lines_.Field(schema_.value_column), point, batch);
  batch.EndRecord(lines_.line());
  return true;
}

bool CsvBatchReader::TakeWideLine(CsvBatch& batch) {
  CsvBatchPoint point;
  if (!times_.Parse(lines_.Field(schema_.time_column), point.ts_us)) return false;
  point.quality = options().quality;
  const size_t points_before = batch.points().size();
  for (size_t i = 0; i < tag_of_column_.size(); ++i) {
    const std::string_view field = lines_.Field(schema_.tag_columns[i].column);
    if (field.empty() || TrimBlanks(field).empty()) continue;
    point.tag = tag_of_column_[i];
    AddValue(field, point, batch);
  }
  if (batch.points().size() > points_before) batch.EndRecord(lines_.line());
  return true;
}

void CsvBatchReader::AddValue(std::string_view field, CsvBatchPoint point, CsvBatch& batch) const {
  CsvNumber number;
  if (ReadPlainNumber(field.data(), field.size(), point_, number)) [[likely]] {
    point.type = number.type;
    point.bits = number.bits;
  } else {
    CsvPoint general;
    parser_.ParseValue(field, false, general);
    point.type = general.type;
    point.bits = general.point.bits;
  }
  batch.AddPoint(point, field);
}

bool CsvBatchReader::ReadQuality(std::string_view field, Quality& quality) {
  if (field != quality_text_) {
    const Result<Quality> read = ParseCsvQuality(field);
    if (!read.ok()) return false;
    quality_text_ = field;
    quality_ = read.value();
  }
  quality = quality_;
  return true;
}

Status CsvBatchReader::TakeOddRecord(CsvBatch& batch) {
  lines_.Synchronize();
  const Result<bool> more = reader().Next(record_);
  lines_.Refresh();
  Status status = more.status();
  if (status.ok()) {
    if (!more.value()) {
      End();
      return Status();
    }
    if (std::exchange(header_ahead_, false)) return Status();
    status = parser_.Parse(record_, record_points_);
    if (status.ok()) {
      AddRecord(batch);
      return Status();
    }
  }
  // Whatever else went wrong, the reader cannot go on.
  if (status.code() != StatusCode::kInvalidArgument) return status;
  batch.AddBadRecord(std::move(status));
  if (options().ends_at_bad_record) End();
  return Status();
}

void CsvBatchReader::AddRecord(CsvBatch& batch) {
  if (record_points_.empty()) return;
  for (const CsvPoint& from : record_points_) {
    CsvBatchPoint point;
    point.ts_us = from.point.ts_us;
    point.bits = from.point.bits;
    point.tag = tags().Number(from.tag);
    point.type = from.type;
    point.quality = schema_.quality_column ? from.point.quality : options().quality;
    batch.AddPoint(point, from.point.text);
  }
  batch.EndRecord(record_.line);
}

}  // namespace xtdb
