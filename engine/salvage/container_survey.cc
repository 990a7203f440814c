#include "engine/salvage/container_survey.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "engine/chunk/layout_calculator.h"
#include "engine/format/block_format.h"
#include "engine/format/chunk_format.h"
#include "engine/salvage/sparse_read.h"

namespace xtdb {
namespace {

// The catalogue that `superblock` names; empty if it is damaged.
Result<std::optional<Catalogue>> ReadCatalogue(File& file, uint64_t file_size,
                                               const Superblock& superblock) {
  const uint64_t size = superblock.catalogue_size_bytes;
  if (size == 0) return std::optional<Catalogue>(Catalogue{});
  std::vector<std::byte> bytes;
  if (superblock.catalogue_offset == 0) {
    const auto stored = std::as_bytes(std::span(superblock.inline_catalogue)).first(size);
    bytes.assign(stored.begin(), stored.end());
  } else {
    if (superblock.catalogue_offset > file_size || size > file_size - superblock.catalogue_offset) {
      return std::optional<Catalogue>();
    }
    bytes.resize(size);
    XTDB_RETURN_IF_ERROR(file.ReadAt(superblock.catalogue_offset, bytes));
  }
  if (CatalogueCrc(bytes) != superblock.catalogue_crc32) return std::optional<Catalogue>();
  Result<Catalogue> decoded = DecodeCatalogue(bytes);
  if (!decoded.ok()) return std::optional<Catalogue>();
  return std::optional<Catalogue>(std::move(decoded).value());
}

// Slots of every legal size begin at multiples of the smallest one, so one pass finds any header.
Result<bool> FindByChunkHeaders(File& file, ContainerSurvey& survey) {
  std::map<std::pair<uint64_t, uint64_t>, int> votes;  // (container, chunk size)
  std::array<std::byte, sizeof(ChunkHeader)> bytes;
  for (uint64_t at = kExtentSizeBytes; at < survey.file_size; at += kChunkSizeMin) {
    XTDB_RETURN_IF_ERROR(ReadUpToEnd(file, survey.file_size, at, bytes));
    const Result<ChunkHeader> header = DecodeChunkHeader(bytes);
    if (!header.ok()) continue;
    const uint64_t size = header.value().chunk_size_bytes;
    if (at != kExtentSizeBytes + header.value().slot * size) continue;
    ++votes[{ContainerIdOf(header.value().container_uuid), size}];
  }
  int most = 0;
  for (const auto& [what, count] : votes) {
    if (count <= most) continue;
    most = count;
    survey.container_id = what.first;
    survey.chunk_size_bytes = what.second;
  }
  return most != 0;
}

struct SeenHead {
  uint64_t offset;
  BlockHead head;
};

// How many of `heads` stand where a container of that chunk size could have them, as chunks that do
// not share a slot.
size_t CountFitting(const std::vector<SeenHead>& heads, uint64_t container_id,
                    const LayoutCalculator& layout) {
  std::map<std::pair<uint64_t, uint64_t>, size_t> counts;  // (sequence, slot)
  for (const SeenHead& seen : heads) {
    if (seen.head.container_id != container_id) continue;
    const uint64_t slot = (seen.offset - kExtentSizeBytes) / layout.chunk_size_bytes();
    const ChunkLayout place = layout.Layout(static_cast<uint32_t>(slot));
    if (seen.offset < place.data_offset) continue;
    if (seen.offset + seen.head.extents * kExtentSizeBytes > place.end_offset) continue;
    ++counts[{seen.head.chunk_sequence, slot}];
  }
  std::map<uint64_t, size_t> best;  // a chunk has one slot
  for (const auto& [key, count] : counts) best[key.first] = std::max(best[key.first], count);
  size_t total = 0;
  for (const auto& [sequence, count] : best) total += count;
  return total;
}

Status FindByBlocks(File& file, ContainerSurvey& survey) {
  std::vector<SeenHead> heads;
  std::map<uint64_t, int> ids;
  std::array<std::byte, sizeof(BlockHead)> bytes;
  for (uint64_t at = kExtentSizeBytes; at < survey.file_size; at += kExtentSizeBytes) {
    XTDB_RETURN_IF_ERROR(ReadUpToEnd(file, survey.file_size, at, bytes));
    const Result<BlockHead> head = DecodeStruct<BlockHead>(bytes, "block head");
    if (!head.ok() || head.value().magic != kBlockMagic) continue;
    heads.push_back({at, head.value()});
    ++ids[head.value().container_id];
  }
  if (heads.empty()) return Status();
  survey.container_id = std::max_element(ids.begin(), ids.end(), [](const auto& a, const auto& b) {
                          return a.second < b.second;
                        })->first;
  size_t most = 0;
  for (uint64_t size = kChunkSizeMin; size <= kChunkSizeMax; size *= 2) {
    XTDB_ASSIGN_OR_RETURN(const LayoutCalculator layout, LayoutCalculator::Create(size));
    const size_t fitting = CountFitting(heads, survey.container_id, layout);
    if (fitting <= most) continue;
    most = fitting;
    survey.chunk_size_bytes = size;
  }
  return Status();
}

Status ReadSuperblocks(File& file, std::span<const std::byte> extent, ContainerSurvey& survey) {
  std::vector<Superblock> intact;
  for (size_t copy = 0; copy < 2; ++copy) {
    const Result<Superblock> superblock =
        DecodeSuperblock(extent.subspan(kSuperblockOffsets[copy], kSuperblockSizeBytes));
    if (superblock.ok()) {
      intact.push_back(superblock.value());
    } else {
      survey.notes.push_back("superblock copy " + std::to_string(copy) + ": " +
                             std::string(superblock.status().message()));
    }
  }
  std::sort(intact.begin(), intact.end(),
            [](const Superblock& a, const Superblock& b) { return a.sequence > b.sequence; });
  survey.superblocks_intact = static_cast<int>(intact.size());
  survey.catalogue_lost = intact.empty();
  for (const Superblock& superblock : intact) {
    if (!survey.superblock) survey.superblock = superblock;
    XTDB_ASSIGN_OR_RETURN(survey.catalogue, ReadCatalogue(file, survey.file_size, superblock));
    if (survey.catalogue) break;
    survey.catalogue_lost = true;
    survey.notes.push_back("catalogue of superblock " + std::to_string(superblock.sequence) +
                           ": damaged");
  }
  return Status();
}

}  // namespace

Result<ContainerSurvey> SurveyContainer(File& file) {
  ContainerSurvey survey;
  XTDB_ASSIGN_OR_RETURN(survey.file_size, file.Size());
  std::vector<std::byte> extent(kExtentSizeBytes);
  XTDB_RETURN_IF_ERROR(ReadUpToEnd(file, survey.file_size, 0, extent));
  XTDB_RETURN_IF_ERROR(ReadSuperblocks(file, extent, survey));
  const Result<ContainerHeader> header = DecodeContainerHeader(extent);
  if (header.ok()) {
    survey.header_intact = true;
    survey.container_id = ContainerIdOf(header.value().uuid);
    survey.chunk_size_bytes = header.value().chunk_size_bytes;
    return survey;
  }
  // Made by a newer build, whose blocks may mean something else.
  if (header.status().code() == StatusCode::kUnsupported) return header.status();
  survey.notes.push_back("container header: " + std::string(header.status().message()));
  XTDB_ASSIGN_OR_RETURN(const bool found, FindByChunkHeaders(file, survey));
  if (!found) XTDB_RETURN_IF_ERROR(FindByBlocks(file, survey));
  return survey;
}

}  // namespace xtdb
