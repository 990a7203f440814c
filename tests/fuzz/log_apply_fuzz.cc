// Recovers from a log whose frames are all intact and whose records mean what the input says:
// those of a store that crashed within a flush or a drop, changed, left out, repeated, mixed with
// others. There is an error, or a store that can be read, checked and written, and that is the same
// when it is opened again.
//   byte 0: bit 0: which store; bit 1: atomic_commit's undecided transactions
//   then steps: what, which record, belongs to, place (2 bytes), count, bytes

#include <algorithm>
#include <cstring>
#include <optional>

#include "engine/wal/drop_record.h"
#include "engine/wal/log_reader.h"
#include "engine/wal/log_records.h"
#include "engine/wal/rotating_wal.h"
#include "tests/fuzz/forged_store.h"
#include "tests/support/fake_clock.h"

namespace xtdb {
namespace {

struct Record {
  FrameType type = FrameType::kPoints;
  bool begins = false;  // its transaction
  bool belongs = false;
  std::vector<std::byte> payload;
};

struct Base {
  std::unique_ptr<FaultyFileSystem> fs;  // its log is replaced by each input's
  ContainerHeader header;
  Superblock superblock;
  std::vector<Record> records;
};

Superblock ReadSuperblock(FaultyFileSystem& fs, ContainerHeader& header) {
  auto file = fs.Open(kForgedPath, OpenMode::kReadOnly);
  Must(file.status());
  const auto container = Container::Open(std::move(file).value(), /*read_only=*/true);
  Must(container.status());
  header = container.value()->header();
  return container.value()->superblock();
}

// A store as a crash leaves it just before a checkpoint's superblock.
Base MakeBase(std::unique_ptr<FaultyFileSystem> fs) {
  Base base;
  base.fs = std::move(fs);
  base.superblock = ReadSuperblock(*base.fs, base.header);
  const auto log = base.fs->Open(kForgedLog, OpenMode::kReadOnly);
  Must(log.status());
  auto reader = LogReader::Create(*log.value(), base.header.uuid);
  Must(reader.status());
  Must(reader.value()
           .Replay(base.superblock.checkpoint_lsn,
                   [&](const LogRecord& record) {
                     base.records.push_back({record.type,
                                             record.transaction == record.lsn,
                                             record.transaction != kNoLsn,
                                             {record.payload.begin(), record.payload.end()}});
                     return Status();
                   })
           .status());
  Must(base.fs->Remove(kForgedLog));
  return base;
}

bool Has(const Base& base, FrameType type) {
  return std::ranges::any_of(base.records, [&](const Record& r) { return r.type == type; });
}

std::vector<Base> MakeBases() {
  FaultyFileSystem fs(1);
  FakeClock clock;
  auto opened = StorageEngine::Open(fs, clock, kForgedPath, ForgedOptions());
  Must(opened.status());
  StorageEngine& engine = *opened.value();
  std::vector<std::unique_ptr<FaultyFileSystem>> crashes;
  const auto keep = [&](const OperationRecord& record) {
    const bool superblock = record.path == kForgedPath && (record.offset == kSuperblockOffsets[0] ||
                                                           record.offset == kSuperblockOffsets[1]);
    if (superblock) crashes.push_back(fs.Clone());
  };
  WriteSome(engine, 0);
  Must(engine.Seal(0));
  WriteSome(engine, 100);
  fs.SetHook(keep, MaskOf(FileOperation::kWrite));
  Must(engine.Flush(0));
  WriteSome(engine, 200);
  Must(engine.DropBefore(50, 0).status());
  fs.SetHook({});
  Must(engine.Close());
  std::vector<Base> bases;
  for (const FrameType type : {FrameType::kFlush, FrameType::kDrop}) {
    for (const auto& crash : crashes) {
      Base base = MakeBase(crash->Clone());
      if (!Has(base, type)) continue;
      bases.push_back(std::move(base));
      break;
    }
  }
  if (bases.size() != 2) __builtin_trap();
  return bases;
}

// The payload with its own checksums and counts made right.
void Repair(Record& record, uint64_t points, uint64_t records) {
  if (record.type == FrameType::kPrepare && record.payload.size() == sizeof(PrepareRecord)) {
    std::memcpy(record.payload.data(), &points, sizeof(points));
    std::memcpy(record.payload.data() + 8, &records, sizeof(records));
  }
  if (record.type != FrameType::kFlush || record.payload.size() < 8) return;
  uint32_t chunks = 0;
  std::memcpy(&chunks, record.payload.data(), sizeof(chunks));
  constexpr uint64_t kPlaced = 16 + sizeof(BlockDirEntry);
  for (uint64_t offset = 8 + uint64_t{chunks} * sizeof(NewChunk);
       offset + kPlaced <= record.payload.size(); offset += kPlaced) {
    BlockDirEntry entry;
    std::memcpy(&entry, record.payload.data() + offset + 16, sizeof(entry));
    EncodeStruct(entry, std::span(record.payload).subspan(offset + 16));
  }
}

class LogMaker {
 public:
  LogMaker(FaultyFileSystem& fs, const Base& base) : base_(base) {
    auto created = RotatingWAL::Create(fs, kForgedLog, base.header.uuid, base.superblock.log_epoch,
                                       base.superblock.checkpoint_lsn, ForgedOptions().wal);
    Must(created.status());
    wal_ = std::move(created).value();
  }
  LSN begin() const { return wal_->end_lsn(); }

  // Returns the bytes taken.
  size_t Take(std::span<const uint8_t> step) {
    const size_t count = std::min<size_t>(step[5], step.size() - kStepBytes);
    const auto bytes = std::as_bytes(step.subspan(kStepBytes, count));
    const size_t first = step[1] % base_.records.size();
    if (step[0] % 8 == 0) {
      for (const Record& record : base_.records) Append(record, true, step[2]);
      return kStepBytes;
    }
    if (step[0] % 8 == 1) {
      for (size_t i = first; i < base_.records.size() && i < first + step[3]; ++i) {
        Append(base_.records[i], true, 0);
      }
      return kStepBytes;
    }
    Record record = base_.records[first];
    const size_t at = (step[3] | static_cast<size_t>(step[4]) << 8) % (record.payload.size() + 1);
    const auto place = record.payload.begin() + static_cast<std::ptrdiff_t>(at);
    if (step[0] % 8 == 2) {
      record.type = static_cast<FrameType>(1 + step[1] % kFrameTypeLast);
      record.payload.assign(bytes.begin(), bytes.end());
    } else if (step[0] % 8 == 3) {
      record.payload.resize(at);
    } else if (step[0] % 8 == 4) {
      record.payload.insert(place, bytes.begin(), bytes.end());
    } else {
      std::copy_n(bytes.begin(), std::min(count, record.payload.size() - at), place);
    }
    Append(std::move(record), step[0] < 128, step[2]);
    return kStepBytes + count;
  }
  static constexpr size_t kStepBytes = 6;

 private:
  void Append(Record record, bool repair, uint8_t belongs) {
    if (repair) Repair(record, points_, records_);
    LSN transaction = record.begins ? RotatingWAL::kNewTransaction : transaction_;
    if (!record.belongs) transaction = kNoLsn;
    if (belongs % 16 == 1) transaction = kNoLsn;
    if (belongs % 16 == 2) transaction = RotatingWAL::kNewTransaction;
    if (belongs % 16 == 3) transaction = belongs;
    const RotatingWAL::Entry entry{record.type, record.payload};
    const auto lsn = wal_->BatchAppend({&entry, 1}, transaction);
    if (!lsn.ok()) return;
    if (transaction == RotatingWAL::kNewTransaction) {
      transaction_ = lsn.value();
      points_ = records_ = 0;
    }
    ++records_;
    if (record.type != FrameType::kPoints) return;
    IgnoreStatus(DecodePoints(record.payload,
                              [&](TagId, PointColumns&& columns) {
                                points_ += columns.size();
                                return Status();
                              }),
                 "it is what the input says");
  }

  const Base& base_;
  std::unique_ptr<RotatingWAL> wal_;
  LSN transaction_ = kNoLsn;
  uint64_t points_ = 0;
  uint64_t records_ = 0;
};

void MarkInUse(FaultyFileSystem& fs, const Base& base, LSN checkpoint_lsn, bool atomic_commit) {
  auto file = fs.Open(kForgedPath, OpenMode::kReadWrite);
  Must(file.status());
  const auto container = Container::Open(std::move(file).value(), /*read_only=*/false);
  Must(container.status());
  Superblock next = base.superblock;
  next.checkpoint_lsn = checkpoint_lsn;
  next.options.atomic_commit = atomic_commit ? 1 : 0;
  Must(container.value()->WriteSuperblock(next));
}

void Use(FaultyFileSystem& fs) {
  std::optional<TestPoints> before;
  FakeClock clock;
  {
    const auto opened = StorageEngine::Open(fs, clock, kForgedPath, ForgedOptions());
    if (!opened.ok()) return;
    StorageEngine& engine = *opened.value();
    IgnoreStatus(engine.Check().status(), "whatever it finds");
    IgnoreStatus(engine.WritePoint("new", 1, Value::Integer(1), kQualityGood), "if it can");
    const auto points = ReadAll(engine);
    if (points.ok()) before = points.value();
    if (!engine.Close().ok()) return;
  }
  const auto opened = StorageEngine::Open(fs, clock, kForgedPath, ForgedOptions());
  Must(opened.status());
  const auto after = ReadAll(*opened.value());
  if (before && (!after.ok() || after.value() != *before)) __builtin_trap();
}

}  // namespace
}  // namespace xtdb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  static const std::vector<Base> bases = MakeBases();
  if (size == 0) return 0;
  const Base& base = bases[data[0] & 1];
  const auto fs = base.fs->Clone();
  ForbidHugeFiles(*fs);
  {
    LogMaker maker(*fs, base);
    MarkInUse(*fs, base, maker.begin(), (data[0] & 2) != 0);
    auto rest = std::span(data + 1, size - 1);
    while (rest.size() >= LogMaker::kStepBytes) rest = rest.subspan(maker.Take(rest));
  }
  Use(*fs);
  return 0;
}
