#include "tests/support/engine_script.h"

#include <algorithm>
#include <sstream>

namespace xtdb {

namespace {

constexpr int64_t kNoWait = 0;

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
  engine_ = nullptr;
  auto opened = StorageEngine::Open(fs_, clock_, kPath, OpenOptions());
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
  if (engine_) Note(engine_->Close());
  engine_ = nullptr;
}

void EngineScript::Step() {
  clock_.Advance(1'000);
  switch (Draw(12)) {
    case 0:
      return Note(engine_->Flush(kNoWait));
    case 1:
      if (Draw(3) == 0) return Note(engine_->Seal(kNoWait));
      return RunTransaction();
    case 2:
      if (Draw(2) == 0) Note(engine_->Close());
      Reopen();
      return;
    default:
      return RunTransaction();
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
  const int64_t ts = Draw(5) == 0 && next_ts_ > 0
                         ? static_cast<int64_t>(Draw(static_cast<uint64_t>(next_ts_)))
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
  const auto again = ReadAll(*opened.value());
  if (!again.ok()) return "second read: " + again.status().ToString();
  TestPoints wanted = found.value();
  wanted[{"after", 1}] = {ValueType::kInt64, 1, "", kQualityGood};
  return again.value() == wanted ? "" : "second read: " + Difference(wanted, again.value());
}

}  // namespace xtdb
