#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "shell/commands/command.h"
#include "shell/commands/import_command.h"
#include "tests/shell/captured_terminal.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {

inline constexpr int64_t kNewYearUs = 1'767'225'600'000'000;  // 2026-01-01
inline constexpr int64_t kHourUs = 3'600'000'000;

// Imports texts into a container, and looks at what is in it then.
class ImportFormatsTest : public testing::Test {
 protected:
  ImportFormatsTest() { options_.container = folder_ / "plant.xtdb"; }

  Status Import(const std::string& text, const std::string& name = "a.csv") {
    WriteText(folder_ / name, text);
    options_.files = {folder_ / name};
    return RunImport(
        options_, clock_, [] { return false; }, captured_.terminal());
  }
  TestPoints Points() {
    const Result<std::shared_ptr<StorageEngine>> engine = OpenForReading(options_.container);
    EXPECT_OK(engine);
    Result<TestPoints> points = ReadAll(*engine.value());
    EXPECT_OK(points);
    return std::move(points).value();
  }
  TagDefinition Definition(const std::string& tag) {
    const Result<std::shared_ptr<StorageEngine>> engine = OpenForReading(options_.container);
    EXPECT_OK(engine);
    const TagPtr found = engine.value()->tags()->Find(tag);
    return found == nullptr ? TagDefinition() : *found;
  }
  static TestPoint Integer(int64_t value, Quality quality = kQualityGood) {
    return {ValueType::kInt64, FromInt64(value), "", quality};
  }
  static TestPoint Real(double value, Quality quality = kQualityGood) {
    return {ValueType::kFloat64, FromDouble(value), "", quality};
  }

  const TemporaryDirectory folder_;
  FakeClock clock_;
  CapturedTerminal captured_;
  ImportOptions options_;
};

}  // namespace xtdb
