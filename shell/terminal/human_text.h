#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace xtdb {

// Figures as a person reads them.
std::string CountText(uint64_t count);                         // "1,234,567"
std::string CountText(uint64_t count, std::string_view noun);  // "1 tag", "1,234 tags"
std::string BytesText(uint64_t bytes);                         // "512 B", "16.0 KiB", "3.2 MiB"
std::string SecondsText(int64_t duration_us);  // "0.004 s", "12.3 s", "3 min 05 s", "2 h 07 min"
std::string RateText(uint64_t count, int64_t duration_us);  // "1,234,567", "-" without a duration
std::string RatioText(uint64_t bytes, uint64_t points);     // "3.21", "1,234", "-" without points

// A JSON string, quotes included, of ASCII and whole characters of UTF-8. A byte that is none
// becomes U+FFFD, since a parser would refuse it.
std::string JsonText(std::string_view text);

}  // namespace xtdb
