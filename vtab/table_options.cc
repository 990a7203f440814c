#include "vtab/table_options.h"

#include <algorithm>
#include <iterator>

#include "engine/base/calendar.h"
#include "vtab/text/interval_text.h"
#include "vtab/text/number_text.h"
#include "vtab/text/option_text.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr int64_t kDaysPerMonth = 30;  // as PostgreSQL compares intervals

Result<Synchronous> ParseSynchronous(std::string_view text) {
  if (EqualsIgnoreCase(text, "off") || text == "0") return Synchronous::kOff;
  if (EqualsIgnoreCase(text, "normal") || text == "1") return Synchronous::kNormal;
  if (EqualsIgnoreCase(text, "full") || text == "2") return Synchronous::kFull;
  return Status::InvalidArgument(QuoteForMessage(text) + " is none of off, normal, full");
}

Result<uint32_t> ParseBlockExtents(std::string_view text) {
  XTDB_ASSIGN_OR_RETURN(const uint64_t bytes, ParseSize(text));
  for (const uint32_t extents : {1U, 4U, 16U}) {
    if (bytes == extents * kExtentSizeBytes) return extents;
  }
  return Status::InvalidArgument(QuoteForMessage(text) + " is none of 16K, 64K, 256K");
}

Result<uint64_t> ParseChunkSize(std::string_view text) {
  XTDB_ASSIGN_OR_RETURN(const uint64_t bytes, ParseSize(text));
  if (IsChunkSize(bytes)) return bytes;
  return Status::InvalidArgument(QuoteForMessage(text) + " is not a power of two from 4M to 256M");
}

Result<uint64_t> ParseBuffer(std::string_view text) {
  XTDB_ASSIGN_OR_RETURN(const uint64_t bytes, ParseSize(text));
  if (bytes >= kMiB) return bytes;
  return Status::InvalidArgument(QuoteForMessage(text) + " is less than 1M");
}

Result<uint64_t> ParseMaxBytes(std::string_view text) {
  XTDB_ASSIGN_OR_RETURN(const uint64_t bytes, ParseSize(text));
  if (bytes == 0 || bytes >= kMiB) return bytes;
  return Status::InvalidArgument(QuoteForMessage(text) + " is less than 1M; 0 is no limit");
}

Result<int64_t> ParseRetention(std::string_view text) {
  // Seconds, which hardly anybody means here.
  const std::optional<Number> number = ParseWholeNumber(text);
  if (number && !(number->is_integer && number->integer == 0)) {
    return Status::InvalidArgument(QuoteForMessage(text) +
                                   " has no unit; write '90 days', or 0 for ever");
  }
  XTDB_ASSIGN_OR_RETURN(const Interval interval, ParseInterval(text));
  int64_t us = 0;
  const int64_t days = int64_t{interval.months} * kDaysPerMonth + interval.days;
  if (__builtin_mul_overflow(days, kUsPerDay, &us) ||
      __builtin_add_overflow(us, interval.us, &us) || us < 0) {
    return Status::InvalidArgument(QuoteForMessage(text) +
                                   " is not a time to keep points; write '90 days', or 0 for ever");
  }
  return us;
}

constexpr size_t kThreadsMax = 256;
// What compaction=auto waits for.
constexpr size_t kAutoCompactChunks = 4;

Result<bool> ParseRawCodec(std::string_view text) {
  if (EqualsIgnoreCase(text, "raw")) return true;
  if (EqualsIgnoreCase(text, "auto")) return false;
  return Status::InvalidArgument(QuoteForMessage(text) + " is none of auto, raw");
}

Result<bool> ParseAutoCompaction(std::string_view text) {
  if (EqualsIgnoreCase(text, "auto")) return true;
  if (EqualsIgnoreCase(text, "off")) return false;
  return Status::InvalidArgument(QuoteForMessage(text) + " is none of auto, off");
}

Result<size_t> ParseThreads(std::string_view text) {
  const std::optional<Number> number = ParseWholeNumber(text);
  if (!number || !number->is_integer || number->integer < 1 ||
      number->integer > static_cast<int64_t>(kThreadsMax)) {
    return Status::InvalidArgument(QuoteForMessage(text) + " is not a number of threads, 1 to " +
                                   std::to_string(kThreadsMax));
  }
  return static_cast<size_t>(number->integer);
}

Status Apply(const ModuleArgument& argument, TableOptions& options) {
  const std::string& text = argument.value;
  if (argument.key == "path") {
    options.path = text;
  } else if (argument.key == "synchronous") {
    XTDB_ASSIGN_OR_RETURN(options.synchronous, ParseSynchronous(text));
  } else if (argument.key == "block_size") {
    XTDB_ASSIGN_OR_RETURN(options.storage.block_extents, ParseBlockExtents(text));
  } else if (argument.key == "chunk_size") {
    XTDB_ASSIGN_OR_RETURN(options.storage.chunk_size_bytes, ParseChunkSize(text));
  } else if (argument.key == "buffer") {
    XTDB_ASSIGN_OR_RETURN(options.buffer_bytes, ParseBuffer(text));
  } else if (argument.key == "retention") {
    XTDB_ASSIGN_OR_RETURN(options.storage.retention_us, ParseRetention(text));
  } else if (argument.key == "max_bytes") {
    XTDB_ASSIGN_OR_RETURN(options.storage.max_bytes, ParseMaxBytes(text));
  } else if (argument.key == "codec") {
    XTDB_ASSIGN_OR_RETURN(options.storage.raw_records, ParseRawCodec(text));
  } else if (argument.key == "read_only") {
    XTDB_ASSIGN_OR_RETURN(options.read_only, ParseBool(text));
  } else if (argument.key == "threads") {
    XTDB_ASSIGN_OR_RETURN(options.threads, ParseThreads(text));
  } else if (argument.key == "compaction") {
    XTDB_ASSIGN_OR_RETURN(options.auto_compaction, ParseAutoCompaction(text));
  } else if (argument.key == "atomic_commit") {
    XTDB_ASSIGN_OR_RETURN(options.storage.atomic_commit, ParseBool(text));
  }
  return {};
}

template <typename T, typename Show>
Status CheckSame(std::string_view key, const std::optional<T>& stated, const T& actual, Show show) {
  if (!stated || *stated == actual) return {};
  return Status::InvalidArgument("option " + std::string(key) + ": the table states " +
                                 std::string(show(*stated)) + ", the open container has " +
                                 std::string(show(actual)) + "; leave the option out");
}

std::string ShowBytes(uint64_t bytes) { return std::to_string(bytes); }
std::string_view ShowOnOff(bool on) { return on ? "on" : "off"; }

}  // namespace

std::string_view SynchronousName(Synchronous synchronous) {
  switch (synchronous) {
    case Synchronous::kOff:
      return "off";
    case Synchronous::kNormal:
      return "normal";
    case Synchronous::kFull:
      return "full";
  }
  return "?";
}

EngineOptions TableOptions::ToEngineOptions() const {
  EngineOptions options;
  options.storage = storage;
  options.synchronous = synchronous.value_or(options.synchronous);
  options.buffer_bytes = buffer_bytes.value_or(options.buffer_bytes);
  options.read_only = read_only.value_or(options.read_only);
  options.threads = threads.value_or(options.threads);
  options.compact_chunks = auto_compaction.value_or(true) ? kAutoCompactChunks : 0;
  return options;
}

void TableOptions::LeaveOutChangeable() {
  storage.block_extents.reset();
  storage.raw_records.reset();
  storage.retention_us.reset();
  storage.max_bytes.reset();
}

Result<RequestedStorage> ParseStorageChange(std::string_view option, std::string_view value) {
  constexpr std::string_view kChangeable[] = {"retention", "max_bytes", "block_size", "codec"};
  const std::string key = ToLower(option);
  if (std::find(std::begin(kChangeable), std::end(kChangeable), key) == std::end(kChangeable)) {
    return Status::InvalidArgument(
        "option " + QuoteForMessage(option) +
        " cannot be changed; retention, max_bytes, block_size and codec can");
  }
  TableOptions options;
  XTDB_RETURN_IF_ERROR(Apply({key, std::string(value)}, options).WithContext("option " + key));
  return options.storage;
}

Result<TableOptions> ParseTableOptions(std::span<const std::string_view> arguments) {
  XTDB_ASSIGN_OR_RETURN(const std::vector<ModuleArgument> parsed, ParseModuleArguments(arguments));
  TableOptions options;
  for (const ModuleArgument& argument : parsed) {
    XTDB_RETURN_IF_ERROR(Apply(argument, options).WithContext("option " + argument.key));
  }
  return options;
}

Status CheckSameOptions(const TableOptions& stated, const StorageEngine& engine) {
  const EngineOptions& options = engine.options();
  const RequestedStorage storage = engine.Storage();
  XTDB_RETURN_IF_ERROR(
      CheckSame("synchronous", stated.synchronous, options.synchronous, SynchronousName));
  XTDB_RETURN_IF_ERROR(CheckSame("buffer", stated.buffer_bytes, options.buffer_bytes, ShowBytes));
  XTDB_RETURN_IF_ERROR(CheckSame("threads", stated.threads, options.threads,
                                 [](size_t threads) { return std::to_string(threads); }));
  XTDB_RETURN_IF_ERROR(
      CheckSame("compaction", stated.auto_compaction, options.compact_chunks != 0,
                [](bool is_auto) -> std::string_view { return is_auto ? "auto" : "off"; }));
  XTDB_RETURN_IF_ERROR(CheckSame("read_only", stated.read_only, options.read_only, ShowOnOff));
  XTDB_RETURN_IF_ERROR(CheckSame("chunk_size", stated.storage.chunk_size_bytes,
                                 *storage.chunk_size_bytes, ShowBytes));
  XTDB_RETURN_IF_ERROR(
      CheckSame("block_size", stated.storage.block_extents, *storage.block_extents,
                [](uint32_t extents) { return ShowBytes(extents * kExtentSizeBytes); }));
  XTDB_RETURN_IF_ERROR(
      CheckSame("codec", stated.storage.raw_records, *storage.raw_records,
                [](bool raw) -> std::string_view { return raw ? "raw" : "auto"; }));
  XTDB_RETURN_IF_ERROR(
      CheckSame("atomic_commit", stated.storage.atomic_commit, *storage.atomic_commit, ShowOnOff));
  XTDB_RETURN_IF_ERROR(
      CheckSame("max_bytes", stated.storage.max_bytes, *storage.max_bytes, ShowBytes));
  return CheckSame("retention", stated.storage.retention_us, *storage.retention_us, [](int64_t us) {
    return "'" + FormatInterval(Interval{.months = 0, .days = 0, .us = us}) + "'";
  });
}

}  // namespace xtdb
