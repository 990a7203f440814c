#include "tests/support/status_matchers.h"
#include "tests/vtab/sql_fixture.h"
#include "vtab/row_handles.h"

namespace xtdb {
namespace {

TEST(RowHandlesTest, HandleLeadsBackToItsPoint) {
  RowHandles handles;
  const int64_t window = int64_t{1} << RowHandles::kWindowBits;
  for (const int64_t ts : {kTsMin, int64_t{-1}, int64_t{0}, window - 1, window, kTsMax}) {
    for (const TagId tag : {TagId{1}, TagId{UINT32_MAX}}) {
      ASSERT_OK_AND_ASSIGN(const int64_t handle, handles.HandleOf({tag, ts}));
      EXPECT_GT(handle, 0);
      EXPECT_EQ(handles.Find(handle), (PointKey{tag, ts}));
      ASSERT_OK_AND_ASSIGN(const int64_t again, handles.HandleOf({tag, ts}));
      EXPECT_EQ(again, handle);
    }
  }
}

TEST(RowHandlesTest, UnknownHandlesLeadNowhere) {
  RowHandles handles;
  ASSERT_OK_AND_ASSIGN(const int64_t handle, handles.HandleOf({1, 0}));
  const int64_t window = int64_t{1} << RowHandles::kWindowBits;
  for (const int64_t unknown :
       {INT64_MIN, int64_t{-1}, int64_t{0}, window - 1, handle + window, INT64_MAX}) {
    EXPECT_EQ(handles.Find(unknown), std::nullopt) << unknown;
  }
}

class HandlesTest : public SqlTest {
 protected:
  HandlesTest() {
    Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 10), ('a', 2, 20), ('b', 1, 30), "
        "('b', 90000000000, 40)");
  }
  std::string RowidOf(const std::string& where) {
    return Line("SELECT rowid FROM plant WHERE " + where);
  }
};

TEST_F(HandlesTest, EveryRowHasItsOwnAndKeepsIt) {
  EXPECT_EQ(Line("SELECT count(DISTINCT rowid) FROM plant"), "4");
  const std::string before = Line("SELECT rowid FROM plant ORDER BY tag, ts");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('0', 0, 1)");
  Run("UPDATE plant SET value = 11 WHERE tag = 'a' AND ts = 1");
  EXPECT_EQ(Line("SELECT rowid FROM plant WHERE tag <> '0' ORDER BY tag, ts"), before);
  EXPECT_EQ(
      Line("SELECT p.rowid = q.rowid FROM plant p JOIN plant q USING (tag, ts) WHERE tag = 'b'"),
      "1, 1");
}

TEST_F(HandlesTest, ARowidFindsItsRow) {
  EXPECT_EQ(Line("SELECT tag, ts FROM plant WHERE rowid = " + RowidOf("value = 40")),
            "b 90000000000");
  EXPECT_EQ(Line("SELECT tag, ts FROM plant WHERE rowid IN (" + RowidOf("value = 10") + ", " +
                 RowidOf("value = 30") + ", 7, NULL, 'x') ORDER BY tag"),
            "a 1, b 1");
  EXPECT_EQ(Line("SELECT tag FROM plant WHERE rowid = '" + RowidOf("value = 10") + "'"), "a");
  EXPECT_EQ(Line("SELECT tag FROM plant WHERE rowid = 1e300"), "");
  EXPECT_EQ(Line("SELECT tag FROM plant WHERE rowid = NULL"), "");
  EXPECT_EQ(Line("SELECT ts FROM plant WHERE rowid = " + RowidOf("value = 10") + " AND tag = 'b'"),
            "");
}

TEST_F(HandlesTest, ARowidOfADeletedRowMatchesNothingUntilThePointIsBack) {
  const std::string rowid = RowidOf("value = 20");
  Run("DELETE FROM plant WHERE rowid = " + rowid);
  EXPECT_EQ(Line("SELECT * FROM plant WHERE rowid = " + rowid), "");
  Run("DELETE FROM plant WHERE rowid = " + rowid);
  EXPECT_EQ(Line("SELECT count(*) FROM plant"), "3");
}

TEST_F(HandlesTest, OrOverSeveralColumnsMergesByRowid) {
  EXPECT_EQ(Line("SELECT tag, ts FROM plant WHERE tag = 'a' OR ts = 1 ORDER BY tag, ts"),
            "a 1, a 2, b 1");
  Run("DELETE FROM plant WHERE tag = 'a' OR ts = 1");
  EXPECT_EQ(Points(), "b 90000000000 40");
}

TEST_F(HandlesTest, ARowidCannotBeGiven) {
  EXPECT_THAT(Exec("INSERT INTO plant(rowid, tag, ts, value) VALUES (5, 'a', 9, 9)"),
              FailsWith(SQLITE_ERROR, "rowid is given by xtdb"));
  EXPECT_THAT(Exec("UPDATE plant SET rowid = 5 WHERE tag = 'a'"),
              FailsWith(SQLITE_ERROR, "rowid is given by xtdb"));
}

}  // namespace
}  // namespace xtdb
