#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace xtdb {

// Texts as a terminal shows them.

// How many characters of UTF-8 `text` has.
size_t CharacterCount(std::string_view text);

// How many columns of a terminal `text` takes: two for each character of East Asia's full width
// and each emoji, none for a mark that is set on the one before. Bytes that are no UTF-8 take one.
size_t ColumnCount(std::string_view text);

// `text` on one line of at most so many characters: control characters are blanks, and of a longer
// text the end is `...`.
std::string OneLine(std::string_view text, size_t characters_max);

}  // namespace xtdb
