// Backs up a store that the input has damaged (ForgeStore says how): there is an error and no file,
// or a copy that opens, holds what the source shows, and passes its check.

#include "engine/backup/container_backup.h"
#include "tests/fuzz/forged_store.h"
#include "tests/support/fake_clock.h"

namespace xtdb {
namespace {

constexpr const char* kCopy = "/copy.xtdb";

void CheckCopy(FaultyFileSystem& fs, Clock& clock, StorageEngine& source) {
  const auto copy = StorageEngine::Open(fs, clock, kCopy, EngineOptions());
  Must(copy.status());
  const auto copied = ReadAll(*copy.value());
  Must(copied.status());
  const auto points = ReadAll(source);
  if (points.ok() && points.value() != copied.value()) __builtin_trap();
  const auto checked = copy.value()->Check();
  Must(checked.status());
  if (!checked.value().problems.empty()) __builtin_trap();
  Must(copy.value()->Close());
}

}  // namespace
}  // namespace xtdb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  if (size == 0) return 0;
  const auto fs = ForgeStore({data, size});
  FakeClock clock;
  EngineOptions options = ForgedOptions();
  options.read_only = (data[0] & 0x80) != 0;
  const auto opened = StorageEngine::Open(*fs, clock, kForgedPath, options);
  if (!opened.ok()) return 0;
  const auto report = ContainerBackup(*fs, *opened.value()).Run(kCopy, 0);
  if (report.ok()) {
    CheckCopy(*fs, clock, *opened.value());
  } else if (report.status().message().empty() || fs->Exists(kCopy)) {
    __builtin_trap();
  }
  if (fs->Exists("/copy.xtdb.partial")) __builtin_trap();
  IgnoreStatus(opened.value()->Close(), "damage may show here, too");
  return 0;
}
