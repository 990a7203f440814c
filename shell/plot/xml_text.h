#pragma once

#include <string>
#include <string_view>

namespace xtdb {

// `text` as it stands in XML, in an element or an attribute: what is no character there (control
// characters, bytes that are no UTF-8) is U+FFFD.
std::string XmlText(std::string_view text);

}  // namespace xtdb
