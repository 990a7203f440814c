#include "shell/plot/plot_data.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "planner/aggregate/aggregate_plan.h"
#include "planner/plan.h"
#include "planner/tag_summary.h"
#include "vtab/text/quote_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

// Where the tags have points; nothing if they have none.
Result<std::optional<TimeSpan>> FindSpan(const ReadView& view, const std::vector<TagPtr>& tags) {
  std::optional<TimeSpan> span;
  for (const TagPtr& tag : tags) {
    XTDB_ASSIGN_OR_RETURN(const TagSummary summary, SummarizeTag(view, tag, nullptr));
    if (summary.points == 0) continue;
    if (!span) span = TimeSpan{summary.first_ts_us, summary.last_ts_us};
    span->from_us = std::min(span->from_us, summary.first_ts_us);
    span->to_us = std::max(span->to_us, summary.last_ts_us);
  }
  return span;
}

std::string NamesOf(const std::vector<TagPtr>& tags) {
  return tags.size() == 1 ? QuoteForMessage(tags.front()->name)
                          : std::to_string(tags.size()) + " tags";
}

// Reads the bins of a tag and, where not all points are good, their quality.
class LineReader {
 public:
  LineReader(const ReadView& view, TagPtr tag, const TimeSpan& span) : view_(view), span_(span) {
    line_.tag = std::move(tag);
  }

  void Add(const SeriesRow& row) {
    const Tally& tally = row.tally;
    if (tally.points == 0) return;
    starts_us_.push_back(row.start_us);
    if (tally.points > tally.good) has_doubtful_ = true;
    const ValueType type = line_.tag->type;
    ChartBin bin{.first_us = tally.first_ts_us, .last_us = tally.last_ts_us};
    if (tally.count > 0) {
      bin.first = ToDouble(type, tally.first);
      bin.last = ToDouble(type, tally.last);
      bin.min = ToDouble(type, tally.min);
      bin.max = ToDouble(type, tally.max);
    }
    const bool is_infinite = std::isinf(bin.min) || std::isinf(bin.max);
    line_.has_infinities |= is_infinite;
    if (tally.count == 0 || is_infinite) {
      is_broken_ = true;
      return;
    }
    bin.count = tally.count;
    bin.breaks_before = std::exchange(is_broken_, false);
    line_.bins.push_back(bin);
    line_.means.push_back(MeanOf(type, tally));
  }

  Result<PlotLine> Finish() {
    if (has_doubtful_) XTDB_RETURN_IF_ERROR(ReadQuality());
    return std::move(line_);
  }

 private:
  Status ReadQuality() {
    Request request;
    request.tags = {line_.tag};
    request.ts_from_us = span_.from_us;
    request.ts_to_us = span_.to_us;
    Predicate below_good;
    below_good.op = CompareOp::kLt;
    below_good.operand.integer = kQualityGood;
    request.quality = {below_good};
    request.order = RowOrder::kTagTs;
    XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<Plan> plan, Plan::Make(view_, request));
    while (true) {
      XTDB_ASSIGN_OR_RETURN(const Batch* const batch, plan->Next());
      if (batch == nullptr) return {};
      for (size_t row = batch->begin; row < batch->end; ++row) {
        AddDoubtful(batch->columns->ts_us[row], IsBad(batch->columns->quality[row]));
      }
    }
  }

  // Points belong together if no bin with points lies between theirs.
  void AddDoubtful(int64_t ts_us, bool is_bad) {
    const auto bin = std::upper_bound(starts_us_.begin(), starts_us_.end(), ts_us);
    const auto number = bin - starts_us_.begin();
    std::vector<QualitySpan>& spans = line_.quality;
    if (!spans.empty() && spans.back().is_bad == is_bad && number - last_number_ <= 1) {
      spans.back().time.to_us = ts_us;
    } else if (spans.empty() || number != last_number_ || is_bad) {
      spans.push_back({{ts_us, ts_us}, is_bad});
    } else {
      return;  // both in one bin: the bad ones are shown
    }
    last_number_ = number;
  }

  const ReadView& view_;
  const TimeSpan span_;
  PlotLine line_;
  std::vector<int64_t> starts_us_;  // of bins with points
  std::ptrdiff_t last_number_ = 0;
  bool is_broken_ = false;
  bool has_doubtful_ = false;
};

SeriesRequest BinsOf(const TimeSpan& span, int bins) {
  SeriesRequest request;
  request.has_start = request.has_stop = true;
  request.buckets.ts_from_us = span.from_us;
  request.buckets.ts_to_us = span.to_us;
  request.buckets.wanted = {.ends = true, .m2 = false, .weights = false};
  const int64_t width_us = (span.to_us - span.from_us) / bins + 1;
  request.buckets.buckets = Buckets::Fixed(width_us, span.from_us);
  return request;
}

Result<std::vector<PlotLine>> ReadLines(const ReadView& view, const PlotRequest& request,
                                        const TimeSpan& span) {
  std::vector<LineReader> readers;
  AggregatePlan plan(request.tags, BinsOf(span, request.bins), request.threads,
                     [&view] { return view; });
  for (const TagPtr& tag : request.tags) readers.emplace_back(view, tag, span);
  size_t current = 0;
  while (true) {
    XTDB_ASSIGN_OR_RETURN(const std::optional<AggregateRow> row, plan.Next());
    if (!row) break;
    while (request.tags[current] != row->tag) ++current;
    readers[current].Add(row->series);
  }
  std::vector<PlotLine> lines;
  for (LineReader& reader : readers) {
    XTDB_ASSIGN_OR_RETURN(PlotLine line, reader.Finish());
    lines.push_back(std::move(line));
  }
  return lines;
}

void AddToPanels(PlotLine line, std::vector<PlotPanel>& panels) {
  const auto panel = std::find_if(panels.begin(), panels.end(), [&](const PlotPanel& known) {
    return known.unit == line.tag->unit;
  });
  if (panel == panels.end()) {
    panels.push_back({line.tag->unit, {}});
    panels.back().lines.push_back(std::move(line));
  } else {
    panel->lines.push_back(std::move(line));
  }
}

Status NoPoints(const PlotRequest& request, const std::optional<TimeSpan>& has) {
  std::string message = NamesOf(request.tags) + " has no values to draw";
  if (request.tags.size() > 1) message.replace(message.find(" has "), 5, " have ");
  if (request.from_us) message += " at or after " + FormatTime(*request.from_us);
  if (request.to_us) {
    message += (request.from_us ? " and before " : " before ") + FormatTime(*request.to_us);
  }
  if (has) {
    message +=
        "; there are points from " + FormatTime(has->from_us) + " to " + FormatTime(has->to_us);
  }
  return Status::NotFound(message);
}

}  // namespace

bool PlotLine::HasQuality(bool is_bad) const {
  return std::any_of(quality.begin(), quality.end(),
                     [&](const QualitySpan& span) { return span.is_bad == is_bad; });
}

bool PlotLine::is_stepped() const {
  if (tag->interpolation != Interpolation::kUnset) {
    return tag->interpolation == Interpolation::kStepped;
  }
  return tag->type == ValueType::kBool;
}

Result<PlotData> ReadPlot(const ReadView& view, const PlotRequest& request) {
  for (const TagPtr& tag : request.tags) {
    if (tag->type != ValueType::kText) continue;
    return Status::InvalidArgument("tag " + QuoteForMessage(tag->name) +
                                   " is text, which has no line");
  }
  XTDB_ASSIGN_OR_RETURN(const std::optional<TimeSpan> has, FindSpan(view, request.tags));
  PlotData data;
  if (!has) return NoPoints(request, has);
  TimeSpan read = *has;  // of the points; the axis ends with the time asked for
  if (request.from_us) read.from_us = *request.from_us;
  if (request.to_us) read.to_us = *request.to_us - 1;
  if (read.to_us < read.from_us) return NoPoints(request, has);
  data.span = {read.from_us, request.to_us.value_or(read.to_us)};
  XTDB_ASSIGN_OR_RETURN(std::vector<PlotLine> lines, ReadLines(view, request, read));
  for (PlotLine& line : lines) {
    if (line.bins.empty()) {
      data.empty.push_back(line.tag->name);
    } else {
      AddToPanels(std::move(line), data.panels);
    }
  }
  if (data.panels.empty()) return NoPoints(request, has);
  return data;
}

}  // namespace xtdb
