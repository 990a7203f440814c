#include <fcntl.h>
#include <unistd.h>

#include "bench/common/text.h"
#include "bench/common/timing.h"
#include "bench/compare/engine_session.h"
#include "bench/compare/works.h"

namespace xtdb::bench {
namespace {

constexpr size_t kCommitsPerRun = 200;
constexpr size_t kFloorBytes = 208;  // what a commit of one row adds to the log
constexpr off_t kFloorFileBytes = 1 << 20;

// pwrite of a small record and fdatasync: less than that no durable commit can do.
class Floor {
 public:
  enum class File : uint8_t { kWritten, kAllocated };

  Floor(const std::filesystem::path& path, File file) {
    fd_ = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (fd_ < 0 || posix_fallocate(fd_, 0, kFloorFileBytes) != 0)
      Fail("cannot make " + path.string());
    if (file == File::kWritten) {
      const std::vector<char> zeros(kFloorFileBytes);
      if (pwrite(fd_, zeros.data(), zeros.size(), 0) != kFloorFileBytes) Fail("write");
    }
    if (fsync(fd_) != 0) Fail("fsync");
  }
  ~Floor() { close(fd_); }
  Floor(const Floor&) = delete;
  Floor& operator=(const Floor&) = delete;

  void Write() {
    const std::vector<char> bytes(kFloorBytes, 'x');
    if (pwrite(fd_, bytes.data(), bytes.size(), offset_) != kFloorBytes || fdatasync(fd_) != 0)
      Fail("floor");
    offset_ = (offset_ + static_cast<off_t>(kFloorBytes)) % (kFloorFileBytes - 4096);
  }

 private:
  int fd_ = -1;
  off_t offset_ = 0;
};

// Medians of one run.
struct Latencies {
  std::vector<double> us;
  template <typename Body>
  void Time(const Body& body) {
    us.push_back(1e6 * SecondsOf(body));
  }
};

class LatencyContest {
 public:
  explicit LatencyContest(Contest& contest)
      : data_(contest.Points(Contest::Kind::kG100)),
        floor_(contest.FreshFolder("floor") / "written", Floor::File::kWritten),
        allocated_(contest.FreshFolder("floor2") / "allocated", Floor::File::kAllocated),
        engine_(contest.FreshFolder("latency-engine"), Synchronous::kFull),
        by_column_(kColumns) {
    for (const auto& contender : contest.contenders()) {
      const std::string name = "latency" + std::to_string(stores_.size());
      columns_.push_back(contender->column());
      stores_.push_back(contender->Open(contest.FreshFolder(name)));
    }
  }

  // Commit by commit in turn: a disk's mood meets all alike.
  void Run() {
    floor_us_ = allocated_us_ = engine_us_ = {};
    for (Latencies& one : by_column_) one = {};
    for (size_t i = 0; i < kCommitsPerRun; ++i, ++next_) {
      const size_t row = next_ % data_.size();
      floor_us_.Time([&] { floor_.Write(); });
      allocated_us_.Time([&] { allocated_.Write(); });
      engine_us_.Time([&] { engine_.WritePoint(data_, row); });
      for (size_t store = 0; store < stores_.size(); ++store) {
        by_column_[static_cast<size_t>(columns_[store])].Time(
            [&] { stores_[store]->Insert(data_, row, row + 1); });
      }
    }
  }

  double FloorUs() const { return Median(floor_us_.us); }
  double AllocatedUs() const { return Median(allocated_us_.us); }
  double EngineUs() const { return Median(engine_us_.us); }
  double StoreUs(Column column) const { return Median(by_column_[static_cast<size_t>(column)].us); }

 private:
  const Dataset& data_;
  Floor floor_;
  Floor allocated_;
  EngineSession engine_;
  std::vector<Column> columns_;
  std::vector<std::unique_ptr<Store>> stores_;
  Latencies floor_us_, allocated_us_, engine_us_;
  std::vector<Latencies> by_column_;
  size_t next_ = 0;
};

}  // namespace

void RunLatencyWork(Contest& contest) {
  Table& table = contest.table();
  const auto add = [&](const char* work, const char* unit, const Reach& reach) {
    return table.AddRow(work, unit, Better::kSmaller, reach);
  };
  const Table::Row sql = add("single-row durable commit, INSERT, p50", "us", {});
  const Table::Row sql_over =
      add("single-row durable commit, INSERT, over the floor", "x floor", {.value = 1.3});
  const Table::Row cpp = add("single-row durable commit, C++ WritePoint, p50", "us", {});
  const Table::Row cpp_over =
      add("single-row durable commit, C++, over the floor", "x floor", {.value = 1.3});
  std::vector<double> floors;
  std::vector<double> allocated;
  LatencyContest latencies(contest);
  for (int run = 0; run < contest.options().runs; ++run) {
    latencies.Run();
    const double floor = latencies.FloorUs();
    floors.push_back(floor);
    allocated.push_back(latencies.AllocatedUs());
    table.Add(cpp, Column::kXtdb, latencies.EngineUs());
    table.Add(cpp_over, Column::kXtdb, latencies.EngineUs() / floor);
    for (const auto& contender : contest.contenders()) {
      const double us = latencies.StoreUs(contender->column());
      table.Add(sql, contender->column(), us);
      table.Add(sql_over, contender->column(), us / floor);
    }
  }
  table.AddNote("Floor: pwrite of 208 bytes and fdatasync, p50 " + Figure(Median(floors)) +
                " us in a file that was written before, " + Figure(Median(allocated)) +
                " us in one that was only allocated.");
}

}  // namespace xtdb::bench
