#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/catalog/tag_definition.h"
#include "engine/format/container_format.h"
#include "engine/format/log_format.h"
#include "engine/io/file_system.h"
#include "engine/salvage/salvage_report.h"
#include "engine/wal/flush_record.h"

namespace xtdb {

// Points of one tag that a committed transaction wrote.
struct ScavengedRun {
  LSN lsn = kNoLsn;  // of the PREPARE
  PointColumns columns;
};

// What a log's intact frames say.
struct LogFindings {
  std::map<TagId, TagDefinition> definitions;  // the latest of each tag, committed or not
  std::vector<TagId> committed_tags;           // defined by transactions that count
  std::map<TagId, std::vector<ScavengedRun>> runs;
  std::vector<PlacedEntry> flushed;  // entries of FLUSH records
  std::set<uint64_t> compacted;      // numbers of the chunks that COMPACT records have made
  uint64_t transactions = 0;

  // Points that stood in frames of transactions that do not count for damage.
  struct LostRun {
    TagId tag = kNoTag;  // kNoTag: not known
    LSN lsn = kNoLsn;    // of the transaction
    uint64_t points = 0;
    int64_t ts_min_us = 0;
    int64_t ts_max_us = -1;
    std::string what;
  };
  std::vector<LostRun> lost;
  std::vector<std::string> notes;
};

// Reads a damaged log: each frame is judged alone, wherever it stands, so that a damaged one costs
// its transaction and no other.
//
// Ownership: borrows `file`.
// Threads:   one.
class LogScavenger {
 public:
  // container_id: 0 where the container says nothing; then that of the log is taken.
  LogScavenger(File& file, uint64_t container_id) : file_(file), container_id_(container_id) {}

  // Whether the log is this container's; reads its headers. Call first.
  Result<bool> BelongsToContainer();
  uint64_t container_id() const { return container_id_; }

  // superblock: frames that it says are in blocks are left alone; none: every frame counts.
  // is_newest: no newer superblock may have been lost.
  Status Run(const std::optional<Superblock>& superblock, bool is_newest, LogFindings& out);

 private:
  struct Frame {
    FrameHeader header;
    uint64_t offset = 0;  // of the header in the file
  };
  struct Record {
    LSN lsn = kNoLsn;
    FrameType type = FrameType::kPoints;
    LSN transaction = kNoLsn;
    std::vector<std::byte> payload;
  };
  struct Pending {
    LSN transaction = kNoLsn;
    LSN prepare_lsn = kNoLsn;
    bool is_damaged = false;
    uint64_t record_count = 0;
    uint64_t point_count = 0;
    std::vector<TagDefinition> definitions;
    std::vector<std::pair<TagId, PointColumns>> groups;
    std::vector<PlacedEntry> blocks;
  };

  Status ScanFrames(std::vector<Frame>& frames);
  Status OrderFrames(const std::optional<Superblock>& superblock, std::vector<Frame>& frames) const;
  Status TakeFrame(const Frame& frame, bool follows, LogFindings& out);
  Status TakeRecord(const Record& record, LogFindings& out);
  void TakeInTransaction(const Record& record, LogFindings& out);
  void TakePrepare(const Record& record, LogFindings& out);
  Status NoteGap(const Frame& before, const Frame* after, LogFindings& out);
  void NoteStart(const Superblock& superblock, const std::vector<Frame>& frames, bool is_newest,
                 LogFindings& out) const;
  void NoteCut(const std::optional<Superblock>& superblock, bool is_empty, LogFindings& out) const;
  void Settle(LogFindings& out);
  LSN EndOf(const Frame& frame) const;

  File& file_;
  uint64_t container_id_;
  uint64_t file_size_ = 0;
  LSN damaged_lsn_ = kNoLsn;  // the largest that a frame with a bad checksum claims
  std::optional<LogHeader> header_;
  Record record_;
  bool record_open_ = false;
  Pending pending_;
};

}  // namespace xtdb
