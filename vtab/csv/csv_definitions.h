#pragma once

#include <string_view>

#include "engine/base/status.h"
#include "vtab/csv/csv_batch.h"
#include "vtab/csv/csv_reader.h"

namespace xtdb {

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
