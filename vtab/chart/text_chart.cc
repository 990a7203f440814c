#include "vtab/chart/text_chart.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "vtab/text/one_line.h"

namespace xtdb {
namespace {

constexpr int kColumnsMin = 8;
constexpr int kGapColumns = 2;  // so much is seen as a gap
constexpr int kMarkDistance = 16;
constexpr int kBandDots = 4;
constexpr char kBlank = ' ';

// How lines are dashed that follow each other: solid, dashed, dotted, solid ...
constexpr struct {
  int on;
  int period;
} kDashes[] = {{1, 1}, {4, 7}, {1, 3}};

constexpr int kColours[] = {32, 35, 36, 33, 31, 34, 92, 95, 96, 93, 91, 94};

char LetterOf(size_t line) { return static_cast<char>('A' + line); }

std::string Blanks(size_t count) { return std::string(count, kBlank); }

std::string AlignedRight(const std::string& text, size_t width) {
  return Blanks(width - std::min(width, text.size())) + text;
}

// Texts of a row, each about a column.
class LabelRow {
 public:
  // Centred, but for the ends of the row; left out where it would touch the one before.
  void Add(size_t centre, size_t width, const std::string& label) {
    size_t begin = centre - std::min(centre, label.size() / 2);
    begin = std::min(begin, width - std::min(width, label.size()));
    if (label.empty() || (!text_.empty() && begin < text_.size() + 1)) return;
    text_ += Blanks(begin - text_.size()) + label;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

TextChart::TextChart(std::vector<ChartLine> lines, TextChartOptions options)
    : lines_(std::move(lines)), options_(std::move(options)) {
  if (!lines_.empty()) MakeAxes();
}

void TextChart::MakeAxes() {
  const ChartBin& any = lines_.front().bins.front();
  double min = any.min, max = any.max;
  span_ = {any.first_us, any.last_us};
  for (const ChartLine& line : lines_) {
    span_.from_us = std::min(span_.from_us, line.bins.front().first_us);
    span_.to_us = std::max(span_.to_us, line.bins.back().last_us);
    for (const ChartBin& bin : line.bins) {
      min = std::min(min, bin.min);
      max = std::max(max, bin.max);
    }
  }
  span_ = options_.span.value_or(span_).Widened();
  rows_ = std::max(1, options_.height - 3);
  value_axis_.emplace(min, max, std::max(2, (rows_ + 2) / 3));
  gutter_ = options_.gutter_min;
  for (const ValueAxis::Tick& tick : value_axis_->ticks()) {
    gutter_ = std::max(gutter_, tick.label.size() + 1);
  }
  columns_ = std::max(kColumnsMin, options_.width - static_cast<int>(gutter_) - 1);
  time_axis_.emplace(span_.from_us, span_.to_us, columns_);
  canvas_.emplace(columns_, rows_);
}

TextChart::Dot TextChart::DotOf(int64_t ts_us, double value) const {
  const double part =
      static_cast<double>(ts_us - span_.from_us) / static_cast<double>(span_.to_us - span_.from_us);
  const double height = value_axis_->FractionOf(value);
  return {static_cast<int>(std::lround(part * (canvas_->dots_across() - 1))),
          static_cast<int>(std::lround((1 - height) * (canvas_->dots_down() - 1)))};
}

void TextChart::DrawLine(const ChartLine& line, BrailleCanvas::Pen pen, Course& course) {
  std::vector<ChartBin> bins = line.bins;
  BreakAtGaps(bins, (span_.to_us - span_.from_us) / columns_ * kGapColumns);
  const auto draw = [&](const Dot& from, const Dot& to) {
    canvas_->DrawLine(from.x, from.y, to.x, to.y, pen);
    for (int column = std::max(0, from.x / 2); column <= std::min(to.x / 2, columns_ - 1);
         ++column) {
      const int x = std::clamp(column * 2, from.x, to.x);
      const int y = to.x == from.x ? (from.y + to.y) / 2
                                   : from.y + (to.y - from.y) * (x - from.x) / (to.x - from.x);
      course[static_cast<size_t>(column)] = y / 4;
    }
  };
  for (size_t i = 0; i < bins.size(); ++i) {
    const ChartBin& bin = bins[i];
    const Dot first = DotOf(bin.first_us, bin.first), last = DotOf(bin.last_us, bin.last);
    if (!bin.breaks_before && i > 0) {
      const Dot before = DotOf(bins[i - 1].last_us, bins[i - 1].last);
      const Dot corner = line.is_stepped ? Dot{first.x, before.y} : before;
      if (line.is_stepped) draw(before, corner);
      draw(corner, first);
    }
    const Dot top{first.x, DotOf(bin.first_us, bin.max).y};
    const Dot bottom{first.x, DotOf(bin.first_us, bin.min).y};
    draw(top, bottom);
    const bool is_alone =
        (i == 0 || bin.breaks_before) && (i + 1 == bins.size() || bins[i + 1].breaks_before);
    // What is dashed has an outline where it is a band, and where else no dot might be left of it.
    if (is_alone || bottom.y - top.y >= kBandDots) {
      canvas_->SetDot(top.x, top.y, pen.line);
      canvas_->SetDot(bottom.x, bottom.y, pen.line);
    }
    if (last.x != first.x) draw(first, last);
  }
}

// The letters of different lines stand in different columns.
void TextChart::MarkLines(const std::vector<Course>& courses) {
  const size_t period = std::max<size_t>(kMarkDistance, 2 * courses.size());
  for (size_t line = 0; line < courses.size(); ++line) {
    const Course& course = courses[line];
    bool is_marked = false;
    const auto mark = [&](size_t column) {
      canvas_->SetMark(static_cast<int>(column), *course[column], LetterOf(line),
                       static_cast<uint8_t>(line));
      is_marked = true;
    };
    for (size_t column = period / 4 + line * period / courses.size(); column < course.size();
         column += period) {
      if (course[column]) mark(column);
    }
    for (size_t column = 0; column < course.size() && !is_marked; ++column) {
      const bool is_free =
          course[column] && canvas_->At(static_cast<int>(column), *course[column]).mark == 0;
      if (is_free) mark(column);
    }
  }
}

std::string TextChart::Draw() {
  const std::string note = options_.note.empty() ? "" : "\n" + options_.note;
  if (lines_.empty()) return "no points" + note;
  std::vector<Course> courses(lines_.size(), Course(static_cast<size_t>(columns_)));
  for (size_t i = 0; i < lines_.size(); ++i) {
    const auto& dash = kDashes[tells_apart_by_letters() ? i % std::size(kDashes) : 0];
    DrawLine(lines_[i], {static_cast<uint8_t>(i), dash.on, dash.period}, courses[i]);
  }
  if (tells_apart_by_letters()) MarkLines(courses);
  return PlotText() + TimeAxisText() + LegendText() + note;
}

std::string TextChart::InColour(const std::string& text, size_t line) const {
  if (!options_.in_colour || text.empty()) return text;
  return "\x1b[" + std::to_string(kColours[line % std::size(kColours)]) + "m" + text + "\x1b[0m";
}

std::string TextChart::PlotText() const {
  std::vector<std::string> labels(static_cast<size_t>(rows_));
  for (const ValueAxis::Tick& tick : value_axis_->ticks()) {
    labels[static_cast<size_t>(DotOf(span_.from_us, tick.value).y / 4)] = tick.label;
  }
  std::string text;
  for (int row = 0; row < rows_; ++row) {
    const std::string& label = labels[static_cast<size_t>(row)];
    text += AlignedRight(label, gutter_ - 1) + (label.empty() ? " \u2502" : " \u2524") +
            RowText(row) + "\n";
  }
  return text;
}

std::string TextChart::RowText(int row) const {
  std::string text, run;  // a run has one colour
  size_t run_line = 0, blanks = 0;
  for (int column = 0; column < columns_; ++column) {
    const BrailleCanvas::Cell& cell = canvas_->At(column, row);
    if (cell.dots == 0 && cell.mark == 0) {
      ++blanks;
      continue;
    }
    if (cell.line != run_line) text += InColour(std::exchange(run, ""), run_line);
    run_line = cell.line;
    run += Blanks(std::exchange(blanks, 0)) + BrailleCanvas::TextOf(cell);
  }
  return text + InColour(run, run_line);
}

std::string TextChart::TimeAxisText() const {
  std::vector<bool> has_tick(static_cast<size_t>(columns_));
  LabelRow labels, dates;
  const size_t width = gutter_ + 1 + static_cast<size_t>(columns_);
  for (const TimeAxis::Tick& tick : time_axis_->ticks()) {
    const auto column = static_cast<size_t>(DotOf(tick.ts_us, value_axis_->low()).x / 2);
    has_tick[column] = true;
    labels.Add(gutter_ + 1 + column, width, tick.label);
    dates.Add(gutter_ + 1 + column, width, tick.date);
  }
  std::string text = Blanks(gutter_) + "\u2514";
  for (const bool has : has_tick) text += has ? "\u252c" : "\u2500";
  text += "\n" + labels.text();
  return time_axis_->has_dates() ? text + "\n" + dates.text() : text;
}

std::string TextChart::KeyOf(size_t line) const {
  if (lines_.size() == 1) return "";
  return options_.in_colour ? "\u2501\u2501 " : std::string{LetterOf(line)} + " ";
}

std::string TextChart::LegendText() const {
  const auto width = static_cast<size_t>(options_.width);
  constexpr size_t kApart = 3;
  std::string text;
  size_t used = 0;
  for (size_t i = 0; i < lines_.size(); ++i) {
    const std::string key = KeyOf(i);
    std::string name = lines_[i].name;
    if (!lines_[i].legend.empty()) name += " " + lines_[i].legend;
    if (name.empty() && key.empty()) continue;
    if (name.empty()) name = "(no name)";
    name = OneLine(name, width - std::min(width, CharacterCount(key)));
    const size_t size = CharacterCount(key) + CharacterCount(name);
    const bool fits = used > 0 && used + kApart + size <= width;
    text += (fits ? Blanks(kApart) : "\n") + InColour(key, i) + name;
    used = fits ? used + kApart + size : size;
  }
  return text;
}

}  // namespace xtdb
