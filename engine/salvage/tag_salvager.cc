#include "engine/salvage/tag_salvager.h"

#include <algorithm>
#include <tuple>

#include "engine/codec/vector_codec.h"
#include "engine/salvage/sparse_read.h"

namespace xtdb {
namespace {

constexpr int64_t kWriterTimeoutUs = 60'000'000;
// A transaction of the output, so that memory stays small however large a tag is.
constexpr size_t kTransactionRows = 128 * 1024;
constexpr size_t kTransactionBytes = 8 * kMiB;

std::string BlockName(const FoundBlock& block) {
  return "chunk " + std::to_string(block.head.chunk_sequence) + " (slot " +
         std::to_string(block.slot) + "), block " + std::to_string(block.extent);
}

Value ValueAt(const PointColumns& rows, size_t row) {
  if ((rows.flags[row] & kPointNull) != 0) return Value::Null();
  switch (rows.type) {
    case ValueType::kText:
      return Value::Text(rows.TextAt(row));
    case ValueType::kFloat32:
      return Value::Real(static_cast<double>(AsFloat(rows.bits[row])));
    case ValueType::kFloat64:
      return Value::Real(AsDouble(rows.bits[row]));
    case ValueType::kNone:
      return Value::Null();
    default:
      return Value::Integer(AsInt64(rows.bits[row]));
  }
}

// Of a table that its CRC does not vouch for.
bool IsPlausible(const VectorEntry& vector, const BlockHead& head) {
  return vector.count > 0 && vector.count <= kVectorPointsMax &&
         vector.ts_min_us <= vector.ts_max_us && vector.ts_min_us >= head.ts_min_us &&
         vector.ts_max_us <= head.ts_max_us && vector.offset <= head.data_size_bytes &&
         vector.size_bytes <= head.data_size_bytes - vector.offset;
}

}  // namespace

void TagSalvager::AddHole(SalvageLoss loss, LSN rank) {
  loss.tag = sources_->name;
  if (loss.ts_max_us < loss.ts_min_us) {
    report_.losses.push_back(std::move(loss));
    return;
  }
  const int64_t begin = loss.ts_min_us;
  coming_.emplace(begin, Hole{std::move(loss), rank});
}

void TagSalvager::AddBlock(const FoundBlock& block) {
  const TagRun& run = *RunOf(block);
  // A MIXED block is counted with its first tag.
  if (&run == &block.runs.front()) ++report_.blocks;
  for (uint32_t i = run.first_vector; i < run.first_vector + run.vector_count; ++i) {
    const VectorEntry& vector = block.vectors[i];
    if (block.is_table_intact || IsPlausible(vector, block.head)) {
      pieces_.push_back(
          {vector.ts_min_us, vector.ts_max_us, block.head.through_lsn, &block, i, {}});
      continue;
    }
    ++report_.vectors_damaged;
    AddHole({"", block.head.ts_min_us, block.head.ts_max_us, 0,
             BlockName(block) + ", vector " + std::to_string(i) + ": row of the vector table"},
            block.head.through_lsn);
  }
}

const TagRun* TagSalvager::RunOf(const FoundBlock& block) const {
  const auto run = std::lower_bound(block.runs.begin(), block.runs.end(), sources_->id,
                                    [](const TagRun& one, TagId id) { return one.tag_id < id; });
  // That is why the block is among the sources.
  XTDB_CHECK(run != block.runs.end() && run->tag_id == sources_->id);
  return &*run;
}

void TagSalvager::AddRuns() {
  if (sources_->runs == nullptr) return;
  for (const ScavengedRun& run : *sources_->runs) {
    if (run.columns.empty()) continue;
    const auto [min, max] = std::minmax_element(run.columns.ts_us.begin(), run.columns.ts_us.end());
    pieces_.push_back({*min, *max, run.lsn, nullptr, 0, &run.columns});
  }
}

void TagSalvager::AddKnownHoles() {
  for (const LostBlock* lost : sources_->lost) AddHole(lost->loss, lost->through_lsn);
  LSN flushed = kNoLsn;
  for (const FoundBlock* block : sources_->blocks) {
    flushed = std::max(flushed, block->head.through_lsn);
  }
  for (const LogFindings::LostRun* lost : sources_->lost_runs) {
    // A flush takes all that the tag had up to its LSN, so these points are in blocks.
    if (lost->lsn <= flushed) continue;
    AddHole({"", lost->ts_min_us, lost->ts_max_us, lost->points, lost->what}, lost->lsn);
  }
}

Status TagSalvager::Salvage(const Sources& sources, SavedTag& saved) {
  sources_ = &sources;
  saved_ = &saved;
  pieces_.clear();
  for (const FoundBlock* block : sources.blocks) AddBlock(*block);
  AddRuns();
  AddKnownHoles();
  std::sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) {
    return std::tie(a.ts_min_us, a.rank) < std::tie(b.ts_min_us, b.rank);
  });
  // Pieces whose times meet are merged; those that do not, follow each other.
  for (size_t begin = 0; begin < pieces_.size();) {
    int64_t reach = pieces_[begin].ts_max_us;
    size_t end = begin + 1;
    while (end < pieces_.size() && pieces_[end].ts_min_us <= reach) {
      reach = std::max(reach, pieces_[end++].ts_max_us);
    }
    XTDB_RETURN_IF_ERROR(on_cluster_());
    XTDB_RETURN_IF_ERROR(WriteCluster(std::span(pieces_).subspan(begin, end - begin)));
    begin = end;
  }
  ReportHoles();
  return Commit();
}

Status TagSalvager::DecodePiece(const Piece& piece, PointColumns& rows) {
  if (piece.block == nullptr) {
    rows = *piece.rows;
    return Status();
  }
  const FoundBlock& block = *piece.block;
  const VectorEntry& vector = block.vectors[piece.vector];
  std::vector<std::byte> data(vector.size_bytes);
  XTDB_RETURN_IF_ERROR(ReadUpToEnd(file_, file_size_, block.offset + vector.offset, data));
  rows.type = RunOf(block)->type;
  Status status = Crc32(data) == vector.crc32_of_data ? Status() : Status::Corruption("checksum");
  if (status.ok()) status = DecodeVector(data, rows.type, vector.count, vector.ts_min_us, rows);
  if (status.ok() && (rows.size() != vector.count || rows.ts_us.front() != vector.ts_min_us ||
                      rows.ts_us.back() != vector.ts_max_us)) {
    status = Status::Corruption("rows do not fit the vector table");
  }
  if (status.ok()) {
    ++report_.vectors;
    return Status();
  }
  rows.Clear();
  ++report_.vectors_damaged;
  SalvageLoss loss{"", vector.ts_min_us, vector.ts_max_us, vector.count,
                   BlockName(block) + ", vector " + std::to_string(piece.vector) + ": " +
                       std::string(status.message())};
  if (!block.is_table_intact) {
    loss.ts_min_us = block.head.ts_min_us;
    loss.ts_max_us = block.head.ts_max_us;
  }
  AddHole(std::move(loss), piece.rank);
  return Status();
}

Status TagSalvager::WriteCluster(std::span<const Piece> pieces) {
  std::vector<PointColumns> decoded(pieces.size());
  std::vector<Row> rows;
  for (uint32_t i = 0; i < pieces.size(); ++i) {
    XTDB_RETURN_IF_ERROR(DecodePiece(pieces[i], decoded[i]));
    for (uint32_t row = 0; row < decoded[i].size(); ++row) {
      rows.push_back({decoded[i].ts_us[row], pieces[i].rank, i, row});
    }
  }
  // Of equal ones the last in the piece: a transaction's later write.
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::tie(a.ts_us, a.rank, a.source, a.row) < std::tie(b.ts_us, b.rank, b.source, b.row);
  });
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin + 1;
    while (end < rows.size() && rows[end].ts_us == rows[begin].ts_us) ++end;
    XTDB_RETURN_IF_ERROR(WriteTime(std::span(rows).subspan(begin, end - begin), pieces, decoded));
    begin = end;
  }
  return Status();
}

// rows: all of one time, oldest first.
Status TagSalvager::WriteTime(std::span<const Row> rows, std::span<const Piece> pieces,
                              std::span<const PointColumns> decoded) {
  const Row& winner = rows.back();
  const PointColumns& columns = decoded[winner.source];
  LSN in_blocks = kNoLsn;
  for (const Row& row : rows) {
    if (pieces[row.source].block != nullptr) in_blocks = std::max(in_blocks, row.rank);
  }
  const bool only_log = in_blocks < winner.rank;
  const bool is_saved = (columns.flags[winner.row] & kPointDeleted) == 0;
  MeetHoles(winner.ts_us, winner.rank, only_log, is_saved);
  if (!is_saved) return Status();
  const Status written = WriteRow(columns, winner.row);
  if (written.code() == StatusCode::kTypeMismatch || written.code() == StatusCode::kTooBig ||
      written.code() == StatusCode::kInvalidArgument) {
    report_.losses.push_back(
        {sources_->name, winner.ts_us, winner.ts_us, 1, std::string(written.message())});
    return Status();
  }
  XTDB_RETURN_IF_ERROR(written);
  if (saved_->points == 0) saved_->ts_min_us = winner.ts_us;
  saved_->ts_max_us = winner.ts_us;
  ++saved_->points;
  if (only_log) ++report_.points_from_log;
  return Status();
}

void TagSalvager::MeetHoles(int64_t ts_us, LSN winner, bool only_log, bool is_saved) {
  while (!coming_.empty() && coming_.begin()->first <= ts_us) {
    open_.push_back(std::move(coming_.begin()->second));
    coming_.erase(coming_.begin());
  }
  std::erase_if(open_, [&](Hole& hole) {
    if (hole.loss.ts_max_us >= ts_us) return false;
    closed_.push_back(std::move(hole));
    return true;
  });
  for (Hole& hole : open_) {
    hole.overlaps |= open_.size() > 1;
    if (only_log && winner <= hole.rank) ++hole.from_log;
    if (is_saved && winner < hole.rank) ++hole.doubtful;
  }
}

// A hole that the log fills entirely is none.
void TagSalvager::ReportHoles() {
  for (Hole& hole : open_) closed_.push_back(std::move(hole));
  for (auto& [begin, hole] : coming_) closed_.push_back(std::move(hole));
  open_.clear();
  coming_.clear();
  for (Hole& hole : closed_) {
    const bool is_filled =
        !hole.overlaps && hole.loss.points != 0 && hole.from_log == hole.loss.points;
    if (is_filled) {
      report_.notes.push_back(hole.loss.what + "; the log has its points");
      continue;
    }
    if (hole.doubtful != 0) {
      report_.doubtful.push_back(
          {sources_->name, hole.loss.ts_min_us, hole.loss.ts_max_us, hole.doubtful});
    }
    report_.losses.push_back(std::move(hole.loss));
  }
  closed_.clear();
}

Status TagSalvager::WriteRow(const PointColumns& rows, size_t row) {
  if (!transaction_) {
    XTDB_ASSIGN_OR_RETURN(transaction_, output_.Begin(kWriterTimeoutUs));
    staged_ = transaction_->FindTag(sources_->name);
    XTDB_CHECK(staged_ != nullptr);
  }
  XTDB_RETURN_IF_ERROR(
      transaction_->Write(*staged_, rows.ts_us[row], ValueAt(rows, row), rows.quality[row]));
  ++staged_rows_;
  if (rows.type == ValueType::kText) staged_bytes_ += TextRef::Length(rows.bits[row]);
  const bool is_full = staged_rows_ >= kTransactionRows || staged_bytes_ >= kTransactionBytes;
  return is_full ? Commit() : Status();
}

Status TagSalvager::Commit() {
  if (!transaction_) return Status();
  XTDB_RETURN_IF_ERROR(transaction_->Prepare());
  transaction_->Commit();
  transaction_ = nullptr;
  staged_rows_ = 0;
  staged_bytes_ = 0;
  return Status();
}

}  // namespace xtdb
