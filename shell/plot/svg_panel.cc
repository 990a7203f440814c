#include "shell/plot/svg_panel.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shell/plot/svg_style.h"
#include "shell/plot/xml_text.h"
#include "vtab/text/one_line.h"

namespace xtdb {
namespace {

constexpr double kLegendRow = 20;
constexpr double kBelowLegend = 6;
constexpr double kBeforeAxis = 6;
constexpr size_t kUnitCharactersMax = 12;

constexpr const char* kColours[] = {"#1f6fb4", "#d9590b", "#16835e", "#7a4fb5",
                                    "#c8327d", "#5b8c1a", "#b8860b", "#0e8fa3",
                                    "#8c4a3c", "#555b66", "#3f3fa8", "#a31515"};

ValueAxis AxisOf(const PlotPanel& panel, double height) {
  const ChartBin& any = panel.lines.front().bins.front();
  double min = any.min, max = any.max;
  for (const PlotLine& line : panel.lines) {
    for (const ChartBin& bin : line.bins) {
      min = std::min(min, bin.min);
      max = std::max(max, bin.max);
    }
  }
  constexpr double kTickDistance = 36;
  return {min, max, std::max(2, static_cast<int>(height / kTickDistance) + 1)};
}

// A line through the mean of a bin hides what its values spread over.
bool IsBand(const ChartBin& bin) { return bin.count > 2 && bin.max > bin.min; }

// With the sign of its colour, and the distance to the next.
double EntryWidth(const PlotLine& line) {
  const TagDefinition& tag = *line.tag;
  const double description = tag.description.empty() ? 0 : svg::WidthOf("  " + tag.description);
  return svg::kKeyWidth + svg::WidthOf(tag.name) + description + svg::kEntriesApart;
}

}  // namespace

SvgPanel::SvgPanel(const PlotPanel& panel, const TimeSpan& span, double width, double height)
    : panel_(panel), span_(span), width_(width), height_(height), axis_(AxisOf(panel, height)) {}

double SvgPanel::LegendHeight(const PlotPanel& panel, double width) {
  return kLegendRow * static_cast<double>(LegendRowsOf(panel, width).size()) + kBelowLegend;
}

double SvgPanel::label_width() const {
  double width = svg::WidthOf(OneLine(panel_.unit, kUnitCharactersMax));
  for (const ValueAxis::Tick& tick : axis_.ticks()) {
    width = std::max(width, svg::WidthOf(tick.label));
  }
  return width + kBeforeAxis;
}

void SvgPanel::PlaceAt(double left, double right, double y) {
  left_ = left;
  right_ = right;
  legend_y_ = y;
  top_ = y + LegendHeight(panel_, width_);
}

double SvgPanel::XOf(int64_t ts_us) const {
  return left_ + (right_ - left_) * static_cast<double>(ts_us - span_.from_us) /
                     static_cast<double>(span_.to_us - span_.from_us);
}

double SvgPanel::YOf(double value) const { return bottom() - height_ * axis_.FractionOf(value); }

double SvgPanel::MiddleOf(const ChartBin& bin) const {
  return (XOf(bin.first_us) + XOf(bin.last_us)) / 2;
}

bool SvgPanel::has_band() const {
  return std::any_of(panel_.lines.begin(), panel_.lines.end(), [](const PlotLine& line) {
    return std::any_of(line.bins.begin(), line.bins.end(), IsBand);
  });
}

void SvgPanel::Draw(const TimeAxis& time_axis, std::string& out) const {
  DrawQuality(out);
  DrawGrid(time_axis, out);
  for (size_t i = 0; i < panel_.lines.size(); ++i) {
    DrawLine(panel_.lines[i], kColours[i % std::size(kColours)], out);
  }
  DrawLegend(out);
}

// Bad over uncertain: where lines of a panel differ, the worse is to be seen.
void SvgPanel::DrawQuality(std::string& out) const {
  constexpr double kWidthMin = 2;
  for (const bool is_bad : {false, true}) {
    for (const PlotLine& line : panel_.lines) {
      for (const QualitySpan& span : line.quality) {
        if (span.is_bad != is_bad) continue;
        const double x = XOf(span.time.from_us);
        const double width = std::max(kWidthMin, XOf(span.time.to_us) - x);
        svg::Append(out,
                    "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
                    "fill=\"{}\"/>\n",
                    x - (width == kWidthMin ? kWidthMin / 2 : 0), top_, width, height_,
                    is_bad ? svg::kBadColour : svg::kUncertainColour);
      }
    }
  }
}

void SvgPanel::DrawGrid(const TimeAxis& time_axis, std::string& out) const {
  out += "<g stroke=\"#e5e7eb\" shape-rendering=\"crispEdges\">\n";
  for (const TimeAxis::Tick& tick : time_axis.ticks()) {
    svg::Append(out, "<path d=\"M{0:.1f} {1:.1f}V{2:.1f}\"/>\n", XOf(tick.ts_us), top_, bottom());
  }
  for (const ValueAxis::Tick& tick : axis_.ticks()) {
    svg::Append(out, "<path d=\"M{:.1f} {:.1f}H{:.1f}\"/>\n", left_, YOf(tick.value), right_);
  }
  svg::Append(out,
              "<path d=\"M{0:.1f} {1:.1f}V{2:.1f}H{3:.1f}\" stroke=\"#9ca3af\" fill=\"none\"/>\n",
              left_, top_, bottom(), right_);
  svg::Append(out, "</g>\n<g fill=\"{}\" text-anchor=\"end\">\n", svg::kQuietColour);
  for (const ValueAxis::Tick& tick : axis_.ticks()) {
    svg::Append(out, "<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", left_ - kBeforeAxis,
                YOf(tick.value) + 4, tick.label);
  }
  out += "</g>\n";
}

std::vector<SvgPanel::Stretch> SvgPanel::StretchesOf(const std::vector<ChartBin>& bins) {
  std::vector<Stretch> stretches;
  for (size_t i = 0; i < bins.size(); ++i) {
    if (i == 0 || bins[i].breaks_before) stretches.push_back({i, i});
    stretches.back().end = i + 1;
  }
  return stretches;
}

void SvgPanel::AddStretch(const PlotLine& line, const Stretch& stretch, Shapes& shapes) const {
  std::string upper, lower;
  bool has_band = false;
  bool is_first = true;
  const auto go_to = [&](double x, double y, bool in_steps) {
    if (std::exchange(is_first, false)) {
      svg::Append(shapes.path, "M{:.1f} {:.1f}", x, y);
    } else if (in_steps) {
      svg::Append(shapes.path, "H{:.1f}V{:.1f}", x, y);
    } else {
      svg::Append(shapes.path, "L{:.1f} {:.1f}", x, y);
    }
  };
  for (size_t i = stretch.begin; i < stretch.end; ++i) {
    const ChartBin& bin = line.bins[i];
    if (bin.count <= 2) {
      go_to(XOf(bin.first_us), YOf(bin.first), line.is_stepped());
      if (bin.count == 2) go_to(XOf(bin.last_us), YOf(bin.last), line.is_stepped());
    } else {
      go_to(MiddleOf(bin), YOf(line.means[i]), false);
    }
    has_band |= IsBand(bin);
    const char to = i == stretch.begin ? 'M' : 'L';
    svg::Append(upper, "{}{:.1f} {:.1f}", to, MiddleOf(bin), YOf(bin.max));
  }
  for (size_t i = stretch.end; i-- > stretch.begin;) {
    svg::Append(lower, "L{:.1f} {:.1f}", MiddleOf(line.bins[i]), YOf(line.bins[i].min));
  }
  if (has_band) shapes.band += upper + lower + "Z";
}

void SvgPanel::DrawLine(const PlotLine& line, const char* colour, std::string& out) const {
  constexpr double kGapWidth = 16;
  constexpr double kMarkerDistance = 12;  // where points are farther apart each has a marker
  std::vector<ChartBin> bins = line.bins;
  const double us_per_unit = static_cast<double>(span_.to_us - span_.from_us) / (right_ - left_);
  BreakAtGaps(bins, static_cast<int64_t>(kGapWidth * us_per_unit));
  const bool are_far_apart = static_cast<double>(bins.size()) * kMarkerDistance < right_ - left_;
  Shapes shapes;
  for (const Stretch& stretch : StretchesOf(bins)) {
    AddStretch(line, stretch, shapes);
    const bool is_alone = stretch.end == stretch.begin + 1;
    for (size_t i = stretch.begin; i < stretch.end && (is_alone || are_far_apart); ++i) {
      svg::Append(shapes.markers, "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.2\"/>\n",
                  XOf(bins[i].first_us), YOf(bins[i].first));
    }
  }
  svg::Append(out, "<g fill=\"{}\">\n<title>{}</title>\n", colour, XmlText(line.tag->name));
  if (!shapes.band.empty()) {
    svg::Append(out,
                "<path d=\"{}\" fill-opacity=\"0.25\" stroke=\"{}\" stroke-opacity=\"0.35\" "
                "stroke-width=\"0.6\"/>\n",
                shapes.band, colour);
  }
  svg::Append(out,
              "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\" "
              "stroke-linejoin=\"round\"/>\n{}</g>\n",
              shapes.path, colour, shapes.markers);
}

SvgPanel::LegendRows SvgPanel::LegendRowsOf(const PlotPanel& panel, double width) {
  LegendRows rows(1);
  double used = 0;
  for (size_t i = 0; i < panel.lines.size(); ++i) {
    const double needed = EntryWidth(panel.lines[i]);
    if (!rows.back().empty() && used + needed > width) {
      rows.emplace_back();
      used = 0;
    }
    rows.back().push_back(i);
    used += needed;
  }
  return rows;
}

void SvgPanel::DrawLegend(std::string& out) const {
  svg::Append(out, "<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"{}\" text-anchor=\"end\">{}</text>\n",
              left_ - kBeforeAxis, legend_y_ + 13, svg::kQuietColour,
              XmlText(OneLine(panel_.unit, kUnitCharactersMax)));
  double y = legend_y_ + 13;
  for (const std::vector<size_t>& row : LegendRowsOf(panel_, width_)) {
    double x = left_;
    for (const size_t number : row) {
      const TagDefinition& tag = *panel_.lines[number].tag;
      const size_t characters = svg::CharactersIn(right_ - x - svg::kKeyWidth);
      const std::string name = OneLine(tag.name, characters);
      const std::string description =
          OneLine(tag.description, characters - std::min(characters, CharacterCount(name) + 2));
      svg::Append(
          out,
          "<path d=\"M{:.1f} {:.1f}h16\" stroke=\"{}\" stroke-width=\"3\"/>\n"
          "<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"{}\"><tspan font-weight=\"600\">{}</tspan>",
          x, y - 4, kColours[number % std::size(kColours)], x + svg::kKeyWidth, y, svg::kTextColour,
          XmlText(name));
      if (!description.empty()) {
        svg::Append(out, "<tspan dx=\"6\" fill=\"{}\">{}</tspan>", svg::kQuietColour,
                    XmlText(description));
      }
      out += "</text>\n";
      x += EntryWidth(panel_.lines[number]);
    }
    y += kLegendRow;
  }
}

}  // namespace xtdb
