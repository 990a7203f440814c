#include "shell/commands/plot_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "shell/commands/command.h"
#include "shell/commands/tag_patterns.h"
#include "shell/export/output_file.h"
#include "shell/plot/plot_data.h"
#include "shell/plot/svg_chart.h"
#include "vtab/chart/text_chart.h"
#include "vtab/text/quote_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

constexpr const char* kFooter = R"(
A TAG is a name, or a pattern with * and ?; without one all tags that are no texts are drawn. Tags
of one unit share a chart, others have one of their own below. Values of bad quality are left out;
stepped tags and bools are drawn in steps. Times are in UTC: '2026-01-02', '2026-01-02 03:04:05',
'2026-01-02T03:04:05+02:00', now.

Examples:
  xtdb plot plant.xtdb boiler.temp
  xtdb plot plant.xtdb 'boiler.*' --from '2026-01-02 06:00' --to '2026-01-02 18:00'
  xtdb plot plant.xtdb boiler.temp boiler.pressure --svg boiler.svg

)";

Status TooManyTags(size_t count) {
  return Status::InvalidArgument(
      fmt::format("{} tags; a plot shows at most {}: name some, or a pattern such as 'boiler.*'",
                  count, TextChart::kLinesMax));
}

std::string QuotedList(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    list += (list.empty() ? "" : ", ") + QuoteForMessage(name);
  }
  return list;
}

// In the order in which they are asked for, each once; of texts only one that is named.
Result<std::vector<TagPtr>> SelectPlotTags(const ReadView& view, const PlotOptions& options) {
  const std::vector<std::string> all = {"*"};
  std::vector<TagPtr> tags;
  for (const std::string& wanted : options.tags.empty() ? all : options.tags) {
    XTDB_ASSIGN_OR_RETURN(const std::vector<TagPtr> found, TagsByPattern(view, wanted));
    for (const TagPtr& tag : found) {
      const bool has_line = tag->type != ValueType::kText || tag->name == wanted;
      const auto is_same = [&tag](const TagPtr& known) { return known->id == tag->id; };
      if (has_line && std::none_of(tags.begin(), tags.end(), is_same)) tags.push_back(tag);
    }
  }
  if (tags.size() > TextChart::kLinesMax) return TooManyTags(tags.size());
  const char* const that_fit = options.tags.empty() ? "" : " that fit";
  if (tags.empty())
    return Status::NotFound(options.container + " has no tags with numbers" + that_fit);
  return tags;
}

Status CheckExtent(const char* name, const std::optional<int>& value, int least, int greatest,
                   const char* unit) {
  if (!value || (*value >= least && *value <= greatest)) return {};
  return Status::InvalidArgument(
      fmt::format("{} is {}; write {} to {} {}", name, *value, least, greatest, unit));
}

Status CheckSize(const PlotOptions& options) {
  if (!options.svg.empty()) {
    XTDB_RETURN_IF_ERROR(
        CheckExtent("--width", options.width, SvgChart::kSizeMin, SvgChart::kSizeMax, "pixels"));
    return CheckExtent("--height", options.height, SvgChart::kSizeMin, SvgChart::kSizeMax,
                       "pixels");
  }
  XTDB_RETURN_IF_ERROR(CheckExtent("--width", options.width, TextChart::kWidthMin,
                                   TextChart::kWidthMax, "characters"));
  return CheckExtent("--height", options.height, TextChart::kHeightMin, TextChart::kHeightMax,
                     "characters");
}

std::string LegendOf(const TagDefinition& tag) {
  std::string legend = tag.unit.empty() ? "" : "[" + tag.unit + "]";
  if (!tag.description.empty()) legend += (legend.empty() ? "" : " ") + tag.description;
  return legend;
}

bool HasBadQuality(const PlotData& data) {
  for (const PlotPanel& panel : data.panels) {
    for (const PlotLine& line : panel.lines) {
      if (line.HasQuality(true)) return true;
    }
  }
  return false;
}

// What the picture itself does not tell.
std::vector<std::string> NotesOf(const PlotData& data) {
  std::vector<std::string> notes;
  bool has_infinities = false;
  for (const PlotPanel& panel : data.panels) {
    for (const PlotLine& line : panel.lines) has_infinities |= line.has_infinities;
  }
  if (has_infinities) notes.emplace_back("infinite values are left out");
  if (!data.empty.empty()) notes.push_back("no values in this time: " + QuotedList(data.empty));
  return notes;
}

std::vector<ChartLine> ChartLinesOf(const PlotPanel& panel) {
  std::vector<ChartLine> lines;
  for (const PlotLine& line : panel.lines) {
    lines.push_back({line.tag->name, LegendOf(*line.tag), line.bins, line.is_stepped()});
  }
  return lines;
}

void DrawText(const PlotData& data, const PlotOptions& options, const Terminal& terminal) {
  const int panels = static_cast<int>(data.panels.size());
  const int kept = 1 + 3 * panels;  // rows for the prompt, and below each chart
  const int height = options.height.value_or(terminal.out_rows - kept) / panels;
  TextChartOptions chart;
  chart.width = std::clamp(options.width.value_or(terminal.out_columns), TextChart::kWidthMin,
                           TextChart::kWidthMax);
  constexpr int kPanelHeightMin = 8;
  chart.height = std::clamp(height, panels == 1 ? TextChart::kHeightMin : kPanelHeightMin,
                            TextChart::kHeightMax);
  chart.in_colour = terminal.out_has_colour;
  chart.span = data.span;
  for (const PlotPanel& panel : data.panels) {
    chart.gutter_min = std::max(chart.gutter_min, TextChart(ChartLinesOf(panel), chart).gutter());
  }
  for (const PlotPanel& panel : data.panels) {
    fmt::print(terminal.out, "{}{}\n", &panel == &data.panels.front() ? "" : "\n",
               TextChart(ChartLinesOf(panel), chart).Draw());
  }
  if (HasBadQuality(data)) fmt::print(terminal.out, "(values of bad quality are left out)\n");
  for (const std::string& note : NotesOf(data)) fmt::print(terminal.out, "({})\n", note);
}

// A slip of the hand is not to cost a container.
Status CheckMayReplace(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) || error) return {};
  std::ifstream file(path, std::ios::binary);
  const int first = file.get();
  if (first == '<' || first == std::char_traits<char>::eof()) return {};
  return Status::AlreadyExists(path + " exists and is no SVG file; choose another name");
}

Status WriteSvg(const PlotData& data, const PlotOptions& options, const Terminal& terminal) {
  SvgChartOptions chart;
  chart.width = options.width.value_or(chart.width);
  chart.height = options.height;
  chart.notes = NotesOf(data);
  const std::string svg = SvgChart(data, chart).Draw();
  if (options.svg == "-") {
    fmt::print(terminal.out, "{}", svg);
    return {};
  }
  XTDB_RETURN_IF_ERROR(CheckMayReplace(options.svg));
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file, OutputFile::Open(options.svg));
  XTDB_RETURN_IF_ERROR(file->Write(svg));
  XTDB_RETURN_IF_ERROR(file->Finish());
  fmt::print(terminal.err, "{}: {} bytes\n", options.svg, svg.size());
  return {};
}

}  // namespace

Status RunPlot(const PlotOptions& options, const Terminal& terminal) {
  XTDB_RETURN_IF_ERROR(CheckSize(options));
  if (options.from_us && options.to_us && *options.from_us >= *options.to_us) {
    return Status::InvalidArgument("--from " + FormatTime(*options.from_us) +
                                   " is not before --to " + FormatTime(*options.to_us));
  }
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<StorageEngine> engine,
                        OpenForReading(options.container));
  ReadView view;
  XTDB_ASSIGN_OR_RETURN(view.snapshot, engine->TakeSnapshot());
  PlotRequest request;
  XTDB_ASSIGN_OR_RETURN(request.tags, SelectPlotTags(view, options));
  request.from_us = options.from_us;
  request.to_us = options.to_us;
  request.threads = engine->options().threads;
  if (options.width) request.bins = std::max(request.bins, *options.width);
  XTDB_ASSIGN_OR_RETURN(const PlotData data, ReadPlot(view, request));
  if (!options.svg.empty()) return WriteSvg(data, options, terminal);
  DrawText(data, options, terminal);
  return {};
}

void AddPlotCommand(CLI::App& app, Command& command) {
  CLI::App& plot = *app.add_subcommand("plot", "Draw tags over time, here or as an SVG file");
  const auto options = std::make_shared<PlotOptions>();
  plot.add_option("CONTAINER", options->container, "The file to read")->required();
  plot.add_option("TAG", options->tags, "What to draw");
  AddTimeOption(
      plot, "--from", [options](int64_t ts_us) { options->from_us = ts_us; },
      "Only points at or after this time");
  AddTimeOption(
      plot, "--to", [options](int64_t ts_us) { options->to_us = ts_us; },
      "Only points before this time");
  plot.add_option("--width", options->width, "Characters, else the terminal's; with --svg pixels");
  plot.add_option("--height", options->height, "Likewise, of all charts together");
  plot.add_option("--svg", options->svg, "Write an SVG file; -: to standard output")
      ->type_name("FILE");
  plot.footer(std::string(kFooter) + kExitCodes);
  plot.callback([options, &command] {
    const Status size = CheckSize(*options);
    if (!size.ok()) throw CLI::ValidationError(std::string(size.message()));
    command = [options](const Terminal& terminal) -> Result<ExitCode> {
      XTDB_RETURN_IF_ERROR(RunPlot(*options, terminal));
      return ExitCode::kOk;
    };
  });
}

}  // namespace xtdb
