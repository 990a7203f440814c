#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/catalog/tag_dictionary.h"
#include "shell/export/text_buffer.h"

namespace xtdb {

enum class ExportFormat : uint8_t {
  kCsv,    // tag,time,value,quality
  kJson,   // an object a line
  kLines,  // InfluxDB's line protocol
};

// Writes points as text. The formats, and what each cannot say, are in docs/program.md.
//
// Threads: one at a time.
class PointFormatter {
 public:
  // definitions: of kCsv and kJson, to write the tags' definitions in front
  static std::unique_ptr<PointFormatter> Make(ExportFormat format, bool definitions);
  virtual ~PointFormatter() = default;

  // What stands in front of all points. kUnsupported: the format cannot say one of the names.
  virtual Status Begin(const std::vector<TagPtr>& tags, TextBuffer& out) = 0;
  // What follows is of `tag`.
  virtual void BeginTag(const TagDefinition& tag) = 0;
  // Rows [begin, end), none of them a tombstone. Returns how many the format cannot say.
  virtual uint64_t Append(const PointColumns& columns, size_t begin, size_t end,
                          TextBuffer& out) = 0;
};

}  // namespace xtdb
