#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "vtab/scalars/scalar_arguments.h"
#include "vtab/scalars/scalar_body.h"
#include "vtab/scalars/scalars.h"
#include "vtab/text/real_text.h"
#include "vtab/time/date_picture.h"

namespace xtdb {
namespace {

using Arguments = std::span<sqlite3_value*>;

// Templates are mostly the same few in each row.
class RecentPictures {
 public:
  const DatePicture& Of(std::string_view text) {
    for (const Slot& slot : slots_) {
      if (slot.picture != nullptr && slot.text == text) return *slot.picture;
    }
    Slot& slot = slots_[next_];
    slot.picture.reset();
    auto picture = std::make_unique<const DatePicture>(text);
    slot.text = text;
    slot.picture = std::move(picture);
    next_ = (next_ + 1) % slots_.size();
    return *slot.picture;
  }

 private:
  struct Slot {
    std::string text;
    std::unique_ptr<const DatePicture> picture;
  };
  std::array<Slot, 4> slots_;
  size_t next_ = 0;
};

Status RunToChar(sqlite3_context* context, Arguments arguments) {
  thread_local std::string out;
  thread_local RecentPictures pictures;
  out.clear();
  const std::string_view format = TextOf(arguments[1]);
  if (format.empty()) return {};
  const int type = sqlite3_value_type(arguments[0]);
  if (type != SQLITE_TEXT && type != SQLITE_INTEGER) {
    return Status::InvalidArgument("to_char shows times and intervals, not " +
                                   ShowValue(arguments[0]) + "; for numbers there is format()");
  }
  XTDB_ASSIGN_OR_RETURN(const TimeOrInterval given, TimeOrIntervalOf(context, arguments[0]));
  const DatePicture& picture = pictures.Of(format);
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

Status RunToTimestamp(sqlite3_context* context, Arguments arguments) {
  thread_local RecentPictures pictures;
  const int type = sqlite3_value_type(arguments[0]);
  if (type != SQLITE_TEXT && type != SQLITE_INTEGER) {
    return Status::InvalidArgument("to_timestamp with a template takes a text, not " +
                                   ShowValue(arguments[0]));
  }
  const std::string_view text = TextOf(arguments[0]);
  XTDB_ASSIGN_OR_RETURN(const int64_t ts_us, pictures.Of(TextOf(arguments[1])).Read(text));
  SetTime(context, ts_us, true);
  return {};
}

void SetBytea(sqlite3_context* context, std::string_view bytes) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  std::string text = "\\x";
  text.reserve(text.size() + 2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 15];
  }
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

Status RunPgText(sqlite3_context* context, Arguments arguments) {
  switch (sqlite3_value_type(arguments[0])) {
    case SQLITE_FLOAT: {
      char text[kRealTextBytesMax];
      const size_t size = FormatReal(sqlite3_value_double(arguments[0]), text);
      sqlite3_result_text(context, text, static_cast<int>(size), SQLITE_TRANSIENT);
      return {};
    }
    case SQLITE_BLOB:
      SetBytea(context, BlobOf(arguments[0]));
      return {};
    default: {
      const std::string_view text = TextOf(arguments[0]);
      sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
      return {};
    }
  }
}

constexpr Scalar kScalars[] = {{"to_char", 2, RunScalar<RunToChar>},
                               {"to_timestamp", 2, RunScalar<RunToTimestamp>},
                               {"pg_text", 1, RunScalar<RunPgText>}};

}  // namespace

std::span<const Scalar> FormatScalars() { return kScalars; }

}  // namespace xtdb
