#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/storage_engine.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "vtab/command.h"

namespace {

// A store of which every transaction is undone.
class Store {
 public:
  Store() {
    auto opened = xtdb::StorageEngine::Open(fs_, clock_, "/plant.xtdb", xtdb::EngineOptions());
    if (!opened.ok()) __builtin_trap();
    engine_ = std::move(opened).value();
  }
  xtdb::Status Run(std::string_view command) {
    const auto begun = engine_->Begin(0);
    if (!begun.ok()) __builtin_trap();
    xtdb::Status first = xtdb::RunCommand(*begun.value(), command);
    // A definition that was taken is taken again.
    if (first.ok() && !xtdb::RunCommand(*begun.value(), command).ok()) __builtin_trap();
    return first;
  }

 private:
  xtdb::FaultyFileSystem fs_;
  xtdb::FakeClock clock_;
  std::shared_ptr<xtdb::StorageEngine> engine_;
};

}  // namespace

// Any text is a command, whose own text reads back as the same, or an error of bounded size.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Store store;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto command = xtdb::DefineTagCommand::Parse(text);
  const xtdb::Status run = store.Run(text);
  if (!run.ok() && (run.message().empty() || run.message().size() > 1024)) __builtin_trap();
  if (!command.ok()) {
    if (run.ok() || command.status().message().size() > 1024) __builtin_trap();
    return 0;
  }
  const auto again = xtdb::DefineTagCommand::Parse(command.value().ToText());
  if (!again.ok() || again.value() != command.value()) __builtin_trap();
  return 0;
}
