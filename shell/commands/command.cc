#include "shell/commands/command.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/io/clock.h"
#include "engine/io/file_system.h"
#include "vtab/engine_registry.h"
#include "vtab/text/interval_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

constexpr int64_t kDayUs = int64_t{86'400} * 1'000'000;

Result<int64_t> ParseDurationUs(const std::string& text) {
  XTDB_ASSIGN_OR_RETURN(const Interval interval, ParseInterval(text));
  int64_t days = 0, day_us = 0, us = 0;
  if (__builtin_mul_overflow(int64_t{interval.months}, 30, &days) ||
      __builtin_add_overflow(days, int64_t{interval.days}, &days) ||
      __builtin_mul_overflow(days, kDayUs, &day_us) ||
      __builtin_add_overflow(day_us, interval.us, &us)) {
    return Status::InvalidArgument("too long");
  }
  if (us <= 0) return Status::InvalidArgument("a duration is longer than zero");
  return us;
}

}  // namespace

CLI::Option* AddDurationOption(CLI::App& app, const std::string& name, int64_t& duration_us,
                               const std::string& description) {
  const auto parse = [&duration_us, name](const std::string& text) {
    const Result<int64_t> parsed = ParseDurationUs(text);
    if (!parsed.ok()) throw CLI::ValidationError(name, std::string(parsed.status().message()));
    duration_us = parsed.value();
  };
  return app.add_option_function<std::string>(name, parse, description)->type_name("DURATION");
}

CLI::Option* AddTimeOption(CLI::App& app, const std::string& name,
                           const std::function<void(int64_t)>& set,
                           const std::string& description) {
  const auto parse = [set, name](const std::string& text) {
    const Result<int64_t> parsed = ParseTimestamp(text, SystemClock().NowUs());
    if (!parsed.ok()) throw CLI::ValidationError(name, std::string(parsed.status().message()));
    set(std::clamp(parsed.value(), kTsMin, kTsMax + 1));
  };
  return app.add_option_function<std::string>(name, parse, description)->type_name("TIME");
}

Result<ExitCode> OrNothingDone(Result<ExitCode> done, const Terminal& terminal) {
  if (done.ok()) return done;
  fmt::print(terminal.err, "xtdb: {}\n", done.status().message());
  return ExitCode::kNothingDone;
}

Result<std::shared_ptr<StorageEngine>> OpenForWriting(const std::string& path) {
  return StorageEngine::Open(ContainerFiles(), SystemClock(), path, EngineOptions());
}

Result<std::shared_ptr<StorageEngine>> OpenExisting(const std::string& path) {
  EngineOptions options;
  options.must_exist = true;
  return StorageEngine::Open(ContainerFiles(), SystemClock(), path, options);
}

Result<std::shared_ptr<StorageEngine>> OpenForReading(const std::string& path) {
  EngineOptions options;
  options.read_only = true;
  options.must_exist = true;
  return StorageEngine::Open(ContainerFiles(), SystemClock(), path, options);
}

}  // namespace xtdb
