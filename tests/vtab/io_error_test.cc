#include "tests/vtab/faulty_sql.h"

namespace xtdb {
namespace {

constexpr const char* kScript[] = {
    "CREATE VIRTUAL TABLE plant USING xtdb(chunk_size='4M')",
    "INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1), ('a', 2, 2), ('t', 1, 'x')",
    "SELECT xtdb_seal('plant')",
    "INSERT INTO plant(tag, ts, value) VALUES ('a', 3, 3)",
    "UPDATE plant SET value = value + 10 WHERE tag = 'a'",
    "DELETE FROM plant WHERE tag = 'a' AND ts = 2",
    "SELECT count(*), sum(value) FROM plant WHERE tag = 'a'",
    "SELECT xtdb_flush('plant')",
    "BEGIN; INSERT INTO plant(tag, ts, value) VALUES ('b', 1, 1); SAVEPOINT s;"
    "INSERT INTO plant(tag, ts, value) VALUES ('c', 1, 1); ROLLBACK TO s; COMMIT",
    "SELECT xtdb_drop('plant', 2)",
    "INSERT INTO plant(tag, ts, value) VALUES ('a', 4, 4)",
    "SELECT * FROM plant ORDER BY tag, ts DESC",
};
constexpr const char* kState = "SELECT tag, ts, value FROM plant ORDER BY tag, ts";

class IoErrorTest : public FaultySqlTest {
 protected:
  // What the points are behind each statement, without any fault.
  IoErrorTest() {
    for (const char* const sql : kScript) {
      Run(sql);
      states_.push_back(Line(kState));
    }
  }

  void Restart() {
    db_.reset();
    std::filesystem::remove(DatabasePath());
    UseFiles(std::make_unique<FaultyFileSystem>(1));
    Reopen();
  }
  // Runs the script up to its first error. Whether there was one.
  bool RunWith(Fault fault) {
    Restart();
    fs().Inject(std::move(fault));
    std::string before;
    std::string after;
    bool failed = false;
    for (size_t i = 0; i < std::size(kScript) && !failed; ++i) {
      after = states_[i];
      const Outcome outcome = Exec(kScript[i]);
      failed = outcome.code != SQLITE_OK;
      if (failed) {
        EXPECT_EQ(outcome.code & 0xFF, SQLITE_IOERR) << outcome.message;
        EXPECT_THAT(outcome.message, testing::HasSubstr("injected")) << kScript[i];
        if (sqlite3_get_autocommit(db_->get()) == 0) Exec("ROLLBACK");
      } else {
        before = after;
      }
    }
    db_.reset();
    fs().ClearFaults();
    Reopen();
    if (Line("SELECT name FROM sqlite_schema WHERE name = 'plant'").empty()) {
      EXPECT_EQ(before, "") << "the table is gone";
      return failed;
    }
    const std::string found = Line(kState);
    EXPECT_TRUE(found == before || found == after)
        << found << " is neither " << before << " nor " << after;
    EXPECT_EQ(Line("SELECT xtdb_check('plant')"), "ok");
    Run("INSERT INTO plant(tag, ts, value) VALUES ('zz', 1, 1)");
    return failed;
  }
  void RunAll(bool sticky, bool partial, OperationMask kinds) {
    Restart();
    for (const char* const sql : kScript) Run(sql);
    db_.reset();
    const uint64_t operations = fs().operation_count();
    uint64_t failures = 0;
    for (uint64_t nth = 1; nth <= operations && !HasFailure(); ++nth) {
      SCOPED_TRACE("operation " + std::to_string(nth));
      const Fault fault{.nth = nth,
                        .status = Status::IoError("injected fault (errno 5)"),
                        .sticky = sticky,
                        .kinds = kinds,
                        .partial = partial};
      if (RunWith(fault)) ++failures;
    }
    EXPECT_GT(failures, 10u);
  }

  std::vector<std::string> states_;
};

TEST_F(IoErrorTest, AnyOperationFailsOnce) { RunAll(false, false, kAnyOperation); }
TEST_F(IoErrorTest, AllOperationsFailFromTheNthOn) { RunAll(true, false, kAnyOperation); }
TEST_F(IoErrorTest, AWriteIsCutShort) { RunAll(false, true, MaskOf(FileOperation::kWrite)); }
TEST_F(IoErrorTest, EverySyncFailsFromTheNthOn) {
  RunAll(true, false, MaskOf(FileOperation::kSync) | MaskOf(FileOperation::kSyncDirectory));
}

}  // namespace
}  // namespace xtdb
