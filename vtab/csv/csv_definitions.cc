#include "vtab/csv/csv_definitions.h"

#include <string>

#include "engine/transaction/value.h"
#include "vtab/text/option_text.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr size_t kFields = 6;

Result<CsvTagDefinition> ParseRecord(const CsvRecord& record) {
  if (record.fields.size() < 2 || record.fields.size() > kFields) {
    return Status::InvalidArgument("a definition is #tag,name,type,unit,description,step");
  }
  const auto field = [&record](size_t i) {
    return i < record.fields.size() ? record.fields[i] : std::string_view();
  };
  return ParseTagDefinition({field(1), field(2), field(3), field(4), field(5)});
}

}  // namespace

Result<CsvTagDefinition> ParseTagDefinition(const DefinitionTexts& texts) {
  CsvTagDefinition definition;
  definition.name = texts.name;
  if (definition.name.empty()) return Status::InvalidArgument("the tag is empty");
  if (!texts.type.empty()) {
    XTDB_ASSIGN_OR_RETURN(definition.type, ParseValueType(texts.type));
  }
  if (!texts.unit.empty()) definition.unit = std::string(texts.unit);
  if (!texts.description.empty()) definition.description = std::string(texts.description);
  if (!texts.step.empty()) {
    const Result<bool> step = ParseBool(texts.step);
    if (!step.ok()) {
      return Status::InvalidArgument("step is " + QuoteForMessage(texts.step) +
                                     "; write 1 (a value holds until the next) or 0 (lines)");
    }
    definition.interpolation = step.value() ? Interpolation::kStepped : Interpolation::kSloped;
  }
  return definition;
}

Status ReadCsvDefinitions(CsvReader& reader, CsvBatch& batch) {
  CsvRecord record;
  for (;;) {
    XTDB_ASSIGN_OR_RETURN(const CsvReader::Beginning beginning, reader.Peek());
    if (!beginning.text.starts_with(kCsvDefinitionMark)) return {};
    const uint64_t line = reader.ahead().line;
    const Result<bool> more = reader.Next(record);
    Status status = more.status();
    if (status.ok()) {
      Result<CsvTagDefinition> definition = ParseRecord(record);
      status = definition.status().WithContext("line " + std::to_string(line));
      if (status.ok()) {
        definition.value().line = line;
        batch.definitions.push_back(std::move(definition).value());
      }
    }
    if (status.ok()) continue;
    if (status.code() != StatusCode::kInvalidArgument) return status;
    batch.AddBadRecord(std::move(status));
  }
}

}  // namespace xtdb
