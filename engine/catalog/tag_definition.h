#pragma once

#include <string>

#include "engine/base/types.h"

namespace xtdb {

inline constexpr size_t kTagNameBytesMax = 1024;  // at least 1
inline constexpr size_t kTagUnitBytesMax = 256;
inline constexpr size_t kTagDescriptionBytesMax = 4096;

// A named signal as the catalogue and the log's DEFINE_TAG records keep it. A later record of the
// same id replaces type, unit and description.
struct TagDefinition {
  TagId id = kNoTag;
  ValueType type = ValueType::kNone;
  std::string name;
  std::string unit;
  std::string description;
  bool operator==(const TagDefinition&) const = default;
};

}  // namespace xtdb
