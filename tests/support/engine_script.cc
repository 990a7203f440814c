#include "tests/support/engine_script.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <sstream>

#include "engine/chunk/drop_selection.h"

namespace xtdb {

namespace {

constexpr int64_t kNoWait = 0;
constexpr uint64_t kSpillBytes = 100;  // five rows

TestPoint PointOf(const Value& value, ValueType type, Quality quality) {
  TestPoint point;
  point.quality = quality;
  if (value.kind == Value::Kind::kNull) return point;
  point.type = type;
  if (type == ValueType::kText) {
    point.text = value.text;
  } else {
    point.bits = ConvertValue(value, type).value();
  }
  return point;
}

std::string Difference(const TestPoints& wanted, const TestPoints& found) {
  std::ostringstream out;
  out << wanted.size() << " points wanted, " << found.size() << " found";
  int shown = 0;
  for (const auto& [key, point] : wanted) {
    const auto it = found.find(key);
    if (it != found.end() && it->second == point) continue;
    out << "; " << key.first << "@" << key.second << " wanted " << point << " found ";
    if (it == found.end()) {
      out << "nothing";
    } else {
      out << it->second;
    }
    if (++shown == 3) break;
  }
  for (const auto& [key, point] : found) {
    if (wanted.contains(key) || shown++ >= 6) continue;
    out << "; " << key.first << "@" << key.second << " unwanted " << point;
  }
  return out.str();
}

}  // namespace

EngineScript::EngineScript(FileSystem& fs, const Options& options)
    : fs_(fs), options_(options), random_(options.seed) {}

EngineOptions EngineScript::OpenOptions() {
  EngineOptions options;
  options.storage.chunk_size_bytes = 4 * kMiB;
  options.buffer_bytes = 1 * kMiB;
  options.wal.segment_size_bytes = 64 * kKiB;
  return options;
}

void EngineScript::Note(const Status& status) {
  if (!status.ok()) errors_.push_back(status);
}

bool EngineScript::Reopen() {
  kept_ = nullptr;
  engine_ = nullptr;
  EngineOptions options = OpenOptions();
  if (options_.with_spills) options.staging_bytes = kSpillBytes;
  if (options_.with_write_cache) {
    options.block_output.direct_bytes = 0;
    options.block_output.cache.batch_writes_max = options.block_output.cache.queued_writes_max;
    options.block_output.cache.batch_wait = std::chrono::hours(10);
  }
  auto opened = StorageEngine::Open(fs_, clock_, kPath, options);
  if (!opened.ok()) {
    Note(opened.status());
    return false;
  }
  engine_ = opened.value();
  if (in_flight_.empty()) return true;
  // Whether a commit that failed half way counts is open until the store is opened again.
  const auto found = ReadAll(*engine_);
  Note(found.status());
  if (!found.ok()) return true;
  for (TestPoints& points : in_flight_) {
    if (found.value() == points) acknowledged_ = std::move(points);
  }
  in_flight_.clear();
  return true;
}

bool EngineScript::Allows(const TestPoints& found) const {
  return found == acknowledged_ ||
         std::find(in_flight_.begin(), in_flight_.end(), found) != in_flight_.end();
}

void EngineScript::Run() {
  if (!Reopen()) return;
  for (int step = 0; step < options_.steps && engine_; ++step) Step();
  kept_ = nullptr;
  if (engine_) Note(engine_->Close());
  engine_ = nullptr;
}

void EngineScript::Step() {
  clock_.Advance(1'000);
  if (options_.with_retentions && Draw(8) == 0) return Retain();
  if (options_.with_compactions && Draw(3) == 0) return StepWithCompactions();
  if (options_.with_drops && Draw(2) == 0) return StepWithDrops();
  switch (Draw(12)) {
    case 0:
      return Note(engine_->Flush(kNoWait));
    case 1:
      if (Draw(3) == 0) return Note(engine_->Seal(kNoWait));
      return RunTransaction();
    case 2:
      kept_ = nullptr;
      if (Draw(2) == 0) Note(engine_->Close());
      Reopen();
      return;
    default:
      return RunTransaction();
  }
}

void EngineScript::StepWithDrops() {
  switch (Draw(4)) {
    case 0:
      return Drop();
    case 1:
      return TurnSnapshot();
    default:
      RunTransaction();
      if (!engine_) return;  // its reopening failed
      Note(engine_->Seal(kNoWait));
      return CountReusedSlots();
  }
}

void EngineScript::StepWithCompactions() {
  if (Draw(3) != 0) {
    RunTransaction();
    if (engine_) Note(engine_->Seal(kNoWait));
    return;
  }
  const auto scope = Draw(2) == 0 ? CompactionScope::kRaw : CompactionScope::kAll;
  const auto report = engine_->Compact(scope, kNoWait);
  Note(report.status());
  if (report.ok()) compacted_chunks_ += report.value().chunks_in;
}

void EngineScript::Retain() {
  const Status flushed = engine_->Flush(kNoWait);
  if (!flushed.ok()) return Note(flushed);
  // Around what StageOne writes late.
  const int64_t first_us = next_ts_ - static_cast<int64_t>(Draw(6'000));
  const auto snapshot = engine_->TakeSnapshot();
  if (!snapshot.ok()) return Note(snapshot.status());
  TestPoints left = acknowledged_;
  if (first_us > snapshot.value()->horizon().before_us) {
    std::erase_if(left, [first_us](const auto& item) { return item.first.second < first_us; });
  }
  in_flight_ = {left};
  const auto report = engine_->RetainFrom(first_us, kNoWait);
  if (report.ok()) {
    retained_points_ += acknowledged_.size() - left.size();
    acknowledged_ = std::move(left);
  }
  if (report.status().code() != StatusCode::kIoError) in_flight_.clear();
  Note(report.status());
}

void EngineScript::Drop() {
  const Status flushed = engine_->Flush(kNoWait);
  if (!flushed.ok()) return Note(flushed);
  const int64_t before_us = next_ts_ - static_cast<int64_t>(Draw(1000 + next_ts_ / 4));
  Result<TestPoints> left = PointsWithout(before_us);
  if (!left.ok()) return Note(left.status());
  in_flight_ = {left.value()};
  const auto report = engine_->DropBefore(before_us, kNoWait);
  if (report.ok()) {
    acknowledged_ = std::move(left).value();
    dropped_chunks_ += report.value().chunks;
  }
  // After a failed write or sync it may count or not; any other error is one of before the frame.
  if (report.status().code() != StatusCode::kIoError) in_flight_.clear();
  Note(report.status());
}

Result<TestPoints> EngineScript::PointsWithout(int64_t before_us) {
  XTDB_ASSIGN_OR_RETURN(const auto snapshot, engine_->TakeSnapshot());
  // A directory that could not be read at open may hold anything, until it is read here.
  for (const auto& chunk : snapshot->chunks()) XTDB_RETURN_IF_ERROR(chunk->Load());
  const ChunkList going = SelectDroppable(snapshot->chunks(), before_us);
  std::set<std::pair<std::string, int64_t>> places;
  for (const auto& chunk : snapshot->chunks()) {
    if (std::find(going.begin(), going.end(), chunk) != going.end()) continue;
    XTDB_ASSIGN_OR_RETURN(const auto blocks, chunk->AllBlocks(snapshot->lsn()));
    for (const BlockRef& block : blocks) {
      XTDB_ASSIGN_OR_RETURN(const auto loaded, ReadView{snapshot}.Load(block));
      for (const TagRun& run : loaded->runs()) {
        PointColumns columns;
        columns.type = run.type;
        for (uint32_t i = 0; i < run.vector_count; ++i) {
          XTDB_RETURN_IF_ERROR(loaded->DecodeVectorAt(run.first_vector + i, columns));
        }
        const std::string name = snapshot->tags().Find(run.tag_id)->name;
        for (const int64_t ts : columns.ts_us) places.emplace(name, ts);
      }
    }
  }
  TestPoints left = acknowledged_;
  std::erase_if(left, [&](const auto& point) { return !places.contains(point.first); });
  return left;
}

void EngineScript::TurnSnapshot() {
  if (kept_) {
    const auto seen = ReadAll(ReadView{kept_});
    Note(seen.status());
    if (seen.ok() && seen.value() != kept_points_) {
      Note(Status::Corruption("a snapshot has changed: " + Difference(kept_points_, seen.value())));
    }
  }
  kept_ = nullptr;
  if (Draw(3) == 0) return;
  auto taken = engine_->TakeSnapshot();
  if (!taken.ok()) return Note(taken.status());
  kept_ = std::move(taken).value();
  kept_points_ = acknowledged_;
}

void EngineScript::CountReusedSlots() {
  const auto snapshot = engine_->TakeSnapshot();
  if (!snapshot.ok()) return Note(snapshot.status());
  for (const auto& chunk : snapshot.value()->chunks()) {
    // Slots and numbers go up together as long as no slot is used again.
    if (chunk->layout().slot + 1 < chunk->header().chunk_sequence) ++reused_slots_;
  }
}

void EngineScript::RunTransaction() {
  auto begun = engine_->Begin(kNoWait);
  if (!begun.ok()) {
    Note(begun.status());
    // A store that has stopped writing is opened again, as its message says.
    if (begun.status().code() == StatusCode::kIoError) Reopen();
    return;
  }
  Transaction& transaction = *begun.value();
  TestPoints points = acknowledged_;
  Status staged = Stage(transaction, points, 1 + Draw(options_.points_per_transaction));
  if (staged.ok() && Draw(4) == 0) {
    const Mark mark = transaction.TakeMark();
    const MarkHold hold = transaction.Hold(mark);
    TestPoints undone = points;
    staged = Stage(transaction, undone, 1 + Draw(5));
    transaction.RollbackTo(mark);
  }
  if (staged.ok()) staged = Finish(transaction, std::move(points));
  Note(staged);
}

Status EngineScript::Finish(Transaction& transaction, TestPoints&& points) {
  const uint64_t fate = Draw(8);
  if (fate == 0) return transaction.Rollback();
  in_flight_ = {points};
  Status prepared = transaction.Prepare();
  if (prepared.ok() && fate == 1) {
    // More writes withdraw the PREPARE; the second one counts.
    prepared = Stage(transaction, points, 2);
    in_flight_.push_back(points);
    if (prepared.ok()) prepared = transaction.Prepare();
  }
  if (!prepared.ok() || fate == 2) {
    const Status undone = transaction.Rollback();
    if (undone.ok()) in_flight_.clear();
    return prepared.ok() ? undone : prepared;
  }
  transaction.Commit();
  acknowledged_ = std::move(points);
  in_flight_.clear();
  ++commits_;
  return Status();
}

Status EngineScript::Stage(Transaction& transaction, TestPoints& points, size_t count) {
  for (size_t i = 0; i < count; ++i) XTDB_RETURN_IF_ERROR(StageOne(transaction, points));
  return Status();
}

Status EngineScript::StageOne(Transaction& transaction, TestPoints& points) {
  const uint64_t kind = Draw(5);
  const std::string name =
      std::string("tag") + static_cast<char>('a' + kind) + std::to_string(Draw(3));
  // With drops late points are not so late that every chunk meets the first one.
  const int64_t oldest = options_.with_drops ? std::max<int64_t>(0, next_ts_ - 5'000) : 0;
  const int64_t ts =
      Draw(5) == 0 && next_ts_ > 0
          ? oldest + static_cast<int64_t>(Draw(static_cast<uint64_t>(next_ts_ - oldest)))
          : (next_ts_ += static_cast<int64_t>(Draw(1000)));
  XTDB_ASSIGN_OR_RETURN(StagedTag * tag, transaction.FindOrDefineTag(name));
  if (Draw(8) == 0) {
    points.erase({name, ts});
    return transaction.Delete(*tag, ts);
  }
  std::string text;
  Value value;
  if (Draw(10) != 0) {
    const auto number = static_cast<int64_t>(Draw(100'000));
    text.assign(Draw(200), static_cast<char>('a' + number % 26));
    value = kind == 0   ? Value::Integer(number)
            : kind == 1 ? Value::Real(static_cast<double>(number) / 100)
            : kind == 2 ? Value::Text(text)
            : kind == 3 ? Value::Integer(number % 2)
                        : Value::Real(static_cast<double>(random_()) * 1e-9);
  }
  const auto quality = static_cast<Quality>(Draw(4) == 0 ? 64 : 192);
  XTDB_RETURN_IF_ERROR(transaction.Write(*tag, ts, value, quality));
  points[{name, ts}] = PointOf(value, tag->type(), quality);
  return Status();
}

std::string CheckReopened(FileSystem& fs, const EngineScript& script) {
  FakeClock clock;
  auto opened = StorageEngine::Open(fs, clock, EngineScript::kPath, EngineScript::OpenOptions());
  if (!opened.ok()) return "open: " + opened.status().ToString();
  std::shared_ptr<StorageEngine> engine = opened.value();
  const auto found = ReadAll(*engine);
  if (!found.ok()) return "read: " + found.status().ToString();
  if (!script.Allows(found.value())) {
    return "points: " + Difference(script.acknowledged(), found.value());
  }
  const auto report = engine->Check();
  if (!report.ok()) return "check: " + report.status().ToString();
  if (!report.value().problems.empty()) return "check: " + report.value().problems.front();
  const Status written = engine->WritePoint("after", 1, Value::Integer(1), kQualityGood);
  if (!written.ok()) return "write: " + written.ToString();
  const Status closed = engine->Close();
  if (!closed.ok()) return "close: " + closed.ToString();
  engine = nullptr;
  opened = Status::NotFound("let go of the first handle");
  opened = StorageEngine::Open(fs, clock, EngineScript::kPath, EngineScript::OpenOptions());
  if (!opened.ok()) return "second open: " + opened.status().ToString();
  if (!opened.value()->DroppedChunks().empty()) return "second open: a dropped chunk is left";
  const auto again = ReadAll(*opened.value());
  if (!again.ok()) return "second read: " + again.status().ToString();
  TestPoints wanted = found.value();
  wanted[{"after", 1}] = {ValueType::kInt64, 1, "", kQualityGood};
  return again.value() == wanted ? "" : "second read: " + Difference(wanted, again.value());
}

}  // namespace xtdb
