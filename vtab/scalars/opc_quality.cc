#include "vtab/scalars/opc_quality.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace xtdb {
namespace {

constexpr uint8_t kLimitMask = 0x03;
constexpr uint8_t kStatusMask = 0xFC;
constexpr uint32_t kUaCodeMask = 0xFFFF'0000;
constexpr uint32_t kUaInfoDataValue = 0x0400;
constexpr uint32_t kUaInfoMask = 0x0C00;
constexpr int kUaLimitShift = 8;

struct SubStatus {
  uint8_t quality;
  uint32_t ua;
  std::string_view text;  // behind the class
};

// Of two with the same code the first is its counterpart.
constexpr auto kStatuses =
    std::to_array<SubStatus>({{0xC0, 0x0000'0000, ""},
                              {0xD8, 0x0096'0000, "local override"},
                              {0x40, 0x4000'0000, ""},
                              {0x44, 0x4090'0000, "last usable value"},
                              {0x50, 0x4093'0000, "sensor not accurate"},
                              {0x54, 0x4094'0000, "engineering units exceeded"},
                              {0x58, 0x4095'0000, "sub-normal"},
                              {0x00, 0x8000'0000, ""},
                              {0x04, 0x8089'0000, "configuration error"},
                              {0x08, 0x808A'0000, "not connected"},
                              {0x0C, 0x808B'0000, "device failure"},
                              {0x10, 0x808C'0000, "sensor failure"},
                              {0x1C, 0x808D'0000, "out of service"},
                              {0x14, 0x808D'0000, "last known value"},
                              {0x18, 0x8031'0000, "no communication"},
                              {0x20, 0x8032'0000, "waiting for initial data"}});

constexpr std::array<std::string_view, 4> kLimits = {"", "limited low", "limited high", "constant"};

const SubStatus* Find(uint8_t quality) {
  const auto found = std::find_if(kStatuses.begin(), kStatuses.end(), [&](const SubStatus& status) {
    return status.quality == (quality & kStatusMask);
  });
  return found == kStatuses.end() ? nullptr : &*found;
}

std::string_view ClassText(QualityClass quality) {
  switch (quality) {
    case QualityClass::kGood:
      return "good";
    case QualityClass::kUncertain:
      return "uncertain";
    case QualityClass::kBad:
      return "bad";
  }
  return "";
}

}  // namespace

QualityClass QualityClassOf(uint8_t quality) {
  switch (quality >> 6) {
    case 3:
      return QualityClass::kGood;
    case 1:
      return QualityClass::kUncertain;
    default:
      return QualityClass::kBad;
  }
}

uint32_t QualityToUa(uint8_t quality) {
  constexpr std::array<uint32_t, 3> kOfClass = {0x8000'0000, 0x4000'0000, 0x0000'0000};
  const SubStatus* const known = Find(quality);
  const uint32_t code =
      known != nullptr ? known->ua : kOfClass[static_cast<size_t>(QualityClassOf(quality))];
  const uint32_t limit = quality & kLimitMask;
  return limit == 0 ? code : code | kUaInfoDataValue | limit << kUaLimitShift;
}

uint8_t QualityFromUa(uint32_t status_code) {
  const auto found = std::find_if(kStatuses.begin(), kStatuses.end(), [&](const SubStatus& status) {
    return status.ua == (status_code & kUaCodeMask);
  });
  // Severities: good, uncertain, bad, and a fourth that is reserved.
  constexpr std::array<uint8_t, 4> kOfSeverity = {0xC0, 0x40, 0x00, 0x00};
  const uint8_t quality =
      found != kStatuses.end() ? found->quality : kOfSeverity[status_code >> 30];
  if ((status_code & kUaInfoMask) != kUaInfoDataValue) return quality;
  return static_cast<uint8_t>(quality | (status_code >> kUaLimitShift & kLimitMask));
}

std::string QualityText(uint8_t quality) {
  std::string text(ClassText(QualityClassOf(quality)));
  std::string_view separator = ": ";
  const auto add = [&](std::string_view part) {
    if (part.empty()) return;
    text += std::string(separator) + std::string(part);
    separator = ", ";
  };
  const SubStatus* const known = Find(quality);
  if (known != nullptr) {
    add(known->text);
  } else {
    add("sub-status " + std::to_string(quality >> 2 & 0x0F));
  }
  add(kLimits[quality & kLimitMask]);
  return text;
}

}  // namespace xtdb
