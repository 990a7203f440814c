// Writes the input over the shared memory of a store: one that nobody has open (left by a crash, or
// put there), or one that another process is using.
//   byte 0: bit 0: another process has the store open; bit 1: it has an open transaction; bit 2:
//           open read-only; bit 3: forge LSNs right behind `durable`, with its check
//   then steps: what, how, value (8 bytes)
// At worst there is an error. What one reads was written, and reading and recovering lose nothing.

#include <algorithm>
#include <cstring>

#include "engine/format/shm_format.h"
#include "engine/process/shared_memory.h"
#include "tests/fuzz/forged_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/simulated_process.h"

namespace xtdb {
namespace {

constexpr size_t kStepBytes = 10;
constexpr size_t kWords = sizeof(ShmWords) / sizeof(uint64_t);

struct Process {
  explicit Process(FileSystem& files) : fs(files) {}
  Status Open(const EngineOptions& options) {
    XTDB_ASSIGN_OR_RETURN(engine, StorageEngine::Open(fs, clock, kForgedPath, options));
    return Status();
  }
  SimulatedProcess fs;
  FakeClock clock;
  std::shared_ptr<StorageEngine> engine;
  std::unique_ptr<Transaction> transaction;
};

std::span<uint64_t> Words(SharedMapping& mapping) {
  const std::span<std::byte> bytes = mapping.bytes();
  return {reinterpret_cast<uint64_t*>(bytes.data()), bytes.size() / sizeof(uint64_t)};
}

// The word that a step means: of the header, of the words, or of a slot in use or the first ones.
uint64_t& Target(std::span<uint64_t> all, uint8_t what) {
  constexpr size_t kFirstWord = offsetof(ShmHeader, words) / sizeof(uint64_t);
  constexpr size_t kSlots = kShmSlotsOffset / sizeof(uint64_t);
  constexpr size_t kSlotWords = sizeof(ShmSlot) / sizeof(uint64_t);
  if (what < 96) return all[kFirstWord + what % kWords];
  if (what < 128) return all[what % kFirstWord];
  if (what >= 192) return all[kSlots + what % (4 * kSlotWords)];
  for (size_t slot = kSlots; slot < all.size(); slot += kSlotWords) {
    if (all[slot] != 0) return all[slot + what % kSlotWords];
  }
  return all[kSlots + what % kSlotWords];
}

void Forge(SharedMapping& mapping, std::span<const uint8_t> steps) {
  const std::span<uint64_t> all = Words(mapping);
  for (; steps.size() >= kStepBytes; steps = steps.subspan(kStepBytes)) {
    uint64_t value = 0;
    std::memcpy(&value, &steps[2], sizeof(value));
    uint64_t& target = Target(all, steps[0]);
    switch (steps[1] % 5) {
      case 0:
        target = value;
        break;
      case 1:
        target += value;
        break;
      case 2:
        target = Target(all, steps[2]) + steps[3];
        break;
      case 3:
        target ^= uint64_t{1} << (value % 64);
        break;
      default:
        target = (value & 1) != 0 ? kMaxLsn : kCheckpointLsnMax;
    }
  }
}

bool IsPartOf(const TestPoints& part, const TestPoints& whole) {
  return std::ranges::all_of(part, [&](const auto& point) {
    const auto found = whole.find(point.first);
    return found != whole.end() && found->second == point.second;
  });
}

// What stands in container and log, without any shared memory.
void CheckNothingLost(const FaultyFileSystem& fs, const TestPoints& committed) {
  const auto clone = fs.Clone();
  if (clone->Exists(kForgedShm)) Must(clone->Remove(kForgedShm));
  FakeClock clock;
  const auto opened = StorageEngine::Open(*clone, clock, kForgedPath, ForgedOptions());
  Must(opened.status());
  const auto points = ReadAll(*opened.value());
  Must(points.status());
  if (points.value() != committed) __builtin_trap();
}

void Write(Process& process, int64_t ts) {
  if (process.engine == nullptr) return;
  IgnoreStatus(process.engine->WritePoint("integer", ts, Value::Integer(ts * 3), kQualityGood),
               "others may hold the lock, and the memory may say that something is wrong");
}

void CheckReads(Process& process, const TestPoints& written) {
  if (process.engine == nullptr) return;
  const auto points = ReadAll(*process.engine);
  if (points.ok() && !IsPartOf(points.value(), written)) __builtin_trap();
  if (!points.ok() && points.status().message().empty()) __builtin_trap();
  process.engine->Stats();
}

std::unique_ptr<SharedMapping> Map(FaultyFileSystem& fs) {
  auto mapping = fs.MapShared(kForgedShm, kShmSizeBytes, OpenMode::kOpenOrCreate);
  Must(mapping.status());
  return std::move(mapping).value();
}

void ForgeDurable(FaultyFileSystem& fs) {
  const auto container = fs.Open(kForgedPath, OpenMode::kReadWrite);
  Must(container.status());
  const auto shared = SharedMemory::Open(fs, kForgedShm, *container.value(), false);
  Must(shared.status());
  shared.value()->SetDurable(shared.value()->durable());
}

void Run(std::span<const uint8_t> input) {
  const TestPoints& committed = TheSoundStores().points;
  const auto fs = TheSoundStores().unclosed->Clone();
  ForbidHugeFiles(*fs);
  Process first(*fs);
  Process second(*fs);
  if ((input[0] & 1) != 0) {
    Must(first.Open(ForgedOptions()));
    if (!ReadAll(*first.engine).ok()) __builtin_trap();
  }
  if ((input[0] & 3) == 3) {
    auto begun = first.engine->Begin(0);
    Must(begun.status());
    first.transaction = std::move(begun).value();
  }
  Forge(*Map(*fs), input.subspan(1));
  if ((input[0] & 8) != 0) ForgeDurable(*fs);

  EngineOptions options = ForgedOptions();
  options.read_only = (input[0] & 4) != 0;
  const Status opened = second.Open(options);
  if (!opened.ok() && opened.message().empty()) __builtin_trap();
  CheckReads(second, committed);
  CheckReads(first, committed);
  CheckNothingLost(*fs, committed);

  TestPoints written = committed;
  first.transaction = nullptr;
  for (const int64_t ts : {1000, 1001, 1002}) {
    written[{"integer", ts}] = {ValueType::kInt64, static_cast<ValueBits>(ts * 3), "",
                                kQualityGood};
    Write(ts % 2 == 0 ? second : first, ts);
    CheckReads(first, written);
    CheckReads(second, written);
  }
  for (Process* process : {&second, &first}) {
    if (process->engine == nullptr) continue;
    IgnoreStatus(process->engine->Flush(0), "as for a write");
    IgnoreStatus(process->engine->Close(), "as for a write");
  }
  FakeClock clock;
  const auto reopened = StorageEngine::Open(*fs, clock, kForgedPath, ForgedOptions());
  if (!reopened.ok()) return;
  const auto points = ReadAll(*reopened.value());
  if (points.ok() && !IsPartOf(points.value(), written)) __builtin_trap();
}

}  // namespace
}  // namespace xtdb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size != 0) xtdb::Run({data, size});
  return 0;
}
