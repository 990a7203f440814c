#include "shell/plot/svg_style.h"

#include <algorithm>

#include "vtab/text/one_line.h"

namespace xtdb::svg {
namespace {

constexpr double kCharacterWidth = 6.8;

}  // namespace

double WidthOf(std::string_view text) {
  return static_cast<double>(CharacterCount(text)) * kCharacterWidth;
}

size_t CharactersIn(double width) {
  return static_cast<size_t>(std::max(0.0, width / kCharacterWidth));
}

}  // namespace xtdb::svg
