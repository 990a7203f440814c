#include "vtab/table_import.h"

#include <array>
#include <atomic>
#include <charconv>
#include <optional>

#include "engine/io/input_file.h"
#include "vtab/connection.h"
#include "vtab/container_session.h"
#include "vtab/interrupt_probe.h"
#include "vtab/sqlite_glue.h"
#include "vtab/text/option_text.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr std::array<std::string_view, 14> kKeys = {
    "tag",         "delimiter",   "decimal",    "header",       "layout",
    "time_format", "time_column", "tag_column", "value_column", "quality_column",
    "on_error",    "quality",     "format",     "timezone"};

Status BadOption(const ModuleArgument& option, std::string_view forms) {
  return Status::InvalidArgument("option " + option.key + " is " + QuoteForMessage(option.value) +
                                 "; write " + std::string(forms));
}

Status ReadDelimiter(const ModuleArgument& option, CsvOptions& csv) {
  if (option.value == "tab" || option.value == "\\t") {
    csv.separator = '\t';
  } else if (option.value.size() == 1) {
    csv.separator = option.value[0];
  } else {
    return BadOption(option, "one character, or tab");
  }
  return {};
}

Status ReadDecimal(const ModuleArgument& option, CsvOptions& csv) {
  if (option.value != "point" && option.value != "comma") {
    return BadOption(option, "point or comma");
  }
  csv.decimal_comma = option.value == "comma";
  return {};
}

Status ReadLayout(const ModuleArgument& option, CsvOptions& csv) {
  if (option.value != "long" && option.value != "wide") return BadOption(option, "long or wide");
  csv.layout = option.value == "wide" ? CsvLayout::kWide : CsvLayout::kLong;
  return {};
}

Status ReadFormat(const ModuleArgument& option, CsvImportOptions& options) {
  if (option.value == "csv") {
    options.format = ImportFormat::kCsv;
  } else if (option.value == "json") {
    options.format = ImportFormat::kJson;
  } else if (option.value == "lines") {
    options.format = ImportFormat::kLines;
  } else {
    return BadOption(option, "csv, json or lines");
  }
  return {};
}

Status ReadOnError(const ModuleArgument& option, CsvImportOptions& options) {
  if (option.value != "stop" && option.value != "skip") return BadOption(option, "stop or skip");
  options.skip_bad_lines = option.value == "skip";
  return {};
}

Status ReadQuality(const ModuleArgument& option, CsvImportOptions& options) {
  const char* const end = option.value.data() + option.value.size();
  const auto [next, error] = std::from_chars(option.value.data(), end, options.quality);
  if (error != std::errc() || next != end) return BadOption(option, "a number from 0 to 255");
  return {};
}

Status ReadOption(const ModuleArgument& option, CsvImportOptions& options) {
  CsvOptions& csv = options.csv;
  if (option.key == "delimiter") return ReadDelimiter(option, csv);
  if (option.key == "decimal") return ReadDecimal(option, csv);
  if (option.key == "layout") return ReadLayout(option, csv);
  if (option.key == "on_error") return ReadOnError(option, options);
  if (option.key == "quality") return ReadQuality(option, options);
  if (option.key == "format") return ReadFormat(option, options);
  if (option.key == "timezone") {
    XTDB_ASSIGN_OR_RETURN(csv.time_zone, TimeZone::Load(option.value));
  } else if (option.key == "header") {
    XTDB_ASSIGN_OR_RETURN(csv.header, ParseBool(option.value));
  } else if (option.key == "time_format") {
    XTDB_ASSIGN_OR_RETURN(csv.time_format, ParseCsvTimeFormat(option.value));
  } else {
    std::string& text = option.key == "tag"            ? csv.tag
                        : option.key == "time_column"  ? csv.time_column
                        : option.key == "tag_column"   ? csv.tag_column
                        : option.key == "value_column" ? csv.value_column
                                                       : csv.quality_column;
    text = option.value;
  }
  return {};
}

// The caller's transaction, which SQLite begins and ends.
class SessionTransactions : public PointTransactions {
 public:
  explicit SessionTransactions(ContainerSession& session) : session_(session) {}
  Result<Transaction*> Begin() override { return session_.Write(); }
  Status Commit() override { return {}; }

 private:
  ContainerSession& session_;
};

}  // namespace

Result<CsvImportOptions> ParseImportOptions(std::string_view text) {
  const std::vector<std::string_view> parts = SplitAtCommas(text);
  XTDB_ASSIGN_OR_RETURN(const std::vector<ModuleArgument> given,
                        ParseOptions(parts, {kKeys, "time_format=dmy or delimiter=';'"}));
  CsvImportOptions options;
  for (const ModuleArgument& option : given) XTDB_RETURN_IF_ERROR(ReadOption(option, options));
  return options;
}

Status RunTableImport(Connection& connection, ContainerSession& session) {
  ImportCall* const call = connection.import_call();
  if (call == nullptr) {
    return Status::InvalidArgument(
        "command 'import' is a part of xtdb_import; write SELECT xtdb_import('plant', "
        "'plant.csv')");
  }
  XTDB_RETURN_IF_ERROR(CheckIsRegularFile(call->file));
  XTDB_ASSIGN_OR_RETURN(Transaction* const transaction, session.Write());
  const Mark before = transaction->TakeMark();
  const MarkHold hold = transaction->Hold(before);
  std::string first_bad_line;
  InterruptProbe probe(connection);
  CsvImportHooks hooks;
  hooks.is_stopped = [] { return false; };
  hooks.on_batch = [&](const CsvProgress&) { return probe.Check(); };
  hooks.on_bad_line = [&](const std::string& file, const Status& reason) {
    if (first_bad_line.empty()) first_bad_line = file + ": " + std::string(reason.message());
  };
  SessionTransactions transactions(session);
  CsvImport import(call->options, transactions, session.engine().clock(), hooks);
  // "-" would be standard input.
  Status read = import.ReadFile(call->file == "-" ? "./-" : call->file);
  if (read.ok()) read = import.Finish();
  if (!read.ok()) {
    transaction->RollbackTo(before);
    return read;
  }
  call->rows = import.written().rows();
  if (import.bad_lines() > 0) {
    session.engine().events().Add(
        session.engine().clock().NowUs(), EventLevel::kWarning, "import",
        std::to_string(import.bad_lines()) + " bad lines left out, the first: " + first_bad_line);
  }
  return {};
}

}  // namespace xtdb
