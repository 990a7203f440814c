#include "engine/salvage/salvager.h"

#include <algorithm>

#include "engine/io/process.h"

namespace xtdb {
namespace {

constexpr int64_t kWriterTimeoutUs = 60'000'000;

// What a tag is that only its blocks and runs tell of.
ValueType WiderType(ValueType a, ValueType b) {
  if (a == ValueType::kNone) return b;
  if (b == ValueType::kNone || a == b) return a;
  if (IsInteger(a) && b == ValueType::kFloat64) return b;
  return a;
}

}  // namespace

Status Salvager::CheckOutput(const std::string& output) const {
  for (const std::string& path :
       {output, output + "-wal", output + ".partial", output + ".partial-wal"}) {
    if (fs_.Exists(path)) {
      return Status::AlreadyExists(path + " exists; remove it, or write another output");
    }
  }
  return Status();
}

Status Salvager::ReadLog(const std::string& path) {
  if (!fs_.Exists(path)) {
    const bool in_use = survey_.superblock && survey_.superblock->log_state == LogState::kInUse;
    if (in_use) {
      report_.losses.push_back(
          {"", 0, -1, 0, path + " is missing: what was committed last stood in it alone"});
    }
    return Status();
  }
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, fs_.Open(path, OpenMode::kReadOnly));
  LogScavenger scavenger(*file, survey_.container_id);
  XTDB_ASSIGN_OR_RETURN(const bool is_ours, scavenger.BelongsToContainer());
  if (!is_ours) {
    report_.notes.push_back(path + ": not a log of this container, or nothing of it is intact");
    if (survey_.superblock && survey_.superblock->log_state == LogState::kInUse) {
      report_.losses.push_back({"", 0, -1, 0, path + ": nothing of it could be read"});
    }
    return Status();
  }
  survey_.container_id = scavenger.container_id();
  const bool is_newest = survey_.superblocks_intact == 2;
  XTDB_RETURN_IF_ERROR(scavenger.Run(survey_.superblock, is_newest, log_));
  report_.log_transactions = log_.transactions;
  report_.notes.insert(report_.notes.end(), log_.notes.begin(), log_.notes.end());
  return Status();
}

Status Salvager::ReadInput(const std::string& input) {
  XTDB_ASSIGN_OR_RETURN(survey_, SurveyContainer(*file_));
  report_.notes = survey_.notes;
  XTDB_RETURN_IF_ERROR(ReadLog(input + "-wal"));
  report_.chunk_size_bytes = survey_.chunk_size_bytes;
  if (survey_.chunk_size_bytes == 0) return Status();
  XTDB_ASSIGN_OR_RETURN(const LayoutCalculator layout,
                        LayoutCalculator::Create(survey_.chunk_size_bytes));
  BlockFinder finder(*file_, survey_, layout);
  XTDB_ASSIGN_OR_RETURN(found_, finder.Find(log_.flushed, log_.compacted, on_progress_));
  report_.notes.insert(report_.notes.end(), found_.notes.begin(), found_.notes.end());
  return Status();
}

void Salvager::CollectTags() {
  if (survey_.catalogue) {
    for (const TagDefinition& tag : survey_.catalogue->tags) tags_[tag.id] = tag;
  }
  for (const TagId id : log_.committed_tags) tags_[id] = log_.definitions.at(id);
  for (const FoundBlock& block : found_.blocks) {
    if (block.runs.empty()) {
      report_.losses.push_back({"", block.head.ts_min_us, block.head.ts_max_us, block.head.count,
                                "block " + std::to_string(block.extent) + " of chunk " +
                                    std::to_string(block.head.chunk_sequence) +
                                    ": the table that says whose points it holds"});
    }
    for (const TagRun& run : block.runs) {
      blocks_[run.tag_id].push_back(&block);
      TagDefinition& tag = tags_[run.tag_id];
      tag.type = WiderType(tag.type, run.type);
    }
  }
  for (const auto& [id, runs] : log_.runs) {
    for (const ScavengedRun& run : runs)
      tags_[id].type = WiderType(tags_[id].type, run.columns.type);
  }
  for (const LostBlock& lost : found_.lost) {
    if (lost.tag == kNoTag) continue;
    tags_[lost.tag];
    lost_[lost.tag].push_back(&lost);
  }
  for (const LogFindings::LostRun& lost : log_.lost) lost_runs_[lost.tag].push_back(&lost);
  NameTags();
}

// Numbers without a name get one that no other tag has; definitions of transactions that do not
// count still tell it.
void Salvager::NameTags() {
  std::set<std::string> names;
  for (auto& [id, tag] : tags_) {
    tag.id = id;
    if (!tag.name.empty() && !names.insert(tag.name).second) tag.name.clear();
  }
  for (auto& [id, tag] : tags_) {
    if (!tag.name.empty()) continue;
    const auto named = log_.definitions.find(id);
    if (named != log_.definitions.end() && names.insert(named->second.name).second) {
      tag.name = named->second.name;
      tag.unit = named->second.unit;
      tag.description = named->second.description;
    } else {
      NameByNumber(tag, names);
    }
  }
}

void Salvager::NameByNumber(TagDefinition& tag, std::set<std::string>& names) {
  tag.name = "tag_" + std::to_string(tag.id);
  while (!names.insert(tag.name).second) tag.name += "_";
  report_.losses.push_back(
      {tag.name, 0, -1, 0, "the name of tag number " + std::to_string(tag.id)});
}

TagSalvager::Sources Salvager::SourcesOf(TagId tag) const {
  TagSalvager::Sources sources;
  sources.id = tag;
  sources.name = tags_.at(tag).name;
  const auto blocks = blocks_.find(tag);
  if (blocks != blocks_.end()) sources.blocks = blocks->second;
  const auto runs = log_.runs.find(tag);
  if (runs != log_.runs.end()) sources.runs = &runs->second;
  const auto lost = lost_.find(tag);
  if (lost != lost_.end()) sources.lost = lost->second;
  const auto lost_runs = lost_runs_.find(tag);
  if (lost_runs != lost_runs_.end()) sources.lost_runs = lost_runs->second;
  return sources;
}

// What was lost of no tag that could be named.
void Salvager::NoteUnnamed() {
  for (const LostBlock& lost : found_.lost) {
    if (lost.tag == kNoTag) report_.losses.push_back(lost.loss);
  }
  for (const LogFindings::LostRun& lost : log_.lost) {
    if (lost.tag != kNoTag && tags_.contains(lost.tag)) continue;
    std::string what = lost.what;
    if (lost.tag != kNoTag) what += ", tag number " + std::to_string(lost.tag);
    report_.losses.push_back({"", lost.ts_min_us, lost.ts_max_us, lost.points, std::move(what)});
  }
}

Status Salvager::DefineTags(StorageEngine& engine) {
  if (tags_.empty()) return Status();
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<Transaction> transaction,
                        engine.Begin(kWriterTimeoutUs));
  std::set<std::string> names;
  for (const auto& [id, tag] : tags_) names.insert(tag.name);
  for (auto& [id, tag] : tags_) {
    const auto type = tag.type == ValueType::kNone ? std::nullopt : std::optional(tag.type);
    Status defined =
        transaction->DefineTag(tag.name, type, tag.unit, tag.description, tag.interpolation);
    if (defined.code() == StatusCode::kInvalidArgument) {
      NameByNumber(tag, names);
      defined = transaction->DefineTag(tag.name, type, "", "");
    }
    XTDB_RETURN_IF_ERROR(defined);
  }
  XTDB_RETURN_IF_ERROR(transaction->Prepare());
  transaction->Commit();
  return Status();
}

Status Salvager::WriteTags(StorageEngine& engine) {
  XTDB_RETURN_IF_ERROR(DefineTags(engine));
  uint64_t vectors = 0;
  for (const FoundBlock& block : found_.blocks) vectors += block.vectors.size();
  const auto on_cluster = [this, vectors] {
    return TellProgress(on_progress_, "saving", report_.vectors + report_.vectors_damaged, vectors);
  };
  TagSalvager salvager(*file_, survey_.file_size, engine, report_, on_cluster);
  for (const auto& [id, tag] : tags_) {
    SavedTag saved;
    saved.name = tag.name;
    saved.id = id;
    const TagSalvager::Sources sources = SourcesOf(id);
    XTDB_RETURN_IF_ERROR(salvager.Salvage(sources, saved));
    report_.tags.push_back(std::move(saved));
  }
  return Status();
}

Status Salvager::WriteOutput(const std::string& partial) {
  EngineOptions options = options_;
  if (survey_.chunk_size_bytes != 0) options.storage.chunk_size_bytes = survey_.chunk_size_bytes;
  if (survey_.superblock && survey_.superblock->options.raw_records != 0) {
    options.storage.raw_records = true;
  }
  // Nobody relies on the output before it is closed, and that syncs everything.
  options.synchronous = Synchronous::kOff;
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<StorageEngine> engine,
                        StorageEngine::Open(fs_, clock_, partial, options));
  XTDB_RETURN_IF_ERROR(WriteTags(*engine));
  return engine->Close();
}

void Salvager::Finish() {
  for (const SavedTag& tag : report_.tags) {
    if (tag.points == 0) continue;
    const bool first = report_.points == 0;
    report_.ts_min_us = first ? tag.ts_min_us : std::min(report_.ts_min_us, tag.ts_min_us);
    report_.ts_max_us = first ? tag.ts_max_us : std::max(report_.ts_max_us, tag.ts_max_us);
    report_.points += tag.points;
  }
  std::sort(report_.tags.begin(), report_.tags.end(),
            [](const SavedTag& a, const SavedTag& b) { return a.name < b.name; });
}

Status Salvager::RemovePartial(const std::string& partial) const {
  for (const std::string& path : {partial, partial + "-wal", partial + "-shm"}) {
    if (fs_.Exists(path)) XTDB_RETURN_IF_ERROR(fs_.Remove(path));
  }
  return Status();
}

Result<SalvageReport> Salvager::Run(const std::string& input, const std::string& output) {
  XTDB_ASSIGN_OR_RETURN(const std::string resolved, fs_.ResolvePath(input));
  XTDB_ASSIGN_OR_RETURN(file_, fs_.Open(resolved, OpenMode::kReadOnly));
  const std::string holders = DescribeHolders(resolved);
  if (!holders.empty()) {
    return Status::Busy(resolved + " is in use by " + holders + "; close it there first");
  }
  XTDB_RETURN_IF_ERROR(CheckOutput(output));
  XTDB_RETURN_IF_ERROR(ReadInput(resolved));
  CollectTags();
  NoteUnnamed();
  const bool is_empty_and_sound = survey_.header_intact && survey_.superblock;
  if (tags_.empty() && !is_empty_and_sound) {
    return Status::Corruption(resolved +
                              ": neither header, blocks nor log hold anything of a container");
  }
  const std::string partial = output + ".partial";
  Status written = WriteOutput(partial);
  if (written.ok()) written = fs_.Rename(partial, output);
  if (written.ok()) written = fs_.SyncDirectory(DirectoryOf(output));
  if (!written.ok()) {
    IgnoreStatus(RemovePartial(partial), "the error that stopped the salvage is the one to report");
    return written;
  }
  Finish();
  return std::move(report_);
}

}  // namespace xtdb
