#include "tests/support/sparse_bytes.h"

#include <algorithm>
#include <cstring>

namespace xtdb {
namespace {

// Calls body(page, offset in the page, length) for each page that [offset, offset + length) meets.
template <typename Body>
void ForEachPage(uint64_t offset, uint64_t length, Body&& body) {
  while (length > 0) {
    const uint64_t within = offset % SparseBytes::kPageBytes;
    const uint64_t step = std::min(length, SparseBytes::kPageBytes - within);
    body(offset / SparseBytes::kPageBytes, within, step);
    offset += step;
    length -= step;
  }
}

}  // namespace

const std::shared_ptr<SparseBytes::Page>& SparseBytes::ZeroPage() {
  static const auto page = std::make_shared<Page>();
  return page;
}

const std::shared_ptr<SparseBytes::Page>* SparseBytes::Find(uint64_t page) const {
  const auto leaf = leaves_.find(page / kPagesPerLeaf);
  if (leaf == leaves_.end()) return nullptr;
  const std::shared_ptr<Page>& slot = (*leaf->second)[page % kPagesPerLeaf];
  return slot == nullptr ? nullptr : &slot;
}

std::shared_ptr<SparseBytes::Page>& SparseBytes::Slot(uint64_t page) {
  std::shared_ptr<Leaf>& leaf = leaves_[page / kPagesPerLeaf];
  if (leaf == nullptr) {
    leaf = std::make_shared<Leaf>();
  } else if (leaf.use_count() > 1) {
    leaf = std::make_shared<Leaf>(*leaf);
  }
  return (*leaf)[page % kPagesPerLeaf];
}

SparseBytes::Page& SparseBytes::Writable(uint64_t page) {
  std::shared_ptr<Page>& slot = Slot(page);
  if (slot == nullptr) {
    slot = std::make_shared<Page>();
    ++pages_;
  } else if (slot.use_count() > 1) {
    slot = std::make_shared<Page>(*slot);
  }
  return *slot;
}

void SparseBytes::Drop(uint64_t page) {
  if (Find(page) == nullptr) return;
  Slot(page).reset();
  --pages_;
}

uint64_t SparseBytes::BytesToAllocate(uint64_t offset, uint64_t length) const {
  uint64_t bytes = 0;
  ForEachPage(offset, length, [&](uint64_t page, uint64_t, uint64_t) {
    if (Find(page) == nullptr) bytes += kPageBytes;
  });
  return bytes;
}

void SparseBytes::Read(uint64_t offset, std::span<std::byte> out) const {
  std::byte* to = out.data();
  ForEachPage(offset, out.size(), [&](uint64_t page, uint64_t within, uint64_t length) {
    if (const std::shared_ptr<Page>* found = Find(page)) {
      std::memcpy(to, (*found)->data() + within, length);
    } else {
      std::memset(to, 0, length);
    }
    to += length;
  });
}

void SparseBytes::Write(uint64_t offset, std::span<const std::byte> in) {
  const std::byte* from = in.data();
  ForEachPage(offset, in.size(), [&](uint64_t page, uint64_t within, uint64_t length) {
    std::memcpy(Writable(page).data() + within, from, length);
    from += length;
  });
  if (!in.empty()) size_ = std::max(size_, offset + in.size());
}

void SparseBytes::Allocate(uint64_t offset, uint64_t length) {
  ForEachPage(offset, length, [&](uint64_t page, uint64_t, uint64_t) {
    if (Find(page) != nullptr) return;
    Slot(page) = ZeroPage();
    ++pages_;
  });
  if (length > 0) size_ = std::max(size_, offset + length);
}

void SparseBytes::Punch(uint64_t offset, uint64_t length) {
  ForEachPage(offset, length, [&](uint64_t page, uint64_t within, uint64_t part) {
    if (part == kPageBytes) {
      Drop(page);
    } else if (Find(page) != nullptr) {
      std::memset(Writable(page).data() + within, 0, part);
    }
  });
}

void SparseBytes::Truncate(uint64_t size_bytes) {
  if (size_bytes < size_) {
    const uint64_t first_gone = (size_bytes + kPageBytes - 1) / kPageBytes;
    Punch(size_bytes, first_gone * kPageBytes - size_bytes);
    // From leaves, not from the range: a sparse file may be far larger than its pages.
    for (auto leaf = leaves_.lower_bound(first_gone / kPagesPerLeaf); leaf != leaves_.end();) {
      const uint64_t begin = leaf->first * kPagesPerLeaf;
      ++leaf;  // Drop leaves the node in place
      for (uint64_t page = std::max(begin, first_gone); page < begin + kPagesPerLeaf; ++page) {
        Drop(page);
      }
    }
    leaves_.erase(leaves_.lower_bound((first_gone + kPagesPerLeaf - 1) / kPagesPerLeaf),
                  leaves_.end());
  }
  size_ = size_bytes;
}

}  // namespace xtdb
