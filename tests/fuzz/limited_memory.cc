// Ends the program where a decoder asks for more memory than its small input can justify.

#include <cstdlib>
#include <new>

namespace {

// Buffers of the log take some MiB, a container's budget up to 64 MiB.
constexpr size_t kAllocationMax = size_t{256} << 20;

void* Take(size_t size) {
  if (size > kAllocationMax) __builtin_trap();
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(size_t size) { return Take(size); }
void* operator new[](size_t size) { return Take(size); }
// std::stable_sort asks this way.
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Take(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
