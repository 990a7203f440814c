#pragma once

#include <string>

#include "engine/base/types.h"

namespace xtdb {

inline constexpr size_t kTagNameBytesMax = 1024;  // at least 1
inline constexpr size_t kTagUnitBytesMax = 256;
inline constexpr size_t kTagDescriptionBytesMax = 4096;

// What a signal is between two points, as OPC UA's Stepped says; a reader may say otherwise.
enum class Interpolation : uint8_t {
  kUnset = 0,
  kStepped = 1,  // the value before holds
  kSloped = 2,   // a straight line joins them
};
inline constexpr uint8_t kInterpolationLast = 2;

// A named signal as the catalogue and the log's DEFINE_TAG records keep it. A later record of the
// same id replaces all but the name.
struct TagDefinition {
  TagId id = kNoTag;
  ValueType type = ValueType::kNone;
  std::string name;
  std::string unit;
  std::string description;
  Interpolation interpolation = Interpolation::kUnset;
  bool operator==(const TagDefinition&) const = default;
};

}  // namespace xtdb
