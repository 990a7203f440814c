#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/io/clock.h"
#include "vtab/csv/csv_batch_reader.h"
#include "vtab/csv/csv_point_writer.h"
#include "vtab/csv/csv_schema.h"
#include "vtab/csv/csv_tag_table.h"
#include "vtab/csv/point_batch_reader.h"

namespace xtdb {

enum class ImportFormat : uint8_t {
  kDetect,
  kCsv,
  kLines,  // InfluxDB's line protocol; of `csv` only time_format (a unit) and quality_column count
  kJson,   // an object a line; of `csv` what JsonOptions names
};

struct CsvImportOptions {
  ImportFormat format = ImportFormat::kDetect;
  CsvOptions csv;
  bool skip_bad_lines = false;
  Quality quality = kQualityGood;  // of files that have no column for it
  uint64_t rows_per_commit = 0;    // 0: all files are one transaction
};

struct CsvProgress {
  const std::string& file;  // as a person reads it
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;  // 0: not known, as of a pipe
};

struct CsvImportHooks {
  // Looked at while input is awaited and between batches, by two threads; true ends the import as
  // an error does.
  std::function<bool()> is_stopped;
  // Between batches, in the caller's thread; an error ends the import.
  std::function<Status(const CsvProgress&)> on_batch;
  // A line that is left out.
  std::function<void(const std::string& file, const Status& reason)> on_bad_line;
};

// Reads files of CSV, JSON lines and line protocol, packed by gzip or zstd or not, into
// transactions: what each file is, is detected from its beginning, as far as the options do not
// say. A file of times and values only is of the tag that it is named after.
//
// Ownership: borrows everything.
// Threads:   one at a time; of a long file another one reads ahead.
class CsvImport {
 public:
  CsvImport(const CsvImportOptions& options, PointTransactions& transactions, Clock& clock,
            const CsvImportHooks& hooks)
      : options_(options),
        clock_(clock),
        hooks_(hooks),
        writer_(transactions, options.rows_per_commit) {}

  // "-": standard input. An error names the file and, where it lies in one, the line; what is not
  // committed by then is up to the transactions' owner.
  Status ReadFile(const std::string& path);
  // Commits what is not committed.
  Status Finish() { return writer_.Finish(); }

  const CsvPointWriter& written() const { return writer_; }
  uint64_t bad_lines() const { return bad_lines_; }

 private:
  Status ReadOpenFile(const std::string& path, int fd, uint64_t size_bytes);
  Result<std::unique_ptr<PointBatchReader>> MakeBatchReader(const std::string& path,
                                                            CsvReader& reader);
  Status TellBadLine(const std::string& name, const Status& reason);
  ImportFormat FormatOf(std::string_view beginning) const;
  CsvBatchOptions BatchOptions() const;

  const CsvImportOptions& options_;
  Clock& clock_;
  const CsvImportHooks& hooks_;
  CsvPointWriter writer_;
  CsvTagTable tags_;
  uint64_t bad_lines_ = 0;
};

}  // namespace xtdb
