#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/status.h"
#include "engine/io/file_system.h"
#include "engine/salvage/block_finder.h"
#include "engine/salvage/log_scavenger.h"
#include "engine/salvage/salvage_report.h"
#include "engine/storage_engine.h"

namespace xtdb {

// All that is left of one tag's points, written to a new container: of two copies of a time the
// later flush or commit wins, and a tombstone hides what it stands for.
//
// Ownership: borrows all.
// Threads:   one.
class TagSalvager {
 public:
  // on_cluster: called now and then; an error ends the work
  TagSalvager(File& file, uint64_t file_size, StorageEngine& output, SalvageReport& report,
              std::function<Status()> on_cluster)
      : file_(file),
        file_size_(file_size),
        output_(output),
        report_(report),
        on_cluster_(std::move(on_cluster)) {}

  struct Sources {
    TagId id = kNoTag;
    std::string name;  // in the output
    std::vector<const FoundBlock*> blocks;
    const std::vector<ScavengedRun>* runs = nullptr;  // null: none
    std::vector<const LostBlock*> lost;               // of this tag, with its name
    std::vector<const LogFindings::LostRun*> lost_runs;
  };
  // Damage goes to the report; an error is the output's, or the input's disk.
  Status Salvage(const Sources& sources, SavedTag& saved);

 private:
  // Something that holds rows of the tag: a vector on disk, or a run of the log.
  struct Piece {
    int64_t ts_min_us = 0;
    int64_t ts_max_us = 0;
    LSN rank = kNoLsn;
    const FoundBlock* block = nullptr;  // null: `rows` has them
    uint32_t vector = 0;
    const PointColumns* rows = nullptr;
  };
  struct Hole {
    SalvageLoss loss;
    LSN rank = kNoLsn;
    uint64_t from_log = 0;  // rows that can have stood in it and that only the log has
    uint64_t doubtful = 0;  // older saved points
    bool overlaps = false;  // another hole: what the log has cannot be told apart
  };
  struct Row {
    int64_t ts_us;
    LSN rank;
    uint32_t source;
    uint32_t row;
  };
  void AddBlock(const FoundBlock& block);
  const TagRun* RunOf(const FoundBlock& block) const;  // what it has of the tag
  void AddRuns();
  void AddKnownHoles();
  Status DecodePiece(const Piece& piece, PointColumns& rows);
  Status WriteCluster(std::span<const Piece> pieces);
  Status WriteTime(std::span<const Row> rows, std::span<const Piece> pieces,
                   std::span<const PointColumns> decoded);
  Status WriteRow(const PointColumns& rows, size_t row);
  Status Commit();
  void AddHole(SalvageLoss loss, LSN rank);
  void MeetHoles(int64_t ts_us, LSN winner, bool only_log, bool is_saved);
  void ReportHoles();

  File& file_;
  const uint64_t file_size_;
  StorageEngine& output_;
  SalvageReport& report_;
  const std::function<Status()> on_cluster_;

  // Of the tag under work.
  const Sources* sources_ = nullptr;
  SavedTag* saved_ = nullptr;
  std::vector<Piece> pieces_;
  std::vector<Hole> closed_;             // behind the rows that are written
  std::vector<Hole> open_;               // in time order reached
  std::multimap<int64_t, Hole> coming_;  // by start
  std::unique_ptr<Transaction> transaction_;
  StagedTag* staged_ = nullptr;
  size_t staged_rows_ = 0;
  size_t staged_bytes_ = 0;
};

}  // namespace xtdb
