#pragma once

#include "vtab/csv/csv_reader.h"

namespace xtdb {

// What `raw` gives, unpacked if it begins as gzip (RFC 1952) or zstd (RFC 8878) does; several of
// them may stand one behind the other. Everything else goes through as it is.
//   is_compressed: set, once the first bytes are read; must outlive the source; may be null
// kCorruption: the packed data are damaged or end early.
CsvSource Decompressed(CsvSource raw, bool* is_compressed);

}  // namespace xtdb
