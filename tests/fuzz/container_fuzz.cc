// Opens a store that the input has damaged: a small valid container and its log, changed as the
// input says, with the checksums of header, superblocks, directory entries and block heads made
// right again where it asks for that, so that what stands behind them is reached.
//   byte 0: bit 0: the store was closed; bits 1 .. 4: patch header, superblocks, directories,
//   blocks then edits: area, place (2 bytes), count, bytes

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "engine/catalog/catalogue_format.h"
#include "engine/salvage/salvager.h"
#include "engine/storage_engine.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"

namespace {
// Far above what a store of some kilobytes can justify: buffers of the log take some MiB.
constexpr size_t kAllocationMax = size_t{256} << 20;
void* Take(size_t size) {
  if (size > kAllocationMax) __builtin_trap();
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

void* operator new(size_t size) { return Take(size); }
void* operator new[](size_t size) { return Take(size); }
// std::stable_sort asks this way.
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Take(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace xtdb {
namespace {

constexpr const char* kPath = "/plant.xtdb";
constexpr const char* kLog = "/plant.xtdb-wal";

EngineOptions Options() {
  EngineOptions options;
  options.storage.chunk_size_bytes = 4 * kMiB;
  options.wal.segment_size_bytes = 64 * kKiB;
  return options;
}

void Must(const Status& status) {
  if (!status.ok()) __builtin_trap();
}

void Write(StorageEngine& engine, int64_t first) {
  for (int64_t ts = first; ts < first + 20; ++ts) {
    Must(engine.WritePoint("integer", ts, Value::Integer(ts * 3), kQualityGood));
    Must(engine.WritePoint("real", ts, Value::Real(static_cast<double>(ts) / 10), kQualityGood));
    Must(engine.WritePoint("text", ts, Value::Text("text"), kQualityBad));
  }
}

struct Stores {
  std::unique_ptr<FaultyFileSystem> closed = std::make_unique<FaultyFileSystem>(1);
  std::unique_ptr<FaultyFileSystem> unclosed;
};

Stores MakeStores() {
  Stores stores;
  FakeClock clock;
  auto opened = StorageEngine::Open(*stores.closed, clock, kPath, Options());
  Must(opened.status());
  StorageEngine& engine = *opened.value();
  Write(engine, 0);
  Must(engine.Seal(0));
  Write(engine, 100);
  Must(engine.Flush(0));
  Write(engine, 200);
  stores.unclosed = stores.closed->Clone();
  Must(engine.Close());
  return stores;
}

// Where an edit may go: structures, not holes.
struct Area {
  const char* path;
  uint64_t offset;
  uint64_t size;
};
std::vector<Area> Areas() {
  const LayoutCalculator layout = LayoutCalculator::Create(4 * kMiB).value();
  std::vector<Area> areas = {{kPath, 0, sizeof(ContainerHeader)},
                             {kPath, kSuperblockOffsets[0], 1024},
                             {kPath, kSuperblockOffsets[1], 1024},
                             {kLog, 0, sizeof(LogHeader)},
                             {kLog, kExtentSizeBytes, 64 * kKiB}};
  for (uint32_t slot = 0; slot < 2; ++slot) {
    const ChunkLayout place = layout.Layout(slot);
    areas.push_back({kPath, place.chunk_offset, sizeof(ChunkHeader)});
    areas.push_back({kPath, place.chunk_offset + kChunkStateOffset, 32});
    areas.push_back({kPath, place.chunk_offset + kSealRecordOffset, sizeof(SealRecord)});
    areas.push_back({kPath, place.directory_offset, 4 * sizeof(BlockDirEntry)});
    areas.push_back({kPath, place.order_offset, 16});
    for (uint32_t extent = 0; extent < 3; ++extent) {
      areas.push_back({kPath, place.ExtentOffset(extent), 512});
    }
  }
  return areas;
}

void Edit(FaultyFileSystem& fs, const uint8_t* data, size_t size) {
  static const std::vector<Area> areas = Areas();
  while (size >= 5) {
    const Area& area = areas[data[0] % areas.size()];
    const uint64_t at = (data[1] | static_cast<uint64_t>(data[2]) << 8) % area.size;
    const size_t count = std::min<size_t>({1 + data[3] % 16U, size - 4, area.size - at});
    if (fs.Exists(area.path)) {
      const auto file = fs.Open(area.path, OpenMode::kReadWrite);
      Must(file.status());
      Must(file.value()->WriteAt(area.offset + at, std::as_bytes(std::span(data + 4, count))));
    }
    data += 4 + count;
    size -= 4 + count;
  }
}

template <typename T>
void PatchStruct(File& file, uint64_t offset) {
  std::vector<std::byte> bytes(sizeof(T));
  Must(file.ReadAt(offset, bytes));
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  EncodeStruct(value, bytes);
  Must(file.WriteAt(offset, bytes));
}

void PatchSuperblock(File& file, uint64_t offset) {
  std::vector<std::byte> bytes(sizeof(Superblock));
  Must(file.ReadAt(offset, bytes));
  Superblock superblock;
  std::memcpy(&superblock, bytes.data(), sizeof(superblock));
  const auto catalogue = std::as_bytes(std::span(superblock.inline_catalogue));
  if (superblock.catalogue_size_bytes <= catalogue.size()) {
    const auto used = catalogue.first(superblock.catalogue_size_bytes);
    superblock.catalogue_crc32 = used.empty() ? 0 : CatalogueCrc(used);
  }
  EncodeStruct(superblock, bytes);
  Must(file.WriteAt(offset, bytes));
}

void PatchBlock(File& file, uint64_t offset) {
  std::vector<std::byte> bytes(kExtentSizeBytes);
  Must(file.ReadAt(offset, bytes));
  BlockHead head;
  std::memcpy(&head, bytes.data(), sizeof(head));
  const size_t table =
      std::min(bytes.size() - sizeof(head), size_t{head.vector_count} * sizeof(VectorEntry));
  head.table_crc32 = Crc32(std::span(bytes).subspan(sizeof(head), table));
  EncodeStruct(head, bytes);
  Must(file.WriteAt(offset, bytes));
}

void Patch(FaultyFileSystem& fs, uint8_t wanted) {
  const auto opened = fs.Open(kPath, OpenMode::kReadWrite);
  Must(opened.status());
  File& file = *opened.value();
  const LayoutCalculator layout = LayoutCalculator::Create(4 * kMiB).value();
  if ((wanted & 2) != 0) PatchStruct<ContainerHeader>(file, 0);
  if ((wanted & 4) != 0) {
    for (const uint64_t offset : kSuperblockOffsets) PatchSuperblock(file, offset);
  }
  for (uint32_t slot = 0; slot < 2; ++slot) {
    const ChunkLayout place = layout.Layout(slot);
    for (uint32_t entry = 0; entry < 3; ++entry) {
      if ((wanted & 16) != 0) PatchBlock(file, place.ExtentOffset(entry));
      if ((wanted & 8) == 0) continue;
      BlockDirEntry patched;
      std::vector<std::byte> bytes(sizeof(patched));
      Must(file.ReadAt(place.EntryOffset(entry), bytes));
      std::memcpy(&patched, bytes.data(), sizeof(patched));
      BlockHead head;
      std::vector<std::byte> head_bytes(sizeof(head));
      Must(file.ReadAt(place.ExtentOffset(entry), head_bytes));
      std::memcpy(&head, head_bytes.data(), sizeof(head));
      patched.head_crc32 = head.crc32;
      EncodeStruct(patched, bytes);
      Must(file.WriteAt(place.EntryOffset(entry), bytes));
    }
  }
}

// Whatever can be saved stands in a sound container.
void Salvage(FaultyFileSystem& fs) {
  constexpr const char* kSaved = "/saved.xtdb";
  FakeClock clock;
  const auto report = Salvager(fs, clock, Options()).Run(kPath, kSaved);
  if (!report.ok()) return;
  auto saved = StorageEngine::Open(fs, clock, kSaved, EngineOptions());
  Must(saved.status());
  const auto points = ReadAll(*saved.value());
  Must(points.status());
  if (points.value().size() != report.value().points) __builtin_trap();
  const auto checked = saved.value()->Check();
  Must(checked.status());
  if (!checked.value().problems.empty()) __builtin_trap();
}

}  // namespace
}  // namespace xtdb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  static const Stores stores = MakeStores();
  if (size == 0) return 0;
  const auto fs = ((data[0] & 1) != 0 ? stores.closed : stores.unclosed)->Clone();
  Edit(*fs, data + 1, size - 1);
  Patch(*fs, data[0]);
  FakeClock clock;
  Salvage(*fs);
  auto opened = StorageEngine::Open(*fs, clock, kPath, Options());
  if (!opened.ok()) return 0;
  StorageEngine& engine = *opened.value();
  const auto points = ReadAll(engine);
  IgnoreStatus(engine.Check().status(), "whatever it finds");
  const Status written = engine.WritePoint("new", 1, Value::Integer(1), kQualityGood);
  // What was not damaged beyond that is there afterwards.
  if (written.ok() && !ReadAll(engine).ok() && points.ok()) __builtin_trap();
  IgnoreStatus(engine.Close(), "damage may show here, too");
  return 0;
}
