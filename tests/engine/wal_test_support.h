#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/wal/rotating_wal.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb::wal_test {

inline constexpr char kPath[] = "/plant.xtdb-wal";
inline constexpr uint64_t kSegment = 64 * kKiB;
inline constexpr WALOptions kSmall{.segment_size_bytes = kSegment, .reserve_segments = 1};
inline constexpr LSN kFirst = kSegment + sizeof(SegmentHeader);  // of a log created at LSN 0

inline Uuid TestUuid(uint8_t seed = 1) {
  Uuid uuid{};
  for (size_t i = 0; i < uuid.size(); ++i) uuid[i] = static_cast<uint8_t>(seed + i);
  return uuid;
}

inline std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// `size` bytes that differ from record to record.
inline std::string Payload(uint64_t number, size_t size) {
  std::string text(size, '\0');
  uint64_t state = number * 0x9E3779B97F4A7C15u + 1;
  for (char& c : text) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    c = static_cast<char>(state >> 56);
  }
  return text;
}

struct Replayed {
  LSN lsn = kNoLsn;
  LSN end_lsn = kNoLsn;
  FrameType type = FrameType::kPoints;
  LSN transaction = kNoLsn;
  std::string payload;
  bool operator==(const Replayed&) const = default;
};

struct OpenedLog {
  std::unique_ptr<RotatingWAL> wal;
  ReplayEnd end;
  std::vector<Replayed> records;

  std::vector<std::string> Payloads() const {
    std::vector<std::string> payloads;
    for (const Replayed& record : records) payloads.push_back(record.payload);
    return payloads;
  }
};

inline std::unique_ptr<RotatingWAL> CreateLog(FileSystem& fs, const WALOptions& options = kSmall) {
  auto wal = RotatingWAL::Create(fs, kPath, TestUuid(), 1, kNoLsn, options);
  EXPECT_THAT(wal, IsOk());
  return wal.ok() ? std::move(wal).value() : nullptr;
}

inline Result<OpenedLog> OpenLog(FileSystem& fs, LSN checkpoint = kFirst, bool read_only = false) {
  OpenedLog log;
  const auto collect = [&log](const LogRecord& record) {
    log.records.push_back(
        {record.lsn, record.end_lsn, record.type, record.transaction,
         std::string(reinterpret_cast<const char*>(record.payload.data()), record.payload.size())});
    return Status();
  };
  XTDB_ASSIGN_OR_RETURN(log.wal, RotatingWAL::Open(fs, kPath, TestUuid(), checkpoint, kNoLsn,
                                                   kSmall, read_only, collect, &log.end));
  return log;
}

inline Result<LSN> Append(RotatingWAL& wal, std::string_view payload,
                          FrameType type = FrameType::kPoints,
                          LSN transaction = RotatingWAL::kNewTransaction) {
  const RotatingWAL::Entry entry{type, Bytes(payload)};
  return wal.BatchAppend({&entry, 1}, transaction);
}

// Payload size that makes a record's one frame `frame_bytes` long.
constexpr size_t PayloadFor(uint64_t frame_bytes) { return frame_bytes - sizeof(FrameHeader); }

}  // namespace xtdb::wal_test
