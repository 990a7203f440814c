#include "vtab/time/picture_scanner.h"

#include <algorithm>
#include <array>

namespace xtdb {
namespace {

using Node = PictureNode;
using Pattern = PicturePattern;

struct Keyword {
  std::string_view text;  // in capitals, or as a word
  Pattern pattern;
  uint8_t digits = 0;
};

// Of those that begin alike the longer ones come first.
constexpr auto kKeywords = std::to_array<Keyword>({{"A.D.", Pattern::kEraDots},
                                                   {"A.M.", Pattern::kMeridiemDots},
                                                   {"AD", Pattern::kEra},
                                                   {"AM", Pattern::kMeridiem},
                                                   {"B.C.", Pattern::kEraDots},
                                                   {"BC", Pattern::kEra},
                                                   {"CC", Pattern::kCentury},
                                                   {"DAY", Pattern::kDayName},
                                                   {"DDD", Pattern::kDayOfYear},
                                                   {"DD", Pattern::kDay},
                                                   {"DY", Pattern::kDayShort},
                                                   {"D", Pattern::kWeekday},
                                                   {"FF1", Pattern::kFraction, 1},
                                                   {"FF2", Pattern::kFraction, 2},
                                                   {"FF3", Pattern::kFraction, 3},
                                                   {"FF4", Pattern::kFraction, 4},
                                                   {"FF5", Pattern::kFraction, 5},
                                                   {"FF6", Pattern::kFraction, 6},
                                                   {"FX", Pattern::kFixedWidth},
                                                   {"HH24", Pattern::kHour24},
                                                   {"HH12", Pattern::kHour12},
                                                   {"HH", Pattern::kHour12},
                                                   {"IDDD", Pattern::kIsoDayOfYear},
                                                   {"ID", Pattern::kIsoWeekday},
                                                   {"IW", Pattern::kIsoWeek},
                                                   {"IYYY", Pattern::kIsoYear, 4},
                                                   {"IYY", Pattern::kIsoYear, 3},
                                                   {"IY", Pattern::kIsoYear, 2},
                                                   {"I", Pattern::kIsoYear, 1},
                                                   {"J", Pattern::kJulian},
                                                   {"MI", Pattern::kMinute},
                                                   {"MM", Pattern::kMonth},
                                                   {"MONTH", Pattern::kMonthName},
                                                   {"MON", Pattern::kMonthShort},
                                                   {"MS", Pattern::kMillisecond, 3},
                                                   {"OF", Pattern::kOffset},
                                                   {"P.M.", Pattern::kMeridiemDots},
                                                   {"PM", Pattern::kMeridiem},
                                                   {"Q", Pattern::kQuarter},
                                                   {"RM", Pattern::kMonthRoman},
                                                   {"SSSSS", Pattern::kSecondOfDay},
                                                   {"SSSS", Pattern::kSecondOfDay},
                                                   {"SS", Pattern::kSecond},
                                                   {"TZH", Pattern::kZoneHours},
                                                   {"TZM", Pattern::kZoneMinutes},
                                                   {"TZ", Pattern::kZone},
                                                   {"US", Pattern::kMicrosecond, 6},
                                                   {"WW", Pattern::kWeek},
                                                   {"W", Pattern::kWeekOfMonth},
                                                   {"Y,YYY", Pattern::kYearComma},
                                                   {"YYYY", Pattern::kYear, 4},
                                                   {"YYY", Pattern::kYear, 3},
                                                   {"YY", Pattern::kYear, 2},
                                                   {"Y", Pattern::kYear, 1}});
// Words that may also have one capital.
constexpr auto kWords = std::to_array<Keyword>({{"Day", Pattern::kDayName},
                                                {"Dy", Pattern::kDayShort},
                                                {"Month", Pattern::kMonthName},
                                                {"Mon", Pattern::kMonthShort}});

Pattern KindOf(char c) {
  if (IsBlank(c)) return Pattern::kBlank;
  return IsSeparator(c) ? Pattern::kSeparator : Pattern::kLiteral;
}

// The keyword with which `text` begins, in capitals or in small letters throughout.
const Keyword* FindKeyword(std::string_view text, bool& is_upper) {
  for (const Keyword& keyword : kKeywords) {
    const std::string_view begin = text.substr(0, keyword.text.size());
    is_upper = begin == keyword.text;
    if (is_upper) return &keyword;
    const bool is_lower = begin.size() == keyword.text.size() &&
                          std::equal(begin.begin(), begin.end(), keyword.text.begin(),
                                     [](char a, char b) { return a == ToLower(b); });
    if (is_lower) return &keyword;
  }
  return nullptr;
}

const Keyword* FindWord(std::string_view text) {
  const auto found = std::find_if(kWords.begin(), kWords.end(),
                                  [&](const Keyword& word) { return text.starts_with(word.text); });
  return found == kWords.end() ? nullptr : &*found;
}

// Takes a template apart from left to right.
class PictureScanner {
 public:
  PictureScanner(std::string_view text, std::vector<Node>& nodes) : rest_(text), nodes_(nodes) {}

  void Scan() {
    while (!rest_.empty()) {
      Node node;
      TakePrefix(node);
      if (rest_.empty()) return;
      if (!TakePattern(node)) TakeLiteral();
    }
  }

 private:
  bool Take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  // One of FM and TM; month and day names are English with or without TM.
  void TakePrefix(Node& node) {
    node.fills = !(Take("FM") || Take("fm"));
    node.pads_names = node.fills && !(Take("TM") || Take("tm"));
  }

  bool TakePattern(Node& node) {
    bool is_upper = false;
    const Keyword* keyword = FindWord(rest_);
    node.is_capitalised = keyword != nullptr;
    if (keyword == nullptr) keyword = FindKeyword(rest_, is_upper);
    if (keyword == nullptr) return false;
    rest_.remove_prefix(keyword->text.size());
    node.pattern = keyword->pattern;
    node.name = keyword->text;
    node.digits = keyword->digits;
    node.is_upper = is_upper;
    node.has_upper_ordinal = Take("TH");
    node.is_ordinal = node.has_upper_ordinal || Take("th");
    if (!node.is_ordinal) Take("SP");  // which PostgreSQL does not spell out either
    nodes_.push_back(node);
    return true;
  }

  void TakeLiteral() {
    if (rest_.front() == '"') {
      rest_.remove_prefix(1);
      while (!rest_.empty() && !Take("\"")) {
        if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
        AddChar(Pattern::kLiteral);
      }
      return;
    }
    if (rest_.size() > 1 && rest_.front() == '\\' && rest_[1] == '"') rest_.remove_prefix(1);
    AddChar(KindOf(rest_.front()));
  }

  void AddChar(Pattern kind) {
    if (nodes_.empty() || nodes_.back().pattern != kind) {
      Node node;
      node.pattern = kind;
      nodes_.push_back(node);
    }
    nodes_.back().text += rest_.front();
    rest_.remove_prefix(1);
  }

  std::string_view rest_;
  std::vector<Node>& nodes_;
};

}  // namespace

std::vector<PictureNode> ScanPicture(std::string_view text) {
  std::vector<PictureNode> nodes;
  PictureScanner(text, nodes).Scan();
  return nodes;
}

}  // namespace xtdb
