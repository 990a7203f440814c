#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "tests/engine/process_fixture.h"
#include "tests/support/faulty_file_system.h"

// What one process does in the midst of what another one does: every pair of actions, the second
// one within an operation of the first on its files, reads and locks included.

namespace xtdb {
namespace {

enum class Act : uint8_t {
  kRead,
  kWrite,
  kWriteMuch,
  kFlush,
  kSeal,
  kDrop,
  kChurn,  // flushes, drops, writes and seals in turn
  kOpen,
  kOpenReadOnly,
  kClose,
};
constexpr std::array kActs = {Act::kRead,         Act::kWrite, Act::kWriteMuch, Act::kFlush,
                              Act::kSeal,         Act::kDrop,  Act::kChurn,     Act::kOpen,
                              Act::kOpenReadOnly, Act::kClose};
enum class Who : uint8_t { kWriter, kOther, kOtherAfterFlushOfWriter, kOtherAfterDeathOfWriter };
constexpr std::array kWhos = {Who::kWriter, Who::kOther, Who::kOtherAfterFlushOfWriter,
                              Who::kOtherAfterDeathOfWriter};

struct Case {
  Act first = Act::kRead;
  bool first_is_reader = false;
  bool reader_is_read_only = false;
  Act second = Act::kRead;
  Who second_is = Who::kWriter;
};

// A writer, another one, a reader, and one that may come; the reader is behind the log's end and
// the checkpoint.
class World {
 public:
  void Begin(const Case& what);
  // The first action, with the second one before its nth operation. False: it has fewer.
  bool Run(const Case& what, uint64_t nth);
  // Everybody looks; then everybody dies, and the next one looks.
  void End();
  const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  // busy_is_fine: somebody else may have WRITER.
  void Note(const char* what, const Status& status, bool busy_is_fine);
  void Write(Process& process, const std::string& tag, int64_t ts, size_t bytes, bool busy_is_fine);
  void WriteMuch(Process& process, int count);
  void Churn(Process& process);
  void Open(bool read_only);
  void Look(const char* who, Process& process);
  void Do(Act act, Process& process);
  void Interrupt(const Case& what, Process& other);

  FaultyFileSystem fs_{1};
  Process writer_{fs_};
  Process other_{fs_};
  Process reader_{fs_};
  Process guest_{fs_};
  std::set<std::pair<std::string, int64_t>> acknowledged_;
  std::set<const Process*> closed_;
  bool dropped_ = false;
  int64_t next_ts_ = 10'000;
  std::vector<std::string> wrong_;
};

void World::Note(const char* what, const Status& status, bool busy_is_fine) {
  if (status.ok() || (busy_is_fine && status.code() == StatusCode::kBusy)) return;
  wrong_.push_back(std::string(what) + ": " + status.ToString());
}

void World::Write(Process& process, const std::string& tag, int64_t ts, size_t bytes,
                  bool busy_is_fine) {
  const Status written =
      process.engine->WritePoint(tag, ts, Value::Text(std::string(bytes, 'x')), kQualityGood);
  if (written.ok()) acknowledged_.insert({tag, ts});
  Note("write", written, busy_is_fine);
}

void World::WriteMuch(Process& process, int count) {
  for (int i = 0; i < count; ++i) Write(process, "t", next_ts_++, 20'000, true);
}

void World::Churn(Process& process) {
  for (int i = 0; i < 3; ++i) {
    Note("flush", process.engine->Flush(kNoWait), true);
    Note("drop", process.engine->DropBefore(2, kNoWait).status(), true);
    WriteMuch(process, 1);
    Note("seal", process.engine->Seal(kNoWait), true);
    WriteMuch(process, 6);
  }
}

void World::Open(bool read_only) {
  if (guest_.engine) return;
  EngineOptions options = SmallOptions();
  options.read_only = read_only;
  Note("open", guest_.Open(options), true);
  Look("guest", guest_);
}

void World::Look(const char* who, Process& process) {
  if (!process.engine || process.fs.killed() || closed_.contains(&process)) return;
  const auto expected = acknowledged_;
  const Result<TestPoints> points = ReadAll(*process.engine);
  if (!points.ok()) return Note(who, points.status(), false);
  for (const auto& key : expected) {
    if (points.value().contains(key) || (dropped_ && key.first == "old")) continue;
    wrong_.push_back(std::string(who) + " misses " + key.first + " at " +
                     std::to_string(key.second));
    return;
  }
}

void World::Do(Act act, Process& process) {
  if (process.engine == nullptr || closed_.contains(&process)) return;
  dropped_ |= act == Act::kDrop || act == Act::kChurn;
  switch (act) {
    case Act::kRead:
      return Look("read", process);
    case Act::kWrite:
      return Write(process, "t", next_ts_++, 100, true);
    case Act::kWriteMuch:
      return WriteMuch(process, 12);
    case Act::kFlush:
      return Note("flush", process.engine->Flush(kNoWait), true);
    case Act::kSeal:
      return Note("seal", process.engine->Seal(kNoWait), true);
    case Act::kDrop:
      return Note("drop", process.engine->DropBefore(1, kNoWait).status(), true);
    case Act::kChurn:
      return Churn(process);
    case Act::kOpen:
      return Open(/*read_only=*/false);
    case Act::kOpenReadOnly:
      return Open(/*read_only=*/true);
    case Act::kClose:
      closed_.insert(&process);
      return Note("close", process.engine->Close(), true);
  }
}

void World::Interrupt(const Case& what, Process& other) {
  if (what.second_is == Who::kWriter) return Do(what.second, writer_);
  if (what.second_is == Who::kOtherAfterFlushOfWriter) Do(Act::kFlush, writer_);
  if (what.second_is == Who::kOtherAfterDeathOfWriter) {
    const Status begun = writer_.Stage("prepared", 5'000, 1);
    Note("stage", begun, true);
    if (begun.ok()) Note("prepare", writer_.transaction->Prepare(), true);
    writer_.fs.Kill();
  }
  Do(what.second, other);
}

void World::Begin(const Case& what) {
  Note("begin", writer_.Open(), false);
  Write(writer_, "old", 1, 100, false);
  Note("begin", writer_.engine->Seal(kNoWait), false);
  Note("begin", other_.Open(), false);
  EngineOptions options = SmallOptions();
  options.read_only = what.reader_is_read_only;
  Note("begin", reader_.Open(options), false);
  for (int ts = 1; ts < 8; ++ts) Write(writer_, "t", ts, 20'000, false);
}

bool World::Run(const Case& what, uint64_t nth) {
  Process& first = what.first_is_reader ? reader_ : other_;
  Process& second = what.first_is_reader ? other_ : reader_;
  uint64_t count = 0;
  bool is_due = true;
  fs_.SetHook(
      [&](const OperationRecord&) {
        if (!is_due || ++count != nth) return;
        is_due = false;
        Interrupt(what, second);
      },
      kAnyOperation);
  Do(what.first, first);
  fs_.SetHook({});
  return !is_due;
}

void World::End() {
  Look("writer", writer_);
  Look("other", other_);
  Look("reader", reader_);
  for (Process* const process : {&writer_, &other_, &reader_, &guest_}) process->fs.Kill();
  Process next(fs_);
  Note("reopen", next.Open(), false);
  if (!next.engine) return;
  Look("next", next);
  const auto report = next.engine->Check();
  Note("check", report.status(), false);
  if (!report.ok()) return;
  for (const std::string& problem : report.value().problems) wrong_.push_back("check: " + problem);
}

bool ChangesNothing(Act act) {
  return act == Act::kRead || act == Act::kOpen || act == Act::kOpenReadOnly || act == Act::kClose;
}

bool IsPossible(const Case& what) {
  if (!what.reader_is_read_only) return true;
  const bool reader_acts = what.first_is_reader || what.second_is != Who::kWriter;
  const Act act = what.first_is_reader ? what.first : what.second;
  return !reader_acts || ChangesNothing(act);
}

void RunAll(Case what, uint64_t step) {
  for (const Act second : kActs) {
    for (const Who who : kWhos) {
      what.second = second;
      what.second_is = who;
      if (!IsPossible(what)) continue;
      bool fired = true;
      for (uint64_t nth = 1; fired; nth += 1 + nth / step) {
        World world;
        world.Begin(what);
        fired = world.Run(what, nth);
        world.End();
        ASSERT_THAT(world.wrong(), testing::IsEmpty())
            << "action " << static_cast<int>(what.first) << " of the "
            << (what.first_is_reader ? "reader" : "other") << ", before operation " << nth
            << " action " << static_cast<int>(second) << ", by " << static_cast<int>(who)
            << (what.reader_is_read_only ? ", read-only" : "");
      }
    }
  }
}

class ProcessInterleavingTest : public testing::TestWithParam<Act> {};
INSTANTIATE_TEST_SUITE_P(Acts, ProcessInterleavingTest, testing::ValuesIn(kActs));
class ProcessInterleavingLongTest : public testing::TestWithParam<Act> {};
INSTANTIATE_TEST_SUITE_P(Acts, ProcessInterleavingLongTest, testing::ValuesIn(kActs));

TEST_P(ProcessInterleavingTest, NobodyIsDisturbed) {
  RunAll({.first = GetParam()}, 1);
  RunAll({.first = GetParam(), .first_is_reader = true, .reader_is_read_only = true}, 1);
}

TEST_P(ProcessInterleavingLongTest, NobodyIsDisturbed) {
  for (const bool read_only : {false, true}) {
    for (const bool reader : {false, true}) {
      RunAll({.first = GetParam(), .first_is_reader = reader, .reader_is_read_only = read_only}, 8);
    }
  }
}

}  // namespace
}  // namespace xtdb
