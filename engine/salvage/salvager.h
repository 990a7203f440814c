#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/io/clock.h"
#include "engine/io/file_system.h"
#include "engine/salvage/block_finder.h"
#include "engine/salvage/container_survey.h"
#include "engine/salvage/log_scavenger.h"
#include "engine/salvage/salvage_report.h"
#include "engine/salvage/tag_salvager.h"
#include "engine/storage_engine.h"

namespace xtdb {

// Rebuilds a container from whatever blocks and log frames of a damaged one are intact. Catalogue,
// directories and log are used where they are intact and needed nowhere. The input is only read.
//
// Ownership: borrows `fs` and `clock`.
// Threads:   one; nobody may write to the input meanwhile.
class Salvager {
 public:
  // options: of the output; the chunk size is the input's.
  // on_progress: called with "reading", of chunks, and "saving", of vectors
  Salvager(FileSystem& fs, Clock& clock, const EngineOptions& options, ProgressFn on_progress = {})
      : fs_(fs), clock_(clock), options_(options), on_progress_(std::move(on_progress)) {}

  // Makes the container `output`, closed and synced, and says what it holds and what was lost.
  //   kAlreadyExists: `output` (or a rest of an earlier salvage) stands there. kBusy: a program has
  //   the input open. kCorruption: there is nothing to save. On error there is no output.
  Result<SalvageReport> Run(const std::string& input, const std::string& output);

 private:
  Status CheckOutput(const std::string& output) const;
  Status ReadInput(const std::string& input);
  Status ReadLog(const std::string& path);
  Status WriteOutput(const std::string& partial);
  Status WriteTags(StorageEngine& engine);
  Status DefineTags(StorageEngine& engine);
  void CollectTags();
  void NameTags();
  void NameByNumber(TagDefinition& tag, std::set<std::string>& names);
  void NoteUnnamed();
  TagSalvager::Sources SourcesOf(TagId tag) const;
  void Finish();
  Status RemovePartial(const std::string& partial) const;

  FileSystem& fs_;
  Clock& clock_;
  const EngineOptions options_;
  const ProgressFn on_progress_;

  std::unique_ptr<File> file_;
  ContainerSurvey survey_;
  LogFindings log_;
  FoundBlocks found_;
  SalvageReport report_;
  std::map<TagId, TagDefinition> tags_;  // with the names that the output gets
  std::map<TagId, std::vector<const FoundBlock*>> blocks_;
  std::map<TagId, std::vector<const LostBlock*>> lost_;
  std::map<TagId, std::vector<const LogFindings::LostRun*>> lost_runs_;
};

}  // namespace xtdb
