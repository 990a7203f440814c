// Goal: a kill at any moment loses no acknowledged commit and leaves no half of another. Method:
// this program starts itself as a writer that says each commit through a pipe, kills it, opens the
// store, compares, and goes on with the same store.
//   crash_tests --writer FOLDER SYNCHRONOUS SEED     the writer; acknowledges on descriptor 3
//   XTDB_KILL_ROUNDS=10000 crash_tests --gtest_filter='KillLongTest.*'

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>

#include "tests/crash/counter_writer.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

constexpr int kAckFd = 3;

// A writer process under way.
class Writer {
 public:
  Writer(const std::string& folder, const std::string& synchronous, uint64_t seed) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      if (ends[1] == kAckFd) {
        ::fcntl(kAckFd, F_SETFD, 0);
      } else {
        ::dup2(ends[1], kAckFd);
      }
      const std::string seed_text = std::to_string(seed);
      ::execl("/proc/self/exe", "crash_tests", "--writer", folder.c_str(), synchronous.c_str(),
              seed_text.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    acks_ = ends[0];
  }
  ~Writer() { ::close(acks_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Waits until `count` commits are acknowledged, or the time is over.
  void Wait(uint64_t count, int timeout_ms) {
    pollfd ready{acks_, POLLIN, 0};
    while (count_ < count && ::poll(&ready, 1, timeout_ms) == 1 && Read()) {
    }
  }
  // Ends it; whether it was still running.
  bool Kill() {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    while (Read()) {
    }
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }
  int64_t last_ack() const { return last_ack_; }
  uint64_t count() const { return count_; }

 private:
  bool Read() {
    int64_t n = 0;
    if (::read(acks_, &n, sizeof(n)) != sizeof(n)) return false;
    last_ack_ = n;
    ++count_;
    return true;
  }

  pid_t pid_ = 0;
  int acks_ = -1;
  int64_t last_ack_ = 0;
  uint64_t count_ = 0;
};

class KillLoop {
 public:
  explicit KillLoop(uint64_t seed) : random_(seed) { Begin(); }

  void Run(int rounds) {
    for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
      SCOPED_TRACE(testing::Message() << "round " << round);
      // A young store, too, and one that is quick to read.
      if (round % 50 == 49) Begin();
      for (uint64_t kills = 1 + Draw(3); kills > 0; --kills) RunWriter();
      Verify(round % 10 == 9);
    }
    std::clog << rounds << " rounds, " << kills_ << " kills, " << commits_
              << " commits acknowledged, " << unacknowledged_ << " more found whole\n";
  }
  uint64_t commits() const { return commits_; }

 private:
  uint64_t Draw(uint64_t bound) { return random_() % bound; }

  void Begin() {
    folder_ = std::make_unique<TemporaryDirectory>();
    acknowledged_ = 0;
  }

  void RunWriter() {
    static constexpr std::array<const char*, 4> kSynchronous = {"full", "normal", "off", "full"};
    synchronous_ = kSynchronous[Draw(kSynchronous.size())];
    Writer writer(folder_->path(), synchronous_, random_());
    // By time, to meet opening and recovery; else by commits and some time.
    if (Draw(3) == 0) {
      ::usleep(static_cast<useconds_t>(Draw(25'000)));
    } else {
      writer.Wait(Draw(60), 20'000);
      ::usleep(static_cast<useconds_t>(Draw(2'000)));
    }
    EXPECT_TRUE(writer.Kill()) << "the writer ended by itself";
    acknowledged_ = std::max(acknowledged_, writer.last_ack());
    commits_ += writer.count();
    ++kills_;
  }

  void Verify(bool all) {
    const std::unique_ptr<sqlite3, int (*)(sqlite3*)> db(
        OpenCounters(folder_->path(), synchronous_), sqlite3_close);
    ASSERT_NE(db, nullptr);
    const int64_t last = LastCounter(db.get());
    EXPECT_GE(last, acknowledged_) << "acknowledged commits are gone";
    const int64_t from = all ? 1 : std::max<int64_t>(1, acknowledged_ - 200);
    for (int tag = 0; tag < kCounterTags; ++tag) VerifyTag(db.get(), tag, from, last);
    VerifyText(db.get(), "SELECT count(*) FROM plant", std::to_string(last * kCounterTags));
    VerifyText(db.get(), "SELECT xtdb_check('plant')", "ok");
    unacknowledged_ += static_cast<uint64_t>(last - acknowledged_);
    acknowledged_ = last;
  }

  static void VerifyTag(sqlite3* db, int tag, int64_t from, int64_t last) {
    sqlite3_stmt* statement = nullptr;
    const std::string sql = "SELECT ts, quote(value) FROM plant WHERE tag = '" + CounterTag(tag) +
                            "' AND ts >= " + std::to_string(from) + " ORDER BY ts";
    ASSERT_EQ(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db);
    int64_t n = from;
    for (; sqlite3_step(statement) == SQLITE_ROW && !testing::Test::HasFailure(); ++n) {
      EXPECT_EQ(sqlite3_column_int64(statement, 0), n) << CounterTag(tag);
      EXPECT_EQ(reinterpret_cast<const char*>(sqlite3_column_text(statement, 1)),
                CounterValue(tag, n))
          << CounterTag(tag);
    }
    EXPECT_EQ(n - 1, last) << CounterTag(tag) << " has another last counter: half a transaction";
    EXPECT_EQ(sqlite3_finalize(statement), SQLITE_OK) << sqlite3_errmsg(db);
  }

  static void VerifyText(sqlite3* db, const char* sql, const std::string& wanted) {
    sqlite3_stmt* statement = nullptr;
    ASSERT_EQ(sqlite3_prepare_v2(db, sql, -1, &statement, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db);
    ASSERT_EQ(sqlite3_step(statement), SQLITE_ROW) << sqlite3_errmsg(db);
    EXPECT_EQ(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)), wanted) << sql;
    sqlite3_finalize(statement);
  }

  std::mt19937_64 random_;
  std::unique_ptr<TemporaryDirectory> folder_;
  std::string synchronous_;
  int64_t acknowledged_ = 0;  // of this store
  uint64_t commits_ = 0;      // of all
  uint64_t kills_ = 0;
  uint64_t unacknowledged_ = 0;
};

TEST(KillTest, EveryAcknowledgedCommitSurvivesAndNoHalfOfAnother) {
  KillLoop loop(1);
  loop.Run(25);
  EXPECT_GT(loop.commits(), 100u);
}

TEST(KillLongTest, AThousandRounds) {
  const char* const wanted = std::getenv("XTDB_KILL_ROUNDS");
  const int rounds = wanted == nullptr ? 1000 : std::atoi(wanted);
  KillLoop loop(2);
  loop.Run(rounds);
  EXPECT_GT(loop.commits(), static_cast<uint64_t>(rounds));
}

}  // namespace
}  // namespace xtdb
