#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/block/encoded_block.h"
#include "engine/codec/vector_codec.h"

namespace xtdb {

// A tag's points, encoded.
struct EncodedTag {
  std::vector<EncodedBlock> blocks;
  std::vector<EncodedVector> rest;  // too little for an extent of its own: for a MIXED block
};

struct BlockOptions {
  CodecOptions codec;
  uint32_t block_extents = 16;  // of the largest block
  // Keep what would leave most of its last extent empty for a MIXED block. False: everything is in
  // blocks of the tag.
  bool spares_rest = false;
};

// Encodes a tag's points and fills blocks with as many vectors as fit; a text that needs more than
// the largest has a block of as many extents as it takes. The last block takes the extents it uses.
//   columns: sorted, ts strictly increasing, size() > 0; tombstones included
// A pure function, so that different tags can be encoded in parallel.
Result<EncodedTag> EncodeTag(TagId tag_id, const PointColumns& columns, LSN through_lsn,
                             const BlockOptions& options);

}  // namespace xtdb
