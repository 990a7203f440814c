#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/catalog/catalogue_format.h"
#include "engine/format/container_format.h"
#include "engine/io/file_system.h"

namespace xtdb {

// What can be told of a container from whatever of its first extent, catalogues and chunk headers
// is intact.
struct ContainerSurvey {
  uint64_t file_size = 0;
  uint64_t container_id = 0;
  uint64_t chunk_size_bytes = 0;  // 0: nothing tells it
  bool header_intact = false;
  int superblocks_intact = 0;
  std::optional<Superblock> superblock;  // the newest intact one
  std::optional<Catalogue> catalogue;    // of the newest superblock whose catalogue is intact
  bool catalogue_lost = false;           // there was one, and the newest is not to be read
  std::vector<std::string> notes;        // what is damaged
};

// kIoError, or kUnsupported for a newer format; damage makes fields empty. Where the header is
// damaged, the chunk size is that of the chunk headers that stand at the slots of a legal size,
// else the size at whose slots the most blocks stand.
Result<ContainerSurvey> SurveyContainer(File& file);

}  // namespace xtdb
