#include <span>

#include "vtab/scalars/opc_quality.h"
#include "vtab/scalars/scalar_body.h"
#include "vtab/scalars/scalars.h"

namespace xtdb {
namespace {

using Arguments = std::span<sqlite3_value*>;

Result<uint8_t> QualityOf(sqlite3_value* value) {
  const int64_t quality = sqlite3_value_int64(value);
  if (sqlite3_value_type(value) != SQLITE_INTEGER || quality < 0 || quality > 255) {
    return Status::InvalidArgument("a quality is a whole number from 0 to 255, not " +
                                   ShowValue(value) +
                                   "; quality_from_ua(code) makes one of an OPC UA status code");
  }
  return static_cast<uint8_t>(quality);
}

template <QualityClass wanted>
Status RunIsOfClass(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const uint8_t quality, QualityOf(arguments[0]));
  sqlite3_result_int(context, QualityClassOf(quality) == wanted ? 1 : 0);
  return {};
}

Status RunText(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const uint8_t quality, QualityOf(arguments[0]));
  const std::string text = QualityText(quality);
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return {};
}

Status RunToUa(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const uint8_t quality, QualityOf(arguments[0]));
  sqlite3_result_int64(context, QualityToUa(quality));
  return {};
}

// Many clients hand the code over as a signed number.
Status RunFromUa(sqlite3_context* context, Arguments arguments) {
  const int64_t code = sqlite3_value_int64(arguments[0]);
  if (sqlite3_value_type(arguments[0]) != SQLITE_INTEGER || code < INT32_MIN || code > UINT32_MAX) {
    return Status::InvalidArgument("an OPC UA status code is a whole number of 32 bits, not " +
                                   ShowValue(arguments[0]));
  }
  sqlite3_result_int(context, QualityFromUa(static_cast<uint32_t>(code)));
  return {};
}

constexpr Scalar kScalars[] = {
    {"q_good", 1, RunScalar<RunIsOfClass<QualityClass::kGood>>},
    {"q_uncertain", 1, RunScalar<RunIsOfClass<QualityClass::kUncertain>>},
    {"q_bad", 1, RunScalar<RunIsOfClass<QualityClass::kBad>>},
    {"q_text", 1, RunScalar<RunText>},
    {"quality_to_ua", 1, RunScalar<RunToUa>},
    {"quality_from_ua", 1, RunScalar<RunFromUa>}};

}  // namespace

std::span<const Scalar> QualityScalars() { return kScalars; }

}  // namespace xtdb
