#include "shell/commands/tags_command.h"

#include <fmt/format.h>

#include <memory>

#include "shell/commands/command.h"
#include "shell/commands/tag_patterns.h"
#include "shell/commands/tag_table.h"
#include "shell/terminal/human_text.h"

namespace xtdb {
namespace {

constexpr const char* kFooter = R"(
TAG is a name, or a pattern, in which * is any text and ? any character.

--json writes a list of objects: tag, tag_id, type (null before the first value), unit, description,
step (true, false, null), points, bytes, and of tags with points first_ts and last_ts (microseconds
since 1970), last_value and last_quality.

Examples:
  xtdb tags plant.xtdb
  xtdb tags plant.xtdb 'boiler.*' pump.speed
  xtdb tags plant.xtdb --json | jq -r '.[] | select(.points == 0) | .tag'

)";

void PrintJson(const std::vector<TagReport>& tags, const Terminal& terminal) {
  fmt::print(terminal.out, "[");
  for (size_t i = 0; i < tags.size(); ++i) {
    fmt::print(terminal.out, "{}{}", i == 0 ? "" : ",\n ", TagJson(tags[i]));
  }
  fmt::print(terminal.out, "]\n");
}

}  // namespace

Status RunTags(const TagsOptions& options, const Terminal& terminal) {
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<StorageEngine> engine,
                        OpenForReading(options.container));
  ReadView view;
  XTDB_ASSIGN_OR_RETURN(view.snapshot, engine->TakeSnapshot());
  XTDB_ASSIGN_OR_RETURN(const std::vector<TagPtr> tags, TagsByPatterns(view, options.tags));
  std::vector<TagReport> reports;
  for (const TagPtr& tag : tags) {
    XTDB_ASSIGN_OR_RETURN(TagSummary summary, SummarizeTag(view, tag, nullptr));
    reports.push_back({tag, std::move(summary)});
  }
  if (options.json) {
    PrintJson(reports, terminal);
  } else {
    fmt::print(terminal.out, "{}", TagTableText(reports));
  }
  return {};
}

void AddTagsCommand(CLI::App& app, Command& command) {
  CLI::App& tags = *app.add_subcommand("tags", "List tags with what they are and hold");
  const auto options = std::make_shared<TagsOptions>();
  tags.add_option("CONTAINER", options->container, "The file to read")->required();
  tags.add_option("TAG", options->tags, "Names or patterns of tags (default: all)");
  tags.add_flag("--json", options->json, "Write JSON");
  tags.footer(std::string(kFooter) + kExitCodes);
  tags.callback([options, &command] {
    command = [options](const Terminal& terminal) -> Result<ExitCode> {
      XTDB_RETURN_IF_ERROR(RunTags(*options, terminal));
      return ExitCode::kOk;
    };
  });
}

}  // namespace xtdb
