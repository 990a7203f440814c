#include "engine/format/container_format.h"

#include <algorithm>
#include <cstring>

namespace xtdb {
namespace {

Status CheckOptions(const StorageOptions& options) {
  if (options.block_extents != 1 && options.block_extents != 4 && options.block_extents != 16) {
    return Status::Corruption("superblock: block size");
  }
  if (options.raw_records > 1) return Status::Corruption("superblock: codec");
  if (options.atomic_commit > 1) return Status::Corruption("superblock: atomic commit");
  if (!IsZero(options.reserved)) return Status::Corruption("superblock: reserved option bytes");
  if (options.retention_us < 0) return Status::Corruption("superblock: negative retention");
  return Status();
}

// A torn write may leave the catalogue of the write before it, and the superblock's own checksum
// would not tell: it is the same for all bytes of one length that end in their checksum.
Status CheckInlineCatalogue(const Superblock& superblock) {
  const uint64_t size = superblock.catalogue_size_bytes;
  uint32_t ends_with = 0;
  if (size == 0) return Status();
  if (size < sizeof(ends_with)) return Status::Corruption("superblock: catalogue size");
  std::memcpy(&ends_with, &superblock.inline_catalogue[size - sizeof(ends_with)],
              sizeof(ends_with));
  if (ends_with == superblock.catalogue_crc32) return Status();
  return Status::Corruption("superblock: catalogue of another write");
}

Status CheckCatalogueLocation(const Superblock& superblock) {
  const uint64_t size = superblock.catalogue_size_bytes;
  if (superblock.catalogue_offset == 0) {
    if (size > kInlineCatalogueBytesMax) return Status::Corruption("superblock: catalogue size");
    if (superblock.catalogue_slot != 0) return Status::Corruption("superblock: catalogue slot");
    const auto unused = std::span(superblock.inline_catalogue).subspan(static_cast<size_t>(size));
    if (!IsAllZero(unused)) return Status::Corruption("superblock: bytes behind the catalogue");
    return CheckInlineCatalogue(superblock);
  }
  if (superblock.catalogue_offset % kExtentSizeBytes != 0) {
    return Status::Corruption("superblock: catalogue offset");
  }
  if (size == 0 || size > kChunkSizeMax) return Status::Corruption("superblock: catalogue size");
  if (superblock.catalogue_slot >= superblock.slot_count) {
    return Status::Corruption("superblock: catalogue slot");
  }
  if (!IsZero(superblock.inline_catalogue)) {
    return Status::Corruption("superblock: two catalogues");
  }
  return Status();
}

}  // namespace

uint64_t ContainerIdOf(const Uuid& uuid) {
  uint64_t id = 0;
  std::memcpy(&id, uuid.data(), sizeof(id));
  return id;
}

std::string UuidText(const Uuid& uuid) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[uuid[i] >> 4];
    text += kDigits[uuid[i] & 15];
  }
  return text;
}

Status CheckFormatVersion(uint32_t version, const char* what) {
  if (version == kFormatVersion) return Status();
  if (version == 0) return Status::Corruption(std::string(what) + ": format version 0");
  return Status::Unsupported(std::string(what) + ": written by a newer xTdb (format version " +
                             std::to_string(version) + ", this one reads " +
                             std::to_string(kFormatVersion) + ")");
}

Result<ContainerHeader> DecodeContainerHeader(std::span<const std::byte> in) {
  // Before the checksum: most files that are not ours should be told by what they are.
  if (in.size() < sizeof(ContainerHeader) ||
      std::memcmp(in.data(), kContainerMagic.data(), kContainerMagic.size()) != 0) {
    return Status::Corruption("not an xTdb container; choose another path");
  }
  XTDB_ASSIGN_OR_RETURN(const ContainerHeader header,
                        DecodeStruct<ContainerHeader>(in, "container header"));
  XTDB_RETURN_IF_ERROR(CheckFormatVersion(header.format_version, "container header"));
  if (header.extent_size_bytes != kExtentSizeBytes) {
    return Status::Corruption("container header: extent size");
  }
  if (!IsChunkSize(header.chunk_size_bytes)) {
    return Status::Corruption("container header: chunk size");
  }
  if (!IsZero(header.reserved)) return Status::Corruption("container header: reserved bytes");
  return header;
}

Status CheckCounters(const Superblock& superblock) {
  if (superblock.next_chunk_sequence == 0 || superblock.next_chunk_sequence > kCounterMax) {
    return Status::Corruption("superblock: next chunk");
  }
  if (superblock.sequence > kCounterMax) return Status::Corruption("superblock: sequence");
  if (superblock.log_epoch > kCounterMax) return Status::Corruption("superblock: log epoch");
  return Status();
}

Result<Superblock> DecodeSuperblock(std::span<const std::byte> in) {
  XTDB_ASSIGN_OR_RETURN(const Superblock superblock, DecodeStruct<Superblock>(in, "superblock"));
  if (superblock.magic != kSuperblockMagic) return Status::Corruption("superblock: magic");
  if (superblock.log_state != LogState::kClean && superblock.log_state != LogState::kInUse) {
    return Status::Corruption("superblock: log state");
  }
  // A frame's place; far below what LSN arithmetic could overflow from.
  if (superblock.checkpoint_lsn % 8 != 0 || superblock.checkpoint_lsn > kCheckpointLsnMax) {
    return Status::Corruption("superblock: checkpoint LSN");
  }
  if (superblock.next_tag_id == kNoTag) return Status::Corruption("superblock: next tag");
  XTDB_RETURN_IF_ERROR(CheckCounters(superblock));
  XTDB_RETURN_IF_ERROR(CheckOptions(superblock.options));
  const auto& name = superblock.owner_name;
  const auto end = std::find(name.begin(), name.end(), '\0');
  if (std::any_of(end, name.end(), [](char c) { return c != '\0'; })) {
    return Status::Corruption("superblock: owner");
  }
  if (!IsZero(superblock.reserved)) return Status::Corruption("superblock: reserved bytes");
  XTDB_RETURN_IF_ERROR(CheckCatalogueLocation(superblock));
  return superblock;
}

}  // namespace xtdb
