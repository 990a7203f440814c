#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "engine/base/types.h"
#include "engine/format/log_format.h"

namespace xtdb {

// The arithmetic of LSNs: segment number * segment size + offset in the segment.
struct LogGeometry {
  uint64_t segment_size_bytes = 0;

  uint64_t SegmentOf(LSN lsn) const { return lsn / segment_size_bytes; }
  uint64_t OffsetOf(LSN lsn) const { return lsn % segment_size_bytes; }
  uint64_t RoomAt(LSN lsn) const { return segment_size_bytes - OffsetOf(lsn); }
  LSN FirstFrame(uint64_t number) const {
    return number * segment_size_bytes + sizeof(SegmentHeader);
  }
  uint64_t PlaceOffset(uint32_t place) const {
    return kExtentSizeBytes + place * segment_size_bytes;
  }
  // A frame is worth its header only with 8 bytes of payload or more: where less room is left, the
  // next frame begins in the next segment.
  static constexpr uint64_t kFrameRoomMin = sizeof(FrameHeader) + 8;
  // `lsn`, or the next segment's first frame place if no frame fits behind `lsn`. `lsn` may also be
  // a segment's end, which is offset 0 of the next.
  LSN Normalize(LSN lsn) const {
    if (OffsetOf(lsn) < sizeof(SegmentHeader)) return FirstFrame(SegmentOf(lsn));
    if (RoomAt(lsn) < kFrameRoomMin) return FirstFrame(SegmentOf(lsn) + 1);
    return lsn;
  }
};

// Which place of the log's file holds which segment. A place is live, or free for the next segment.
// Threads: none of its own.
class SegmentRing {
 public:
  struct Place {
    uint64_t number = 0;  // of the segment whose header stands there; 0: none that is intact
    uint64_t epoch = 0;   // of that header
    bool live = false;
  };

  // A further place at the end of the file. Of two places with one number the later epoch is live.
  void AddPlace(uint64_t number, uint64_t epoch);
  // The place of a live segment.
  std::optional<uint32_t> Find(uint64_t number) const;
  // Makes a free place the one of segment `number`; the caller writes its header. Takes the place
  // whose old header names that number, if there is one, so that no two headers do; else the place
  // with the lowest number.
  // Precondition: free_count() > 0 and `number` is not live.
  uint32_t Acquire(uint64_t number, uint64_t epoch);
  void FreeBelow(uint64_t number);
  void FreeAbove(uint64_t number);

  uint32_t place_count() const { return static_cast<uint32_t>(places_.size()); }
  uint32_t free_count() const { return static_cast<uint32_t>(places_.size() - live_.size()); }
  const Place& place(uint32_t index) const { return places_[index]; }
  // Numbers of the live segments; 0 if there are none.
  uint64_t oldest() const { return live_.empty() ? 0 : live_.begin()->first; }
  uint64_t newest() const { return live_.empty() ? 0 : live_.rbegin()->first; }

 private:
  std::vector<Place> places_;
  std::map<uint64_t, uint32_t> live_;       // number -> place
  std::multimap<uint64_t, uint32_t> free_;  // old number -> place
};

}  // namespace xtdb
