#include "engine/codec/zstd_frame.h"

#define ZSTD_STATIC_LINKING_ONLY  // the library is linked statically
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <new>

#include "engine/base/status.h"

namespace xtdb {
namespace {

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

void SetParameter(ZSTD_CCtx* context, ZSTD_cParameter parameter, int value) {
  XTDB_CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value)));
}

std::unique_ptr<ZSTD_CCtx, FreeContext> MakeCompressor() {
  std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (context == nullptr) throw std::bad_alloc();
  SetParameter(context.get(), ZSTD_c_format, ZSTD_f_zstd1_magicless);
  SetParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
  SetParameter(context.get(), ZSTD_c_checksumFlag, 0);
  return context;
}

std::unique_ptr<ZSTD_DCtx, FreeContext> MakeDecompressor() {
  std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (context == nullptr) throw std::bad_alloc();
  XTDB_CHECK(
      !ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_format, ZSTD_f_zstd1_magicless)));
  return context;
}

}  // namespace

size_t TryAppendFrame(std::span<const std::byte> content, int level, size_t size_max,
                      std::vector<std::byte>& out) {
  thread_local const auto context = MakeCompressor();
  SetParameter(context.get(), ZSTD_c_compressionLevel, level);
  const size_t start = out.size();
  // No more room than a frame that is taken can need: zstd gives up where that ends.
  const size_t room = std::min(size_max, ZSTD_compressBound(content.size()));
  out.resize(start + room);
  const size_t bytes =
      ZSTD_compress2(context.get(), out.data() + start, room, content.data(), content.size());
  if (ZSTD_isError(bytes) || bytes >= size_max) {
    out.resize(start);
    return 0;
  }
  out.resize(start + bytes);
  return bytes;
}

bool ReadFrame(std::span<const std::byte> frame, std::span<std::byte> content) {
  thread_local const auto context = MakeDecompressor();
  const size_t bytes = ZSTD_decompressDCtx(context.get(), content.data(), content.size(),
                                           frame.data(), frame.size());
  return !ZSTD_isError(bytes) && bytes == content.size();
}

}  // namespace xtdb
