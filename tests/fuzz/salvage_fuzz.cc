// Salvages a store that the input has damaged (ForgeStore says how): there is an error and no file,
// or a sound container with as many points as the report says. Where no checksum was forged, each
// of them is one that was written.

#include <algorithm>

#include "engine/salvage/salvager.h"
#include "tests/fuzz/forged_store.h"
#include "tests/support/fake_clock.h"

namespace xtdb {
namespace {

constexpr const char* kSaved = "/saved.xtdb";

// A tag whose name is lost has its number for a name.
bool WasWritten(const std::pair<const std::pair<std::string, int64_t>, TestPoint>& saved) {
  const std::string& tag = saved.first.first;
  return std::ranges::any_of(TheSoundStores().points, [&](const auto& written) {
    const bool same_tag = written.first.first == tag || tag.starts_with("tag_");
    return same_tag && written.first.second == saved.first.second && written.second == saved.second;
  });
}

void CheckSaved(FaultyFileSystem& fs, Clock& clock, const SalvageReport& report, bool is_patched) {
  const auto saved = StorageEngine::Open(fs, clock, kSaved, EngineOptions());
  Must(saved.status());
  const auto points = ReadAll(*saved.value());
  Must(points.status());
  if (points.value().size() != report.points) __builtin_trap();
  const auto checked = saved.value()->Check();
  Must(checked.status());
  if (!checked.value().problems.empty()) __builtin_trap();
  if (!is_patched && !std::ranges::all_of(points.value(), WasWritten)) __builtin_trap();
  Must(saved.value()->Close());
}

// The input is only read.
void ForbidChanges(FaultyFileSystem& fs) {
  const auto check = [](const OperationRecord& record) {
    const bool opens = record.kind == FileOperation::kOpen;
    if (!opens && (record.path == kForgedPath || record.path == kForgedLog)) __builtin_trap();
  };
  fs.SetHook(check, kMutations);
}

}  // namespace
}  // namespace xtdb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  if (size == 0) return 0;
  const auto fs = ForgeStore({data, size});
  FakeClock clock;
  ForbidChanges(*fs);
  const auto report = Salvager(*fs, clock, ForgedOptions()).Run(kForgedPath, kSaved);
  ForbidHugeFiles(*fs);
  if (report.ok()) {
    CheckSaved(*fs, clock, report.value(), IsPatched({data, size}));
  } else if (report.status().message().empty()) {
    __builtin_trap();
  }
  for (const char* path : {kSaved, "/saved.xtdb.partial", "/saved.xtdb.partial-wal"}) {
    if (fs->Exists(path) != (report.ok() && path == kSaved)) __builtin_trap();
  }
  return 0;
}
