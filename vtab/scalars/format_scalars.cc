#include <memory>
#include <span>
#include <string>

#include "vtab/scalars/scalar_arguments.h"
#include "vtab/scalars/scalar_body.h"
#include "vtab/scalars/scalars.h"
#include "vtab/time/date_picture.h"

namespace xtdb {
namespace {

using Arguments = std::span<sqlite3_value*>;

// The picture of the row before is mostly that of this one.
const DatePicture& PictureOf(std::string_view text) {
  thread_local std::string known_text;
  thread_local std::unique_ptr<const DatePicture> known;
  if (known == nullptr || known_text != text) {
    known.reset();
    auto picture = std::make_unique<const DatePicture>(text);
    known_text = text;
    known = std::move(picture);
  }
  return *known;
}

Status RunToChar(sqlite3_context* context, Arguments arguments) {
  thread_local std::string out;
  out.clear();
  const std::string_view format = TextOf(arguments[1]);
  if (format.empty()) return {};
  const int type = sqlite3_value_type(arguments[0]);
  if (type != SQLITE_TEXT && type != SQLITE_INTEGER) {
    return Status::InvalidArgument("to_char shows times and intervals, not " +
                                   ShowValue(arguments[0]) + "; for numbers there is format()");
  }
  XTDB_ASSIGN_OR_RETURN(const TimeOrInterval given, TimeOrIntervalOf(context, arguments[0]));
  const DatePicture& picture = PictureOf(format);
  if (!given.time) {
    XTDB_RETURN_IF_ERROR(picture.Write(given.interval, out));
  } else if (IsInfinite(given.time->us)) {
    return {};
  } else {
    picture.Write(given.time->us, out);
  }
  sqlite3_result_text64(context, out.data(), out.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return {};
}

constexpr Scalar kScalars[] = {{"to_char", 2, RunScalar<RunToChar>}};

}  // namespace

std::span<const Scalar> FormatScalars() { return kScalars; }

}  // namespace xtdb
