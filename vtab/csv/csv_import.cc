#include "vtab/csv/csv_import.h"

#include <atomic>
#include <utility>

#include "engine/io/input_file.h"
#include "vtab/csv/csv_batch_pump.h"
#include "vtab/csv/csv_definitions.h"
#include "vtab/csv/csv_reader.h"
#include "vtab/csv/decompressed_source.h"
#include "vtab/json/json_batch_reader.h"
#include "vtab/lines/line_batch_reader.h"

namespace xtdb {
namespace {

std::string DisplayName(const std::string& path) { return path == "-" ? "stdin" : path; }

// `boiler` of `logs/boiler.csv`.
std::string StemOf(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  for (const std::string_view packed : {".gz", ".zst"}) {
    if (name.ends_with(packed)) name.resize(name.size() - packed.size());
  }
  const size_t dot = name.rfind('.');
  return dot == 0 ? name : name.substr(0, dot);
}

// A file with time and value only is of the tag that it is named after: the header says no more
// than "value".
Result<CsvSchema> DetectSchema(const CsvReader::Beginning& beginning, const CsvOptions& options,
                               const std::string& path) {
  Result<CsvSchema> schema = DetectCsvSchema(beginning.text, beginning.whole, options);
  if (path == "-" || !options.tag.empty()) return schema;
  const std::string stem = StemOf(path);
  if (!schema.ok()) {
    CsvOptions with_tag = options;
    with_tag.tag = stem;
    if (options.header.value_or(false) || options.layout == CsvLayout::kWide) return schema;
    Result<CsvSchema> again = DetectCsvSchema(beginning.text, beginning.whole, with_tag);
    return again.ok() && !again.value().header ? std::move(again) : std::move(schema);
  }
  if (schema.value().layout == CsvLayout::kLong && !schema.value().tag_column) {
    schema.value().tag = stem;
  }
  return schema;
}

}  // namespace

Status CsvImport::ReadFile(const std::string& path) {
  const auto read = [&]() -> Status {
    const InputFile file(path);
    XTDB_RETURN_IF_ERROR(file.status());
    return ReadOpenFile(path, file.fd(), file.size_bytes());
  };
  return read().WithContext(DisplayName(path));
}

Status CsvImport::TellBadLine(const std::string& name, const Status& reason) {
  if (!options_.skip_bad_lines) return reason;
  ++bad_lines_;
  hooks_.on_bad_line(name, reason);
  return Status();
}

Status CsvImport::ReadOpenFile(const std::string& path, int fd, uint64_t size_bytes) {
  const std::string name = DisplayName(path);
  std::atomic<bool> cancelled = false;
  bool is_compressed = false;
  const auto is_cancelled = [&] { return cancelled.load() || hooks_.is_stopped(); };
  CsvReader reader(Decompressed(CsvFromDescriptor(fd, is_cancelled), &is_compressed));
  const auto on_bad_line = [&](const Status& reason) { return TellBadLine(name, reason); };
  CsvBatch definitions;
  if (options_.format == ImportFormat::kDetect || options_.format == ImportFormat::kCsv) {
    XTDB_RETURN_IF_ERROR(ReadCsvDefinitions(reader, definitions));
    if (!definitions.empty()) XTDB_RETURN_IF_ERROR(writer_.Write(definitions, on_bad_line));
  }
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<PointBatchReader> batches,
                        MakeBatchReader(path, reader));
  CsvBatchPump pump(*batches, cancelled);
  for (;;) {
    XTDB_ASSIGN_OR_RETURN(const CsvBatch* const batch, pump.Next());
    if (batch == nullptr) return Status();
    XTDB_RETURN_IF_ERROR(writer_.Write(*batch, on_bad_line));
    if (hooks_.is_stopped()) return Status::FailedPrecondition("interrupted");
    // How much of a packed file is read its text does not tell.
    const uint64_t bytes_total = is_compressed ? 0 : size_bytes;
    XTDB_RETURN_IF_ERROR(hooks_.on_batch({name, batch->bytes_consumed, bytes_total}));
  }
}

Result<std::unique_ptr<PointBatchReader>> CsvImport::MakeBatchReader(const std::string& path,
                                                                     CsvReader& reader) {
  XTDB_ASSIGN_OR_RETURN(const CsvReader::Beginning beginning, reader.Peek());
  const ImportFormat format = FormatOf(beginning.text);
  if (format == ImportFormat::kLines) {
    const CsvTimeFormat unit =
        options_.csv.time_format ? *options_.csv.time_format : DetectLineUnit(beginning.text);
    return std::unique_ptr<PointBatchReader>(std::make_unique<LineBatchReader>(
        reader, tags_, LineOptions{unit, options_.csv.quality_column}, BatchOptions()));
  }
  if (format == ImportFormat::kJson) {
    JsonOptions json{options_.csv, DetectJsonTimeFormats(beginning.text, options_.csv),
                     path == "-" ? "" : StemOf(path)};
    return std::unique_ptr<PointBatchReader>(
        std::make_unique<JsonBatchReader>(reader, tags_, std::move(json), BatchOptions()));
  }
  XTDB_ASSIGN_OR_RETURN(CsvSchema schema, DetectSchema(beginning, options_.csv, path));
  reader.set_separator(schema.separator);
  return std::unique_ptr<PointBatchReader>(
      std::make_unique<CsvBatchReader>(reader, tags_, std::move(schema), BatchOptions()));
}

ImportFormat CsvImport::FormatOf(std::string_view beginning) const {
  if (options_.format != ImportFormat::kDetect) return options_.format;
  if (LooksLikeJson(beginning)) return ImportFormat::kJson;
  return LooksLikeLines(beginning) ? ImportFormat::kLines : ImportFormat::kCsv;
}

CsvBatchOptions CsvImport::BatchOptions() const {
  CsvBatchOptions options;
  options.now_us = clock_.NowUs();
  options.quality = options_.quality;
  options.ends_at_bad_record = !options_.skip_bad_lines;
  options.records_per_boundary = options_.rows_per_commit;
  options.records_to_boundary = options_.rows_per_commit == 0 ? 0 : writer_.rows_to_commit();
  return options;
}

}  // namespace xtdb
