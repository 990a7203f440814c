#include "shell/commands/tag_table.h"

#include "shell/terminal/human_text.h"
#include "shell/terminal/text_table.h"
#include "vtab/text/one_line.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

constexpr size_t kValueCharactersMax = 32;

}  // namespace

std::string TagTableText(const std::vector<TagReport>& tags) {
  constexpr auto kRight = TextTable::Align::kRight;
  TextTable table({{"tag"},
                   {"type"},
                   {"unit"},
                   {"points", kRight},
                   {"first"},
                   {"last"},
                   {"last value", kRight},
                   {"bytes/point", kRight}});
  for (const TagReport& tag : tags) {
    const TagSummary& summary = tag.summary;
    const bool empty = summary.points == 0;
    table.AddRow({tag.tag->name, std::string(ValueTypeName(tag.tag->type)), tag.tag->unit,
                  CountText(summary.points), empty ? "-" : FormatTime(summary.first_ts_us),
                  empty ? "-" : FormatTime(summary.last_ts_us),
                  OneLine(ValueText(summary.last), kValueCharactersMax),
                  RatioText(summary.block_bytes, summary.points)});
  }
  return table.ToString();
}

}  // namespace xtdb
