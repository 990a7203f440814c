#include "vtab/time/picture_reader.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "vtab/text/quote_text.h"
#include "vtab/time/date_names.h"

namespace xtdb {
namespace {

using Node = PictureNode;
using Pattern = PicturePattern;
using Fields = PictureFields;

constexpr int64_t kIntMin = std::numeric_limits<int32_t>::min();
constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();

// In quotes, as the template has it.
std::string NameOf(const Node& node) {
  const bool is_lower = !node.is_upper && !node.is_capitalised;
  return "\"" + (is_lower ? ToLower(node.name) : std::string(node.name)) + "\"";
}

Status InvalidValue(std::string_view value, const Node& node, const std::string& hint) {
  return Status::InvalidArgument("invalid value " + QuoteForMessage(value) + " for " +
                                 NameOf(node) + "; " + hint);
}

Status OutOfRange(const Node& node) {
  return Status::InvalidArgument("value for " + NameOf(node) + " in source string is out of range");
}

// A field that is there already may be given again, if it is the same.
Status SetField(int64_t& field, int64_t value, const Node& node) {
  if (field != 0 && field != value) {
    return Status::InvalidArgument("conflicting values for " + NameOf(node) +
                                   " field in formatting string; the same field was given before");
  }
  field = value;
  return {};
}

struct NumberField {
  int64_t Fields::*field;
  size_t width;  // characters, where a number follows
};

// Nothing: the pattern is no plain number.
std::optional<NumberField> NumberFieldOf(const Node& node) {
  switch (node.pattern) {
    case Pattern::kHour12:
    case Pattern::kHour24:
      return NumberField{&Fields::hour, 2};
    case Pattern::kMinute:
      return NumberField{&Fields::minute, 2};
    case Pattern::kSecond:
      return NumberField{&Fields::second, 2};
    case Pattern::kMillisecond:
      return NumberField{&Fields::millisecond, 3};
    case Pattern::kMicrosecond:
    case Pattern::kFraction:
      return NumberField{&Fields::microsecond, node.digits};
    case Pattern::kSecondOfDay:
      return NumberField{&Fields::second_of_day, node.name.size()};
    case Pattern::kMonth:
      return NumberField{&Fields::month, 2};
    case Pattern::kDay:
      return NumberField{&Fields::day, 2};
    case Pattern::kDayOfYear:
    case Pattern::kIsoDayOfYear:
      return NumberField{&Fields::day_of_year, 3};
    case Pattern::kWeekday:
    case Pattern::kIsoWeekday:
      return NumberField{&Fields::weekday, 1};
    case Pattern::kWeek:
    case Pattern::kIsoWeek:
      return NumberField{&Fields::week, 2};
    case Pattern::kWeekOfMonth:
      return NumberField{&Fields::week_of_month, 1};
    case Pattern::kCentury:
      return NumberField{&Fields::century, 2};
    case Pattern::kYear:
    case Pattern::kIsoYear:
      return NumberField{&Fields::year, node.digits};
    case Pattern::kJulian:
      return NumberField{&Fields::julian_day, 1};
    case Pattern::kQuarter:  // read, and then nothing: a quarter is no date
      return NumberField{nullptr, 1};
    default:
      return std::nullopt;
  }
}

bool BeginsWithNumber(const Node& node) {
  if (IsText(node.pattern)) return IsDigit(node.text.front());
  return node.pattern == Pattern::kYearComma || node.pattern == Pattern::kZoneMinutes ||
         NumberFieldOf(node).has_value();
}

Fields::Convention ConventionOf(Pattern pattern) {
  switch (pattern) {
    case Pattern::kDayOfYear:
    case Pattern::kDay:
    case Pattern::kWeekday:
    case Pattern::kMonth:
    case Pattern::kMonthName:
    case Pattern::kMonthShort:
    case Pattern::kMonthRoman:
    case Pattern::kWeek:
    case Pattern::kWeekOfMonth:
    case Pattern::kYear:
    case Pattern::kYearComma:
      return Fields::Convention::kGregorian;
    case Pattern::kIsoDayOfYear:
    case Pattern::kIsoWeekday:
    case Pattern::kIsoWeek:
    case Pattern::kIsoYear:
      return Fields::Convention::kIsoWeek;
    default:
      return Fields::Convention::kNone;
  }
}

// A year of less than four digits is the one of that end that is near 2020: 69 is 2069, 70 is 1970.
int64_t CompleteYear(int64_t year) {
  if (year < 70) return year + 2000;
  if (year < 100) return year + 1900;
  if (year < 520) return year + 2000;
  return year < 1000 ? year + 1000 : year;
}

// A fraction of so many characters as so many digits.
int64_t ScaleFraction(int64_t fraction, size_t characters, size_t digits) {
  for (; characters < digits; ++characters) fraction *= 10;
  return fraction;
}

// As C's strtol reads, with blanks before the sign. bytes: 0 without a number
struct Integer {
  int64_t value = 0;  // beyond 32 bits where there are too many digits
  size_t bytes = 0;
};

Integer ParseInteger(std::string_view text) {
  size_t next = 0;
  while (next < text.size() && IsBlank(text[next])) ++next;
  const bool is_negative = next < text.size() && text[next] == '-';
  if (is_negative || (next < text.size() && text[next] == '+')) ++next;
  Integer integer;
  for (; next < text.size() && IsDigit(text[next]); ++next) {
    if (integer.value <= 2 * kIntMax) integer.value = integer.value * 10 + (text[next] - '0');
    integer.bytes = next + 1;
  }
  if (is_negative) integer.value = -integer.value;
  return integer;
}

// Bytes of the UTF-8 character at the begin of `text`, which is not empty.
size_t CharacterBytes(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text.front());
  const size_t bytes = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return std::min(bytes, text.size());
}

// The begin of `text` of so many bytes, or some more, so that no character is divided.
std::string_view WholeCharacters(std::string_view text, size_t bytes) {
  size_t end = 0;
  while (end < bytes && end < text.size()) end += CharacterBytes(text.substr(end));
  return text.substr(0, end);
}

bool StartsWithIgnoringCase(std::string_view text, std::string_view name) {
  return text.size() >= name.size() && EqualsIgnoreCase(text.substr(0, name.size()), name);
}

class PictureReader {
 public:
  PictureReader(std::span<const Node> nodes, std::string_view text) : nodes_(nodes), text_(text) {}

  Result<Fields> Read() {
    for (size_t i = 0; i < nodes_.size() && !AtEnd(); ++i) {
      const Node& node = nodes_[i];
      if (IsText(node.pattern)) {
        if (!is_fixed_ && i == 0) SkipBlanks();
        SkipText(node);
      } else if (node.pattern == Pattern::kFixedWidth) {
        is_fixed_ = true;
      } else {
        if (!is_fixed_) SkipBlanks();
        XTDB_RETURN_IF_ERROR(SetConvention(ConventionOf(node.pattern)));
        XTDB_RETURN_IF_ERROR(ReadField(node, i));
        if (!is_fixed_) surplus_ = 0;
        if (!is_fixed_) SkipBlanks();
      }
    }
    return fields_;
  }

 private:
  bool AtEnd() const { return at_ == text_.size(); }
  std::string_view Rest() const { return text_.substr(at_); }
  void SkipCharacter() {
    if (!AtEnd()) at_ += CharacterBytes(Rest());
  }
  void SkipBlanks() {
    for (; !AtEnd() && IsBlank(text_[at_]); ++at_) ++surplus_;
  }

  // One character of the text for each of the template, if it may be one.
  void SkipText(const Node& node) {
    std::string_view rest = node.text;
    while (!rest.empty() && !AtEnd()) {
      rest.remove_prefix(CharacterBytes(rest));
      if (is_fixed_) {
        SkipCharacter();
      } else if (node.pattern == Pattern::kLiteral) {
        // What was skipped beyond the template may have been what stands here.
        if (surplus_ > 0) {
          --surplus_;
        } else {
          SkipCharacter();
        }
      } else if (IsBlank(text_[at_]) || IsSeparator(text_[at_])) {
        ++at_;
      } else {
        --surplus_;
      }
    }
  }

  Status SetConvention(Fields::Convention convention) {
    constexpr auto kNone = Fields::Convention::kNone;
    if (convention == kNone) return {};
    if (fields_.convention != kNone && fields_.convention != convention) {
      return Status::InvalidArgument(
          "invalid combination of date conventions; of years, days and weeks use either those with "
          "I in front (IYYY, IW, ID), or those without");
    }
    fields_.convention = convention;
    return {};
  }

  Status ReadField(const Node& node, size_t index) {
    switch (node.pattern) {
      case Pattern::kMeridiem:
      case Pattern::kMeridiemDots:
        fields_.has_12_hours = true;
        return ReadOneOfTwo(node, "AM", "PM", fields_.is_afternoon);
      case Pattern::kEra:
      case Pattern::kEraDots:
        return ReadOneOfTwo(node, "AD", "BC", fields_.is_bc);
      case Pattern::kMonthName:
      case Pattern::kMonthShort:
        return ReadMonthName(node);
      case Pattern::kMonthRoman:
        return ReadRomanMonth(node);
      case Pattern::kDayName:
      case Pattern::kDayShort:
        return ReadDayName(node);
      case Pattern::kYearComma:
        return ReadYearWithComma(node);
      case Pattern::kZoneHours:
        return ReadZoneHours(node, index);
      case Pattern::kZoneMinutes:
        if (fields_.zone_sign == 0) fields_.zone_sign = 1;
        return ReadNumber(node, index, {&Fields::zone_minutes, 2}).status();
      case Pattern::kZone:
      case Pattern::kOffset:
        return Status::InvalidArgument("formatting field " + NameOf(node) +
                                       " is only supported in to_char; for +01:30 write TZH:TZM");
      default:
        return ReadNumberField(node, index, NumberFieldOf(node).value_or(NumberField{nullptr, 1}));
    }
  }

  // Whether a number of the template is to take all the digits that there are.
  bool TakesAllDigits(const Node& node, size_t index) const {
    return !node.fills || node.is_ordinal || index + 1 == nodes_.size() ||
           !BeginsWithNumber(nodes_[index + 1]);
  }

  // Just `width` characters; bytes is 0 where they are no number.
  static Result<Integer> ParseFixed(std::string_view text, size_t width, const Node& node) {
    if (text.size() < width) {
      return Status::InvalidArgument("source string too short for " + NameOf(node) +
                                     " formatting field; it takes " + std::to_string(width) +
                                     " characters, or any number with FM before it");
    }
    const Integer integer = ParseInteger(text.substr(0, width));
    if (integer.bytes == 0 || integer.bytes == width) return integer;
    return InvalidValue(
        WholeCharacters(text, width), node,
        "it takes " + std::to_string(width) + " digits, or any number with FM before it");
  }

  // Returns how many characters it took.
  Result<size_t> ReadNumber(const Node& node, size_t index, const NumberField& into) {
    const std::string_view text = Rest();
    size_t blanks = 0;
    while (blanks < text.size() && IsBlank(text[blanks])) ++blanks;
    Integer integer;
    if (TakesAllDigits(node, index)) {
      integer = ParseInteger(text);
    } else {
      XTDB_ASSIGN_OR_RETURN(integer, ParseFixed(text.substr(blanks), into.width, node));
      integer.bytes += blanks;  // behind FX blanks alone are a zero
    }
    if (integer.bytes == 0) {
      return InvalidValue(WholeCharacters(text.substr(blanks), into.width), node,
                          "write a whole number");
    }
    if (integer.value < kIntMin || integer.value > kIntMax) return OutOfRange(node);
    at_ += integer.bytes;
    if (into.field != nullptr) {
      XTDB_RETURN_IF_ERROR(SetField(fields_.*into.field, integer.value, node));
    }
    return integer.bytes;
  }

  Status ReadNumberField(const Node& node, size_t index, const NumberField& into) {
    XTDB_ASSIGN_OR_RETURN(const size_t characters, ReadNumber(node, index, into));
    switch (node.pattern) {
      case Pattern::kHour12:
        fields_.has_12_hours = true;
        break;
      case Pattern::kMillisecond:
        fields_.millisecond = ScaleFraction(fields_.millisecond, characters, 3);
        break;
      case Pattern::kFraction:
        fields_.fraction_digits = node.digits;
        [[fallthrough]];
      case Pattern::kMicrosecond:
        fields_.microsecond = ScaleFraction(fields_.microsecond, characters, 6);
        break;
      case Pattern::kIsoWeekday:
        fields_.weekday = fields_.weekday >= 7 ? 1 : fields_.weekday + 1;
        break;
      case Pattern::kYear:
      case Pattern::kIsoYear:
        if (node.digits < 4 && characters < 4) fields_.year = CompleteYear(fields_.year);
        fields_.year_digits = node.digits;
        break;
      default:
        break;
    }
    SkipOrdinal(node);
    return {};
  }

  void SkipOrdinal(const Node& node) {
    if (!node.is_ordinal) return;
    SkipCharacter();
    SkipCharacter();
  }

  // Takes `name`, if the text goes on with it.
  bool Take(std::string_view name) {
    if (!StartsWithIgnoringCase(Rest(), name)) return false;
    at_ += name.size();
    return true;
  }

  Status UnknownName(const Node& node, const std::string& hint) const {
    const std::string_view rest = Rest();
    const auto end = std::find_if(rest.begin(), rest.end(), IsBlank);
    return InvalidValue(rest.substr(0, static_cast<size_t>(end - rest.begin())), node, hint);
  }

  // second: sets the field to 1
  Status ReadOneOfTwo(const Node& node, std::string_view first, std::string_view second,
                      int64_t& field) {
    const bool has_dots =
        node.pattern == Pattern::kMeridiemDots || node.pattern == Pattern::kEraDots;
    for (const std::string_view word : {first, second}) {
      const char dotted[] = {word[0], '.', word[1], '.'};
      if (Take(has_dots ? std::string_view(dotted, sizeof(dotted)) : word)) {
        return SetField(field, word == second ? 1 : 0, node);
      }
    }
    return UnknownName(node, has_dots ? "write it with dots" : "write it without dots");
  }

  Status ReadMonthName(const Node& node) {
    const bool is_short = node.pattern == Pattern::kMonthShort;
    for (size_t i = 0; i < kMonthNames.size(); ++i) {
      const std::string_view name = kMonthNames[i];
      if (Take(is_short ? name.substr(0, kShortNameLetters) : name)) {
        return SetField(fields_.month, static_cast<int64_t>(i) + 1, node);
      }
    }
    return UnknownName(node, is_short ? "write Jan, Feb ..." : "write January, February ...");
  }

  // The longer ones first.
  Status ReadRomanMonth(const Node& node) {
    for (size_t i = kRomanMonths.size(); i > 0; --i) {
      if (Take(kRomanMonths[i - 1])) {
        return SetField(fields_.month, static_cast<int64_t>(i), node);
      }
    }
    return UnknownName(node, "write I, II ... XII");
  }

  Status ReadDayName(const Node& node) {
    const bool is_short = node.pattern == Pattern::kDayShort;
    for (size_t i = 0; i < kDayNames.size(); ++i) {
      const std::string_view name = kDayNames[i];
      if (!Take(is_short ? name.substr(0, kShortNameLetters) : name)) continue;
      const auto since_sunday = static_cast<int64_t>((i + 1) % kDayNames.size());
      XTDB_RETURN_IF_ERROR(SetField(fields_.weekday, since_sunday, node));
      ++fields_.weekday;
      return {};
    }
    return UnknownName(node, is_short ? "write Mon, Tue ..." : "write Monday, Tuesday ...");
  }

  // "2,024"
  Status ReadYearWithComma(const Node& node) {
    const Integer thousands = ParseInteger(Rest());
    const std::string_view behind = Rest().substr(thousands.bytes);
    Integer rest;
    size_t blanks = 0;
    if (thousands.bytes > 0 && behind.starts_with(',')) {
      while (1 + blanks < behind.size() && IsBlank(behind[1 + blanks])) ++blanks;
      rest = ParseInteger(behind.substr(1 + blanks, 3));
    }
    if (rest.bytes == 0) {
      return Status::InvalidArgument("invalid input string for \"Y,YYY\"; write it as 2,024");
    }
    const int64_t year = thousands.value * 1000 + rest.value;
    if (year < kIntMin || year > kIntMax) return OutOfRange(node);
    XTDB_RETURN_IF_ERROR(SetField(fields_.year, year, node));
    fields_.year_digits = 4;
    at_ += thousands.bytes + 1 + blanks + rest.bytes;
    SkipOrdinal(node);
    return {};
  }

  Status ReadZoneHours(const Node& node, size_t index) {
    // A minus may have been taken for a separator that the template does not have.
    bool is_negative = surplus_ > 0 && text_[at_ - 1] == '-';
    if (!AtEnd() && (text_[at_] == '+' || text_[at_] == '-' || text_[at_] == ' ')) {
      is_negative = text_[at_] == '-';
      ++at_;
    }
    fields_.zone_sign = is_negative ? -1 : 1;
    return ReadNumber(node, index, {&Fields::zone_hours, 2}).status();
  }

  const std::span<const Node> nodes_;
  const std::string_view text_;
  size_t at_ = 0;  // of text_
  bool is_fixed_ = false;
  int64_t surplus_ = 0;  // characters of the text that were skipped beyond those of the template
  Fields fields_;
};

}  // namespace

Result<PictureFields> ReadPicture(std::span<const PictureNode> nodes, std::string_view text) {
  return PictureReader(nodes, text).Read();
}

}  // namespace xtdb
