#include "engine/container.h"

#include <algorithm>
#include <array>

#include "engine/catalog/catalogue_format.h"
#include "engine/io/process.h"

namespace xtdb {

namespace {

// Whether these are the first bytes of a header, perhaps none, and zeros from there on.
bool IsHeaderCutShort(std::span<const std::byte> bytes) {
  const auto magic = std::as_bytes(std::span(kContainerMagic));
  const auto [differs, _] = std::mismatch(magic.begin(), magic.end(), bytes.begin());
  // Behind a whole magic at least the checksum, which ends the header, is missing.
  const auto begin = differs == magic.end()
                         ? static_cast<ptrdiff_t>(offsetof(ContainerHeader, crc32))
                         : differs - magic.begin();
  return std::all_of(bytes.begin() + begin, bytes.end(),
                     [](std::byte b) { return b == std::byte{0}; });
}

Result<Superblock> NewestSuperblock(std::span<const std::byte> extent, const std::string& path,
                                    bool& found_damaged) {
  std::array<Result<Superblock>, 2> copies = {
      DecodeSuperblock(extent.subspan(kSuperblockOffsets[0], kSuperblockSizeBytes)),
      DecodeSuperblock(extent.subspan(kSuperblockOffsets[1], kSuperblockSizeBytes))};
  if (!copies[0].ok() && !copies[1].ok()) {
    return Status::Corruption(path + ": both superblocks are damaged (" +
                              std::string(copies[0].status().message()) +
                              "); run xtdb salvage on a copy");
  }
  found_damaged = !copies[0].ok() || !copies[1].ok();
  if (!copies[0].ok()) return copies[1];
  if (!copies[1].ok()) return copies[0];
  return copies[0].value().sequence > copies[1].value().sequence ? copies[0] : copies[1];
}

// A hole of a forged file could be any size, so memory is taken only as far as there are bytes.
Status ReadInPieces(File& file, uint64_t offset, uint64_t size, std::vector<std::byte>& bytes) {
  constexpr uint64_t kPieceBytes = 1 * kMiB;
  while (bytes.size() < size) {
    const size_t begin = bytes.size();
    bytes.resize(begin + std::min(size - begin, kPieceBytes));
    const std::span<std::byte> piece = std::span(bytes).subspan(begin);
    XTDB_RETURN_IF_ERROR(file.ReadAt(offset + begin, piece));
    if (piece.size() < kPieceBytes ||
        std::ranges::any_of(piece, [](std::byte b) { return b != std::byte{0}; })) {
      continue;
    }
    return Status::Corruption(file.path() + ": the catalogue is a hole; run xtdb salvage");
  }
  return {};
}

}  // namespace

Container::Container(std::unique_ptr<File> file, const ContainerHeader& header,
                     const LayoutCalculator& layout, const Superblock& superblock, bool read_only)
    : path_(file->path()),
      file_(std::move(file)),
      header_(header),
      container_id_(ContainerIdOf(header.uuid)),
      layout_(layout),
      read_only_(read_only),
      superblock_(superblock) {}

Result<bool> Container::IsUnfinished(File& file) {
  XTDB_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  if (size > kExtentSizeBytes) return false;
  std::vector<std::byte> extent(kExtentSizeBytes);
  XTDB_RETURN_IF_ERROR(file.ReadAt(0, std::span(extent).first(size)));
  if (!IsHeaderCutShort(std::span(extent).first(sizeof(ContainerHeader)))) return false;
  // Whatever happened to the header of a store that was ever used, it is not made anew.
  for (const uint64_t offset : kSuperblockOffsets) {
    const Result<Superblock> copy =
        DecodeSuperblock(std::span(extent).subspan(offset, kSuperblockSizeBytes));
    if (copy.ok() && copy.value().sequence > std::size(kSuperblockOffsets)) return false;
  }
  return true;
}

Result<std::unique_ptr<Container>> Container::Create(FileSystem& fs, std::unique_ptr<File> file,
                                                     const NewContainer& wanted) {
  const std::string path = file->path();
  XTDB_ASSIGN_OR_RETURN(const LayoutCalculator layout,
                        LayoutCalculator::Create(wanted.chunk_size_bytes));
  ContainerHeader header;
  header.uuid = RandomUuid();
  header.chunk_size_bytes = wanted.chunk_size_bytes;
  header.created_at_us = wanted.now_us;
  Superblock superblock;
  superblock.sequence = 1;
  superblock.options = wanted.options;
  superblock.max_bytes = wanted.max_bytes;

  std::vector<std::byte> extent(kExtentSizeBytes);
  // Both copies, so that the first real superblock never stands beside an unreadable one.
  for (const uint64_t offset : kSuperblockOffsets) {
    EncodeStruct(superblock, std::span(extent).subspan(offset));
    ++superblock.sequence;
  }
  --superblock.sequence;
  superblock.crc32 = StructCrc(superblock);
  const auto fill = [&]() -> Status {
    XTDB_RETURN_IF_ERROR(file->Allocate(0, extent.size()));
    XTDB_RETURN_IF_ERROR(file->WriteAt(0, extent));
    XTDB_RETURN_IF_ERROR(file->Sync());
    EncodeStruct(header, extent);
    XTDB_RETURN_IF_ERROR(file->WriteAt(0, std::span(extent).first(sizeof(ContainerHeader))));
    XTDB_RETURN_IF_ERROR(file->Sync());
    return fs.SyncDirectory(DirectoryOf(path));
  };
  const Status filled = fill();
  if (!filled.ok()) {
    IgnoreStatus(fs.Remove(path), "the error that made the file useless is the one to report");
    return filled;
  }
  return std::unique_ptr<Container>(
      new Container(std::move(file), header, layout, superblock, false));
}

Status Container::CheckIsContainer(File& file) {
  XTDB_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  if (size < kExtentSizeBytes) {
    return Status::Corruption(file.path() + " is not an xTdb container: it has " +
                              std::to_string(size) + " bytes; choose another path");
  }
  std::array<std::byte, sizeof(ContainerHeader)> bytes;
  XTDB_RETURN_IF_ERROR(file.ReadAt(0, bytes));
  if (std::ranges::equal(std::span(bytes).first(kContainerMagic.size()),
                         std::as_bytes(std::span(kContainerMagic)))) {
    return {};
  }
  return DecodeContainerHeader(bytes).status().WithContext(file.path());
}

Result<std::unique_ptr<Container>> Container::Open(std::unique_ptr<File> file, bool read_only) {
  const std::string path = file->path();
  XTDB_RETURN_IF_ERROR(CheckIsContainer(*file));
  std::vector<std::byte> extent(kExtentSizeBytes);
  XTDB_RETURN_IF_ERROR(file->ReadAt(0, extent));
  Result<ContainerHeader> header = DecodeContainerHeader(extent);
  if (!header.ok()) return header.status().WithContext(path);
  XTDB_ASSIGN_OR_RETURN(const LayoutCalculator layout,
                        LayoutCalculator::Create(header.value().chunk_size_bytes));
  bool found_damaged = false;
  XTDB_ASSIGN_OR_RETURN(const Superblock superblock, NewestSuperblock(extent, path, found_damaged));
  auto container = std::unique_ptr<Container>(
      new Container(std::move(file), header.value(), layout, superblock, read_only));
  container->found_damaged_superblock_ = found_damaged;
  return container;
}

Status Container::RereadSuperblock(uint64_t sequence_min) {
  std::vector<std::byte> extent(kExtentSizeBytes);
  // A copy that is just being written looks damaged; the other one may be too old to be of use.
  constexpr int kTries = 100;
  for (int tries = 1;; ++tries) {
    XTDB_RETURN_IF_ERROR(file_->ReadAt(0, extent));
    bool found_damaged = false;
    const Result<Superblock> newest = NewestSuperblock(extent, path_, found_damaged);
    if (newest.ok() && newest.value().sequence >= sequence_min) {
      superblock_ = newest.value();
      found_damaged_superblock_ = found_damaged;
      return Status();
    }
    if (tries < kTries) continue;
    if (!newest.ok()) return newest.status();
    return Status::Corruption(path_ +
                              ": the superblock in force cannot be read; run xtdb salvage "
                              "on a copy");
  }
}

Status Container::WriteSuperblock(Superblock next) {
  next.sequence = superblock_.sequence + 1;
  XTDB_RETURN_IF_ERROR(CheckCounters(next).WithContext(path_));
  std::vector<std::byte> bytes(kSuperblockSizeBytes);
  next.crc32 = StructCrc(next);
  EncodeStruct(next, bytes);
  XTDB_RETURN_IF_ERROR(
      file_->WriteAt(kSuperblockOffsets[(next.sequence + 1) % 2], bytes).WithContext("superblock"));
  XTDB_RETURN_IF_ERROR(file_->Sync());
  superblock_ = next;
  return Status();
}

Result<std::vector<std::byte>> Container::ReadCatalogue() const {
  const uint64_t size = superblock_.catalogue_size_bytes;
  std::vector<std::byte> bytes;
  if (size == 0) return bytes;
  if (superblock_.catalogue_offset == 0) {
    const auto inline_bytes = std::as_bytes(std::span(superblock_.inline_catalogue)).first(size);
    bytes.assign(inline_bytes.begin(), inline_bytes.end());
  } else {
    XTDB_ASSIGN_OR_RETURN(const uint64_t file_size, file_->Size());
    if (superblock_.catalogue_offset > file_size ||
        size > file_size - superblock_.catalogue_offset) {
      return Status::Corruption(path_ +
                                ": the catalogue lies behind the file's end; run xtdb salvage");
    }
    XTDB_RETURN_IF_ERROR(ReadInPieces(*file_, superblock_.catalogue_offset, size, bytes));
  }
  if (CatalogueCrc(bytes) != superblock_.catalogue_crc32) {
    return Status::Corruption(path_ + ": catalogue checksum; run xtdb salvage");
  }
  return bytes;
}

Status Container::Trim(uint64_t end) {
  XTDB_ASSIGN_OR_RETURN(const uint64_t size, file_->Size());
  if (end >= size) return Status();
  return file_->Truncate(end);
}

}  // namespace xtdb
