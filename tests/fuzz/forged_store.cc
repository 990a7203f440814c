#include "tests/fuzz/forged_store.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/catalog/catalogue_format.h"
#include "engine/chunk/layout_calculator.h"
#include "engine/format/block_format.h"
#include "engine/format/chunk_format.h"
#include "engine/format/log_format.h"
#include "tests/support/fake_clock.h"

namespace xtdb {
namespace {

constexpr uint64_t kChunkSize = 4 * kMiB;
constexpr uint64_t kFileBytesMax = 256 * kMiB;
constexpr uint64_t kLogAreaBytes = 64 * kKiB;
constexpr uint32_t kSlots = 2;
constexpr uint32_t kBlocks = 3;

LayoutCalculator Layout() { return LayoutCalculator::Create(kChunkSize).value(); }

SoundStores MakeStores() {
  SoundStores stores;
  stores.closed = std::make_unique<FaultyFileSystem>(1);
  FakeClock clock;
  auto opened = StorageEngine::Open(*stores.closed, clock, kForgedPath, ForgedOptions());
  Must(opened.status());
  StorageEngine& engine = *opened.value();
  WriteSome(engine, 0);
  Must(engine.Seal(0));
  WriteSome(engine, 100);
  Must(engine.Flush(0));
  WriteSome(engine, 200);
  stores.unclosed = stores.closed->Clone();
  stores.points = ReadAll(engine).value();
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
  std::vector<Area> areas = {{kForgedPath, 0, sizeof(ContainerHeader)},
                             {kForgedPath, kSuperblockOffsets[0], 1024},
                             {kForgedPath, kSuperblockOffsets[1], 1024},
                             {kForgedLog, 0, sizeof(LogHeader)},
                             {kForgedLog, kExtentSizeBytes, kLogAreaBytes}};
  for (uint32_t slot = 0; slot < kSlots; ++slot) {
    const ChunkLayout place = Layout().Layout(slot);
    areas.push_back({kForgedPath, place.chunk_offset, sizeof(ChunkHeader)});
    areas.push_back({kForgedPath, place.chunk_offset + kChunkStateOffset, 32});
    areas.push_back({kForgedPath, place.chunk_offset + kSealRecordOffset, sizeof(SealRecord)});
    areas.push_back({kForgedPath, place.directory_offset, 4 * sizeof(BlockDirEntry)});
    areas.push_back({kForgedPath, place.order_offset, 16});
    for (uint32_t extent = 0; extent < kBlocks; ++extent) {
      areas.push_back({kForgedPath, place.ExtentOffset(extent), 512});
    }
  }
  return areas;
}

std::unique_ptr<File> OpenFile(FaultyFileSystem& fs, const char* path) {
  auto opened = fs.Open(path, OpenMode::kReadWrite);
  Must(opened.status());
  return std::move(opened).value();
}

// What the file has of the range; zeros behind its end.
std::vector<std::byte> Read(File& file, uint64_t offset, size_t count) {
  std::vector<std::byte> bytes(count);
  const uint64_t size = file.Size().value();
  if (offset >= size) return bytes;
  Must(file.ReadAt(offset, std::span(bytes).first(std::min<uint64_t>(count, size - offset))));
  return bytes;
}

template <typename T>
T ReadStruct(File& file, uint64_t offset) {
  T value;
  std::memcpy(&value, Read(file, offset, sizeof(T)).data(), sizeof(T));
  return value;
}

template <typename T>
void WriteStruct(File& file, uint64_t offset, const T& value) {
  std::vector<std::byte> bytes(sizeof(T));
  EncodeStruct(value, bytes);
  Must(file.WriteAt(offset, bytes));
}

// Returns the bytes taken.
size_t Edit(FaultyFileSystem& fs, std::span<const uint8_t> step) {
  static const std::vector<Area> areas = Areas();
  const Area& area = areas[step[0] % areas.size()];
  const uint64_t at = (step[1] | static_cast<uint64_t>(step[2]) << 8) % area.size;
  const size_t count = std::min<size_t>({1 + step[3] % 16U, step.size() - 4, area.size - at});
  if (fs.Exists(area.path)) {
    Must(OpenFile(fs, area.path)->WriteAt(area.offset + at, std::as_bytes(step.subspan(4, count))));
  }
  return 4 + count;
}

// One of the extents that hold something.
uint64_t ExtentPlace(uint32_t number) {
  const ChunkLayout place = Layout().Layout(number % kSlots);
  switch (number / kSlots % 4) {
    case 0:
      return place.chunk_offset;
    case 1:
      return place.directory_offset;
    case 2:
      return number % 3 == 0 ? 0 : place.ExtentOffset(number % 61);
    default:
      return place.ExtentOffset(number / 8 % 5);
  }
}

void Copy(File& file, uint64_t from, uint64_t to, size_t count) {
  Must(file.WriteAt(to, Read(file, from, count)));
}

constexpr size_t kRearrangeBytes = 5;
void Rearrange(FaultyFileSystem& fs, std::span<const uint8_t> step) {
  const auto from = static_cast<uint32_t>(step[1] | step[2] << 8);
  const auto to = static_cast<uint32_t>(step[3] | step[4] << 8);
  const auto container = OpenFile(fs, kForgedPath);
  const auto log = fs.Exists(kForgedLog) ? OpenFile(fs, kForgedLog) : nullptr;
  switch (step[0] % 8) {
    case 0:
      return Copy(*container, ExtentPlace(from), ExtentPlace(to), kExtentSizeBytes);
    case 1:
      return Must(container->Punch(ExtentPlace(from), kExtentSizeBytes));
    case 2:
      return Must(container->Truncate(std::min<uint64_t>(from * 128 + to % 128, 8 * kMiB)));
    case 3:
      return Copy(*container, kSuperblockOffsets[from % 2], kSuperblockOffsets[(from + 1) % 2],
                  kSuperblockSizeBytes);
    case 4:
      if (log != nullptr) Must(log->Truncate(from * 4 + to % 4));
      return;
    case 5:
      if (log == nullptr) return;
      return Copy(*log, kExtentSizeBytes + from % 2048 * 8, kExtentSizeBytes + to % 2048 * 8,
                  (from / 2048 + 1) * 64);
    case 6:
      if (fs.Exists(kForgedLog)) Must(fs.Remove(kForgedLog));
      return;
    default:
      // The log of an earlier life, and bytes of the container that pass for a log.
      if ((to & 1) != 0) {
        fs.WriteWhole(kForgedLog, TheSoundStores().unclosed->ReadWhole(kForgedLog));
      } else {
        fs.WriteWhole(kForgedLog, Read(*container, ExtentPlace(from), 5 * kExtentSizeBytes));
      }
  }
}

void PatchSuperblock(File& file, uint64_t offset) {
  auto superblock = ReadStruct<Superblock>(file, offset);
  const auto catalogue = std::as_writable_bytes(std::span(superblock.inline_catalogue));
  const uint64_t size = superblock.catalogue_size_bytes;
  if (superblock.catalogue_offset == 0 && size <= catalogue.size() && size > sizeof(uint32_t)) {
    const uint64_t end = size - sizeof(uint32_t);  // where the catalogue's own checksum stands
    const uint32_t crc32 = Crc32(catalogue.first(end));
    std::memcpy(&catalogue[end], &crc32, sizeof(crc32));
    superblock.catalogue_crc32 = CatalogueCrc(catalogue.first(size));
  }
  WriteStruct(file, offset, superblock);
}

void PatchBlock(File& file, uint64_t offset) {
  const std::vector<std::byte> bytes = Read(file, offset, kExtentSizeBytes);
  auto head = ReadStruct<BlockHead>(file, offset);
  const size_t table =
      std::min(bytes.size() - sizeof(head), size_t{head.vector_count} * sizeof(VectorEntry));
  head.table_crc32 = Crc32(std::span(bytes).subspan(sizeof(head), table));
  WriteStruct(file, offset, head);
}

void PatchEntry(File& file, const ChunkLayout& place, uint32_t entry) {
  auto patched = ReadStruct<BlockDirEntry>(file, place.EntryOffset(entry));
  patched.head_crc32 = ReadStruct<BlockHead>(file, place.ExtentOffset(entry)).crc32;
  WriteStruct(file, place.EntryOffset(entry), patched);
}

void PatchSeal(File& file, const ChunkLayout& place) {
  const std::vector<std::byte> image =
      Read(file, place.directory_offset, place.directory_bytes + place.order_bytes);
  const uint64_t offset = place.chunk_offset + kSealRecordOffset;
  auto seal = ReadStruct<SealRecord>(file, offset);
  const auto directory = std::span(image).first(place.directory_bytes);
  seal.super_crc32 = SuperCrc(directory, std::span(image).subspan(place.directory_bytes));
  WriteStruct(file, offset, seal);
  WriteStruct(file, place.chunk_offset, ReadStruct<ChunkHeader>(file, place.chunk_offset));
}

// From the first frame on as far as lengths lead; the chain of checksums too.
void PatchLog(File& file) {
  WriteStruct(file, 0, ReadStruct<LogHeader>(file, 0));
  WriteStruct(file, kExtentSizeBytes, ReadStruct<SegmentHeader>(file, kExtentSizeBytes));
  std::vector<std::byte> segment = Read(file, kExtentSizeBytes, kLogAreaBytes);
  uint32_t prev_crc32 = 0;
  for (size_t at = sizeof(SegmentHeader); at + sizeof(FrameHeader) <= segment.size();) {
    FrameHeader header;
    std::memcpy(&header, &segment[at], sizeof(header));
    const uint64_t size = PaddedFrameSize(header.payload_size_bytes);
    if (header.magic != kFrameMagic || size > segment.size() - at) break;
    if (at != sizeof(SegmentHeader)) header.prev_crc32 = prev_crc32;
    const std::span<std::byte> frame = std::span(segment).subspan(at, size);
    std::memcpy(frame.data(), &header, sizeof(header));
    constexpr size_t kCrcOffset = offsetof(FrameHeader, crc32);
    prev_crc32 = Crc32Extend(Crc32(frame.first(kCrcOffset)), frame.subspan(sizeof(header)));
    std::memcpy(&frame[kCrcOffset], &prev_crc32, sizeof(prev_crc32));
    at += size;
  }
  Must(file.WriteAt(kExtentSizeBytes, segment));
}

void Patch(FaultyFileSystem& fs, uint8_t wanted) {
  const auto file = OpenFile(fs, kForgedPath);
  if ((wanted & 2) != 0) WriteStruct(*file, 0, ReadStruct<ContainerHeader>(*file, 0));
  if ((wanted & 4) != 0) {
    for (const uint64_t offset : kSuperblockOffsets) PatchSuperblock(*file, offset);
  }
  for (uint32_t slot = 0; slot < kSlots; ++slot) {
    const ChunkLayout place = Layout().Layout(slot);
    for (uint32_t entry = 0; entry < kBlocks; ++entry) {
      if ((wanted & 16) != 0) PatchBlock(*file, place.ExtentOffset(entry));
      if ((wanted & 8) != 0) PatchEntry(*file, place, entry);
    }
    if ((wanted & 32) != 0) PatchSeal(*file, place);
  }
  if ((wanted & 32) != 0 && fs.Exists(kForgedLog)) PatchLog(*OpenFile(fs, kForgedLog));
}

}  // namespace

EngineOptions ForgedOptions() {
  EngineOptions options;
  options.storage.chunk_size_bytes = kChunkSize;
  options.wal.segment_size_bytes = 64 * kKiB;
  return options;
}

void Must(const Status& status) {
  if (!status.ok()) __builtin_trap();
}

void WriteSome(StorageEngine& engine, int64_t first) {
  for (int64_t ts = first; ts < first + 20; ++ts) {
    Must(engine.WritePoint("integer", ts, Value::Integer(ts * 3), kQualityGood));
    Must(engine.WritePoint("real", ts, Value::Real(static_cast<double>(ts) / 10), kQualityGood));
    Must(engine.WritePoint("text", ts, Value::Text("text"), kQualityBad));
  }
}

const SoundStores& TheSoundStores() {
  static const SoundStores stores = MakeStores();
  return stores;
}

bool IsPatched(std::span<const uint8_t> input) { return (input[0] & 0x3E) != 0; }

std::unique_ptr<FaultyFileSystem> ForgeStore(std::span<const uint8_t> input) {
  const SoundStores& stores = TheSoundStores();
  auto fs = ((input[0] & 1) != 0 ? stores.closed : stores.unclosed)->Clone();
  ForbidHugeFiles(*fs);
  for (auto rest = input.subspan(1); rest.size() >= 5;) {
    if (rest[0] < 128) {
      rest = rest.subspan(Edit(*fs, rest));
    } else {
      Rearrange(*fs, rest);
      rest = rest.subspan(kRearrangeBytes);
    }
  }
  if (IsPatched(input)) Patch(*fs, input[0]);
  return fs;
}

void ForbidHugeFiles(FaultyFileSystem& fs) {
  const auto check = [](const OperationRecord& record) {
    if (record.offset > kFileBytesMax || record.length > kFileBytesMax) __builtin_trap();
  };
  fs.SetHook(check, MaskOf(FileOperation::kWrite) | MaskOf(FileOperation::kAllocate));
}

}  // namespace xtdb
