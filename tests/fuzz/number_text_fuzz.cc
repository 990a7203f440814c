#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "vtab/text/number_text.h"
#include "vtab/text/quote_text.h"

// What is taken for a number has the value that strtod gives it, and strtod takes all of it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::optional<xtdb::Number> number = xtdb::ParseWholeNumber(text);
  if (!number) return 0;
  const std::string trimmed(xtdb::TrimBlanks(text));
  char* end = nullptr;
  const double expected = std::strtod(trimmed.c_str(), &end);
  if (end != trimmed.c_str() + trimmed.size() || number->AsReal() != expected) __builtin_trap();
  if (!number->is_integer && std::trunc(number->real) == number->real &&
      std::abs(number->real) < 0x1p63) {
    __builtin_trap();
  }
  return 0;
}
