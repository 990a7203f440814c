#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <span>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/io/file_system.h"

namespace xtdb {

// A zeroed, extent-aligned buffer of whole extents: what AlignedIO reads into and writes from.
class AlignedBuffer {
 public:
  explicit AlignedBuffer(size_t size_bytes);  // rounded up to whole extents
  std::span<std::byte> span() { return {data_.get(), size_}; }
  std::span<const std::byte> span() const { return {data_.get(), size_}; }
  size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* data) const;
  };
  size_t size_;
  std::unique_ptr<std::byte[], Free> data_;
};

// One open file of extents. Offsets and sizes: bytes, multiples of kExtentSizeBytes; buffers
// aligned likewise (XTDB_CHECKed: a misaligned write would share an extent with somebody else's
// bytes).
//
// Ownership: borrows `file`.
// Threads:   as File.
class AlignedIO {
 public:
  explicit AlignedIO(File& file) : file_(file) {}
  Status ReadAt(uint64_t offset, std::span<std::byte> out);
  Status WriteAt(uint64_t offset, std::span<const std::byte> in);
  // As one WriteAt of `parts`, each behind the one before it.
  Status WriteVAt(uint64_t offset, std::span<const std::span<const std::byte>> parts);
  Status Sync() { return file_.Sync(); }

 private:
  File& file_;
};

}  // namespace xtdb
