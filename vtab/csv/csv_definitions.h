#pragma once

#include <string_view>

#include "engine/base/status.h"
#include "vtab/csv/csv_batch.h"
#include "vtab/csv/csv_reader.h"

namespace xtdb {

// What a file says of a tag; an empty text says nothing.
struct DefinitionTexts {
  std::string_view name;
  std::string_view type;
  std::string_view unit;
  std::string_view description;
  std::string_view step;  // a switch: a value holds until the next, or lines join them
};
// kInvalidArgument: no name, no such type, or no switch.
Result<CsvTagDefinition> ParseTagDefinition(const DefinitionTexts& texts);

// What the lines begin with that say what tags are; they stand in front of a file, even of its
// header:
//   #tag,boiler.temp,float64,degC,"feed water, behind the pump",0
// Behind the name come type, unit, description and step (1: a value holds until the next, 0: lines
// join them); what is empty or left out is not said.
inline constexpr std::string_view kCsvDefinitionMark = "#tag,";

// Moves those lines from the reader, which has not read yet and cuts at commas, to `batch`; a bad
// one becomes a bad record.
Status ReadCsvDefinitions(CsvReader& reader, CsvBatch& batch);

}  // namespace xtdb
