#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace xtdb {

// What the parts of an SVG chart share. Lengths are in the units of the drawing.
namespace svg {

inline constexpr double kFontSize = 12;
inline constexpr double kKeyWidth = 22;      // of the sign of a colour, before its text
inline constexpr double kEntriesApart = 20;  // of a legend

inline constexpr const char* kBadColour = "#fad4d4";
inline constexpr const char* kUncertainColour = "#fdebc3";
inline constexpr const char* kTextColour = "#1f2937";
inline constexpr const char* kQuietColour = "#6b7280";

// About: fonts differ, and are not known here.
double WidthOf(std::string_view text);
size_t CharactersIn(double width);

template <typename... Arguments>
void Append(std::string& out, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Arguments>(arguments)...);
}

}  // namespace svg
}  // namespace xtdb
