// Opens a store that the input has damaged: ForgeStore says how. Whatever it says, the engine reads
// what it can, finds the damage or refuses the file, and writes only where nothing is in doubt.

#include "tests/fuzz/forged_store.h"
#include "tests/support/fake_clock.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  if (size == 0) return 0;
  const auto fs = ForgeStore({data, size});
  FakeClock clock;
  auto opened = StorageEngine::Open(*fs, clock, kForgedPath, ForgedOptions());
  if (!opened.ok()) return 0;
  StorageEngine& engine = *opened.value();
  const auto points = ReadAll(engine);
  IgnoreStatus(engine.Check().status(), "whatever it finds");
  const Status written = engine.WritePoint("new", 1, Value::Integer(1), kQualityGood);
  // What was not damaged beyond that is there afterwards.
  if (written.ok() && !ReadAll(engine).ok() && points.ok()) __builtin_trap();
  IgnoreStatus(engine.Close(), "damage may show here, too");
  return 0;
}
