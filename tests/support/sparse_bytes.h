#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>

namespace xtdb {

// The bytes of one file in memory. Pages that were never written or allocated take nothing and read
// as zeros; copies share pages until one side writes, so a copy costs a node for each mebibyte.
// Threads: as a standard container.
class SparseBytes {
 public:
  static constexpr uint64_t kPageBytes = 4096;

  uint64_t size() const { return size_; }
  uint64_t allocated_bytes() const { return pages_ * kPageBytes; }
  // Bytes that a write or an allocation of the range would take beyond allocated_bytes().
  uint64_t BytesToAllocate(uint64_t offset, uint64_t length) const;

  // Copies [offset, offset + out.size()); bytes beyond size() are zeros.
  void Read(uint64_t offset, std::span<std::byte> out) const;
  void Write(uint64_t offset, std::span<const std::byte> in);
  void Allocate(uint64_t offset, uint64_t length);
  void Punch(uint64_t offset, uint64_t length);
  void Truncate(uint64_t size_bytes);

 private:
  using Page = std::array<std::byte, kPageBytes>;
  static constexpr uint64_t kPagesPerLeaf = 256;
  using Leaf = std::array<std::shared_ptr<Page>, kPagesPerLeaf>;

  static const std::shared_ptr<Page>& ZeroPage();
  const std::shared_ptr<Page>* Find(uint64_t page) const;
  std::shared_ptr<Page>& Slot(uint64_t page);  // of a leaf that this object alone owns
  Page& Writable(uint64_t page);               // allocated, and owned by this object alone
  void Drop(uint64_t page);

  uint64_t size_ = 0;
  uint64_t pages_ = 0;
  std::map<uint64_t, std::shared_ptr<Leaf>> leaves_;
};

}  // namespace xtdb
