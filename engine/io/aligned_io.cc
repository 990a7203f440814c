#include "engine/io/aligned_io.h"

#include <cstdlib>
#include <cstring>

namespace xtdb {
namespace {

size_t RoundUpToExtent(size_t size_bytes) {
  return (size_bytes + kExtentSizeBytes - 1) / kExtentSizeBytes * kExtentSizeBytes;
}

bool IsAligned(uint64_t offset, const std::byte* data, size_t size) {
  return offset % kExtentSizeBytes == 0 && size % kExtentSizeBytes == 0 &&
         reinterpret_cast<uintptr_t>(data) % kExtentSizeBytes == 0;
}

}  // namespace

AlignedBuffer::AlignedBuffer(size_t size_bytes) : size_(RoundUpToExtent(size_bytes)) {
  // aligned_alloc(0) may give a null pointer; one extent keeps data() valid, and size() says 0.
  const size_t taken = size_ == 0 ? kExtentSizeBytes : size_;
  data_.reset(static_cast<std::byte*>(std::aligned_alloc(kExtentSizeBytes, taken)));
  if (data_ == nullptr) throw std::bad_alloc();
  std::memset(data_.get(), 0, taken);
}

void AlignedBuffer::Free::operator()(std::byte* data) const { std::free(data); }

Status AlignedIO::ReadAt(uint64_t offset, std::span<std::byte> out) {
  XTDB_CHECK(IsAligned(offset, out.data(), out.size()));
  return file_.ReadAt(offset, out);
}

Status AlignedIO::WriteAt(uint64_t offset, std::span<const std::byte> in) {
  XTDB_CHECK(IsAligned(offset, in.data(), in.size()));
  return file_.WriteAt(offset, in);
}

Status AlignedIO::WriteVAt(uint64_t offset, std::span<const std::span<const std::byte>> parts) {
  for (const std::span<const std::byte> part : parts) {
    XTDB_CHECK(IsAligned(offset, part.data(), part.size()));
  }
  return file_.WriteVAt(offset, parts);
}

}  // namespace xtdb
