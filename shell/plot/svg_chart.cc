#include "shell/plot/svg_chart.h"

#include <algorithm>
#include <utility>

#include "shell/plot/svg_style.h"
#include "shell/plot/xml_text.h"
#include "vtab/text/one_line.h"

namespace xtdb {
namespace {

// All in the units of the drawing.
constexpr double kMargin = 16;
constexpr double kMarginRight = 24;  // half a label of the axis of time
constexpr double kPanelsApart = 14;
constexpr double kAxisHeight = 40;  // labels of time in two rows
constexpr double kFooterRow = 18;
constexpr double kPlotHeight = 320, kPlotHeightOfMany = 200, kPlotHeightMin = 40;

constexpr const char* kBandColour = "#d5dae1";  // any line's

// Which tags a shade is about.
std::string NamesWithQuality(const PlotData& data, bool is_bad) {
  constexpr size_t kNamesMax = 2, kNameCharacters = 24;
  std::string names;
  size_t count = 0;
  for (const PlotPanel& panel : data.panels) {
    for (const PlotLine& line : panel.lines) {
      if (!line.HasQuality(is_bad) || ++count > kNamesMax) continue;
      names += (names.empty() ? "" : ", ") + OneLine(line.tag->name, kNameCharacters);
    }
  }
  return count > kNamesMax ? names + fmt::format(" and {} more", count - kNamesMax) : names;
}

}  // namespace

SvgChart::SvgChart(const PlotData& data, SvgChartOptions options)
    : data_(data),
      options_(std::move(options)),
      span_(data.span.Widened()),
      right_(options_.width - kMarginRight) {
  MakePanels();
  MakeFooter();
  height_ =
      panels_.back().bottom() + kAxisHeight + kFooterRow * (footer_.back().row + 1) + kMargin / 2;
  const double characters = static_cast<double>(svg::CharactersIn(right_ - panels_.front().left()));
  time_axis_.emplace(span_.from_us, span_.to_us, std::max(1, static_cast<int>(characters)));
}

void SvgChart::MakePanels() {
  const auto count = static_cast<double>(data_.panels.size());
  // How wide the axis of values is, is not known before its ticks, and they hang on the height.
  const double legend_width = options_.width - 2 * kMargin - kSizeMin / 2.0;
  double fixed = 2 * kMargin + kAxisHeight + kFooterRow + kPanelsApart * (count - 1);
  for (const PlotPanel& panel : data_.panels) {
    fixed += SvgPanel::LegendHeight(panel, legend_width);
  }
  double height = count == 1 ? kPlotHeight : kPlotHeightOfMany;
  if (options_.height) height = (*options_.height - fixed) / count;
  double left = 0;
  for (const PlotPanel& panel : data_.panels) {
    panels_.emplace_back(panel, span_, legend_width, std::max(height, kPlotHeightMin));
    left = std::max(left, kMargin + panels_.back().label_width());
  }
  double y = kMargin;
  for (SvgPanel& panel : panels_) {
    panel.PlaceAt(left, right_, y);
    y = panel.bottom() + kPanelsApart;
  }
}

void SvgChart::MakeFooter() {
  const std::string bad = NamesWithQuality(data_, true);
  const std::string uncertain = NamesWithQuality(data_, false);
  const bool has_band = std::any_of(panels_.begin(), panels_.end(),
                                    [](const SvgPanel& panel) { return panel.has_band(); });
  footer_.push_back({nullptr, "times in UTC"});
  if (has_band) footer_.push_back({kBandColour, "least to greatest value"});
  if (!bad.empty()) footer_.push_back({svg::kBadColour, "bad quality, left out: " + bad});
  if (!uncertain.empty()) {
    footer_.push_back({svg::kUncertainColour, "uncertain quality: " + uncertain});
  }
  for (const std::string& note : options_.notes) footer_.push_back({nullptr, note});
  const double left = panels_.front().left();
  double x = left;
  int row = 0;
  for (FooterItem& item : footer_) {
    const double key = item.colour == nullptr ? 0 : svg::kKeyWidth;
    item.text = OneLine(item.text, svg::CharactersIn(right_ - left - key));
    const double width = key + svg::WidthOf(item.text);
    if (x > left && x + width > right_) {
      x = left;
      ++row;
    }
    item.row = row;
    item.x = x;
    x += width + svg::kEntriesApart;
  }
}

std::string SvgChart::Draw() {
  out_.clear();
  svg::Append(out_,
              "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1:.0f}\" width=\"{0}\" "
              "height=\"{1:.0f}\" style=\"max-width:100%;height:auto\" role=\"img\" "
              "font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,"
              "'DejaVu Sans',sans-serif\" font-size=\"{2}\">\n",
              options_.width, height_, svg::kFontSize);
  std::string names;
  for (const PlotPanel& panel : data_.panels) {
    for (const PlotLine& line : panel.lines) {
      names += (names.empty() ? "" : ", ") + line.tag->name;
    }
  }
  svg::Append(out_, "<title>{}</title>\n", XmlText(names));
  svg::Append(out_, "<rect width=\"{}\" height=\"{:.0f}\" fill=\"#ffffff\"/>\n", options_.width,
              height_);
  for (const SvgPanel& panel : panels_) panel.Draw(*time_axis_, out_);
  DrawTimeAxis();
  DrawFooter();
  return std::exchange(out_, "") + "</svg>\n";
}

void SvgChart::DrawTimeAxis() {
  const double y = panels_.back().bottom() + 16;
  svg::Append(out_, "<g fill=\"{}\" text-anchor=\"middle\">\n", svg::kQuietColour);
  for (const TimeAxis::Tick& tick : time_axis_->ticks()) {
    const double half = svg::WidthOf(tick.date.empty() ? tick.label : tick.date) / 2;
    const double x =
        std::clamp(panels_.back().XOf(tick.ts_us), half + 2, options_.width - half - 2);
    svg::Append(out_, "<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x, y, tick.label);
    if (tick.date.empty()) continue;
    svg::Append(out_, "<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"{}\">{}</text>\n", x, y + 16,
                svg::kTextColour, tick.date);
  }
  out_ += "</g>\n";
}

void SvgChart::DrawFooter() {
  const double y = panels_.back().bottom() + kAxisHeight + kFooterRow - 4;
  svg::Append(out_, "<g font-size=\"11\" fill=\"{}\">\n", svg::kQuietColour);
  for (const FooterItem& item : footer_) {
    const double item_y = y + kFooterRow * item.row;
    if (item.colour != nullptr) {
      svg::Append(out_,
                  "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"16\" height=\"11\" fill=\"{}\" "
                  "stroke=\"#d1d5db\" stroke-width=\"0.5\"/>\n",
                  item.x, item_y - 9.5, item.colour);
    }
    svg::Append(out_, "<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                item.x + (item.colour == nullptr ? 0 : svg::kKeyWidth), item_y, XmlText(item.text));
  }
  out_ += "</g>\n";
}

}  // namespace xtdb
