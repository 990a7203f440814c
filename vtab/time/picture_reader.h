#pragma once

#include <span>
#include <string_view>

#include "engine/base/status.h"
#include "vtab/time/picture_fields.h"
#include "vtab/time/picture_scanner.h"

namespace xtdb {

// Reads what a template asks for, as DCH_from_char in PostgreSQL's formatting.c does:
// - A number takes all the digits that there are where no number is asked for behind it, or with
// FM;
//   else just as many characters as its pattern.
// - Names are of either case.
// - One blank or separator of the template stands for one of the text, whichever it is, or for
// none;
//   other characters stand for any one. Blanks before and behind fields are skipped. Behind FX
//   nothing is skipped and each character of the template is one of the text.
// - The end of the text ends the reading, and what is behind the template does not count.
// Allocates nothing but messages. kInvalidArgument as DatePicture::Read says.
Result<PictureFields> ReadPicture(std::span<const PictureNode> nodes, std::string_view text);

}  // namespace xtdb
