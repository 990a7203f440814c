// The C interface, as a program in C sees it: libxtdb.so alone, by its header.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "capi/xtdb.h"
#include "tests/support/temporary_directory.h"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kStart = 1'767'225'600 * kSecond;  // 2026-01-01

class CApiTest : public testing::Test {
 protected:
  ~CApiTest() override { xtdb_close(db_); }

  xtdb_code Open(const xtdb_open_options* options = nullptr) {
    return xtdb_open(path_.c_str(), options, &db_);
  }
  void Reopen() {
    ASSERT_EQ(xtdb_close(db_), XTDB_OK) << xtdb_error_message();
    db_ = nullptr;
    ASSERT_EQ(Open(), XTDB_OK) << xtdb_error_message();
  }
  // Of a tag `a` with one point.
  void OpenCursor(xtdb_cursor** cursor) {
    ASSERT_EQ(Open(), XTDB_OK);
    ASSERT_EQ(xtdb_write(db_, "a", kStart, 1), XTDB_OK);
    ASSERT_EQ(xtdb_read(db_, "a", 0, XTDB_TIME_MAX, cursor), XTDB_OK);
  }
  // "ts:value ..." of all points.
  std::string Points(const char* tag, int64_t start = XTDB_TIME_MIN,
                     int64_t stop = std::numeric_limits<int64_t>::max()) {
    xtdb_cursor* cursor = nullptr;
    if (xtdb_read(db_, tag, start, stop, &cursor) != XTDB_OK) return xtdb_error_message();
    std::string all;
    xtdb_batch batch = {};
    batch.struct_size = sizeof(batch);
    while (xtdb_next(cursor, &batch) == XTDB_OK) {
      for (size_t row = 0; row < batch.count; ++row) all += Show(batch, row);
    }
    xtdb_cursor_close(cursor);
    return all;
  }
  static std::string Show(const xtdb_batch& batch, size_t row) {
    std::string text = std::to_string((batch.ts_us[row] - kStart) / kSecond) + ":";
    const bool is_null = batch.is_null != nullptr && batch.is_null[row] != 0;
    char number[40] = "";
    if (batch.reals != nullptr) std::snprintf(number, sizeof(number), "%g", batch.reals[row]);
    if (batch.integers != nullptr) {
      std::snprintf(number, sizeof(number), "%lld", static_cast<long long>(batch.integers[row]));
    }
    text += is_null ? "NULL" : batch.texts != nullptr ? batch.texts[row] : number;
    if (batch.quality[row] != XTDB_QUALITY_GOOD) text += "/" + std::to_string(batch.quality[row]);
    return text + " ";
  }

  xtdb::TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/c.xtdb";
  xtdb_db* db_ = nullptr;
};

TEST_F(CApiTest, WhatIsWrittenIsReadAlsoAfterClosing) {
  ASSERT_EQ(Open(), XTDB_OK) << xtdb_error_message();
  EXPECT_EQ(xtdb_write(db_, "a", kStart, 1.5), XTDB_OK);
  EXPECT_EQ(xtdb_write(db_, "a", kStart + kSecond, 2.5), XTDB_OK);
  const int64_t ts[] = {kStart + 4 * kSecond, kStart + 2 * kSecond};
  const double values[] = {4, 3};
  const uint8_t quality[] = {64, 192};
  EXPECT_EQ(xtdb_append(db_, "a", 2, ts, values, quality), XTDB_OK);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Points("a"), "0:1.5 1:2.5 2:3 4:4/64 ");
    EXPECT_EQ(Points("a", kStart + kSecond, kStart + 4 * kSecond), "1:2.5 2:3 ");
    EXPECT_EQ(Points("a", kStart + kSecond, kStart + kSecond), "");
    xtdb_point point;
    EXPECT_EQ(xtdb_latest(db_, "a", &point), XTDB_OK);
    EXPECT_EQ(point.ts_us, kStart + 4 * kSecond);
    EXPECT_EQ(point.real, 4);
    EXPECT_EQ(point.quality, 64);
    Reopen();
  }
}

TEST_F(CApiTest, ValuesOfEveryKind) {
  ASSERT_EQ(Open(), XTDB_OK);
  xtdb_point point = {kStart, XTDB_KIND_INTEGER, 192, 1'234'567'890'123, 0, nullptr};
  EXPECT_EQ(xtdb_write_point(db_, "count", &point), XTDB_OK);
  point = {kStart + kSecond, XTDB_KIND_NULL, 0, 0, 0, nullptr};
  EXPECT_EQ(xtdb_write_point(db_, "count", &point), XTDB_OK);
  EXPECT_EQ(Points("count"), "0:1234567890123 1:NULL/0 ");
  point = {kStart, XTDB_KIND_TEXT, 192, 0, 0, "running"};
  EXPECT_EQ(xtdb_write_point(db_, "state", &point), XTDB_OK);
  point = {kStart + kSecond, XTDB_KIND_TEXT, 192, 0, 0, ""};
  EXPECT_EQ(xtdb_write_point(db_, "state", &point), XTDB_OK);
  EXPECT_EQ(Points("state"), "0:running 1: ");
  xtdb_point last;
  EXPECT_EQ(xtdb_latest(db_, "count", &last), XTDB_OK);
  EXPECT_EQ(last.kind, XTDB_KIND_NULL);
  EXPECT_EQ(xtdb_define_tag(db_, "valve", XTDB_TYPE_BOOL, nullptr, nullptr, 1), XTDB_OK);
  point = {kStart, XTDB_KIND_INTEGER, 192, 1, 0, nullptr};
  EXPECT_EQ(xtdb_write_point(db_, "valve", &point), XTDB_OK);
  EXPECT_EQ(Points("valve"), "0:1 ");
}

TEST_F(CApiTest, ATransactionIsAllOrNothing) {
  ASSERT_EQ(Open(), XTDB_OK);
  xtdb_transaction* transaction = nullptr;
  const xtdb_point point = {kStart, XTDB_KIND_REAL, 192, 0, 1, nullptr};
  for (const bool commits : {false, true}) {
    ASSERT_EQ(xtdb_begin(db_, &transaction), XTDB_OK) << xtdb_error_message();
    EXPECT_EQ(xtdb_transaction_write(transaction, "a", &point), XTDB_OK);
    EXPECT_EQ(xtdb_transaction_write(transaction, "b", &point), XTDB_OK);
    EXPECT_EQ(Points("a"), "no tag \"a\"") << "nobody sees it yet";
    EXPECT_EQ(commits ? xtdb_commit(transaction) : xtdb_rollback(transaction), XTDB_OK);
  }
  EXPECT_EQ(Points("a") + Points("b"), "0:1 0:1 ");
  ASSERT_EQ(xtdb_begin(db_, &transaction), XTDB_OK);
  EXPECT_EQ(xtdb_transaction_delete(transaction, "a", kStart), XTDB_OK);
  EXPECT_EQ(xtdb_transaction_delete(transaction, "c", kStart), XTDB_NOT_FOUND);
  EXPECT_EQ(xtdb_commit(transaction), XTDB_OK);
  EXPECT_EQ(Points("a") + Points("b"), "0:1 ");
}

TEST_F(CApiTest, BucketsKnowTheValueBeforeThem) {
  ASSERT_EQ(Open(), XTDB_OK);
  for (int i = 0; i < 10; ++i) xtdb_write(db_, "a", kStart + i * 30 * kSecond, i);
  xtdb_cursor* cursor = nullptr;
  ASSERT_EQ(xtdb_aggregate(db_, "a", kStart + 15 * kSecond, kStart + 180 * kSecond, 60 * kSecond,
                           XTDB_ACCEPT_NOT_BAD, &cursor),
            XTDB_OK);
  xtdb_bucket bucket = {};
  bucket.struct_size = sizeof(bucket);
  std::vector<double> means, weighted;
  while (xtdb_next_bucket(cursor, &bucket) == XTDB_OK) {
    means.push_back(bucket.mean);
    weighted.push_back(bucket.time_weighted_mean);
  }
  EXPECT_EQ(xtdb_next(cursor, nullptr), XTDB_INVALID_ARGUMENT);
  xtdb_batch batch = {};
  batch.struct_size = sizeof(batch);
  EXPECT_EQ(xtdb_next(cursor, &batch), XTDB_MISUSE);
  xtdb_cursor_close(cursor);
  EXPECT_THAT(means, ElementsAre(1, 2.5, 4.5));
  EXPECT_THAT(weighted, ElementsAre(30.0 / 45, 2.5, 4.5));
}

TEST_F(CApiTest, TagsAreListedByName) {
  ASSERT_EQ(Open(), XTDB_OK);
  EXPECT_EQ(xtdb_define_tag(db_, "b", XTDB_TYPE_FLOAT64, "degC", "upper end", 0), XTDB_OK);
  xtdb_write(db_, "a", kStart, 1);
  std::vector<std::string> tags;
  const auto note = [](const xtdb_tag_info* tag, void* context) {
    static_cast<std::vector<std::string>*>(context)->push_back(
        std::string(tag->name) + " " + tag->unit + " " + std::to_string(tag->type) + " " +
        std::to_string(tag->step) + " " + std::to_string(tag->points));
    return 0;
  };
  EXPECT_EQ(xtdb_tags(db_, note, &tags), XTDB_OK);
  EXPECT_THAT(tags, ElementsAre("a  5 -1 1", "b degC 5 0 0"));
}

TEST_F(CApiTest, ErrorsSayWhatIsWrong) {
  EXPECT_EQ(xtdb_open(nullptr, nullptr, &db_), XTDB_INVALID_ARGUMENT);
  EXPECT_STREQ(xtdb_error_message(), "path is NULL");
  xtdb_open_options options = {};
  EXPECT_EQ(Open(&options), XTDB_INVALID_ARGUMENT);
  EXPECT_THAT(xtdb_error_message(), HasSubstr("struct_size"));
  options.struct_size = sizeof(options);
  options.must_exist = 1;
  EXPECT_EQ(Open(&options), XTDB_NOT_FOUND);
  EXPECT_THAT(xtdb_error_message(), HasSubstr("c.xtdb"));
  ASSERT_EQ(Open(), XTDB_OK);
  xtdb_write(db_, "a", kStart, 1);
  const xtdb_point text = {kStart, XTDB_KIND_TEXT, 192, 0, 0, "x"};
  EXPECT_EQ(xtdb_write_point(db_, "a", &text), XTDB_TYPE_MISMATCH);
  EXPECT_THAT(xtdb_error_message(), HasSubstr("'a'"));
  EXPECT_EQ(xtdb_write(db_, "a", XTDB_TIME_MAX + 1, 1), XTDB_INVALID_ARGUMENT);
  EXPECT_EQ(xtdb_write(db_, "", kStart, 1), XTDB_INVALID_ARGUMENT);
  EXPECT_EQ(xtdb_latest(db_, "nobody", nullptr), XTDB_INVALID_ARGUMENT);
  xtdb_point point;
  EXPECT_EQ(xtdb_latest(db_, "nobody", &point), XTDB_NOT_FOUND);
  EXPECT_STREQ(xtdb_error_message(), "no tag \"nobody\"");
  EXPECT_EQ(xtdb_define_tag(db_, "z", 99, nullptr, nullptr, -1), XTDB_INVALID_ARGUMENT);
  xtdb_cursor* cursor = nullptr;
  EXPECT_EQ(xtdb_aggregate(db_, "a", 0, 1, -1, 0, &cursor), XTDB_INVALID_ARGUMENT);
  EXPECT_EQ(xtdb_aggregate(db_, "a", 0, 1, 1, 7, &cursor), XTDB_INVALID_ARGUMENT);
  EXPECT_EQ(cursor, nullptr);
  for (const xtdb_code status :
       {xtdb_flush(nullptr), xtdb_write(nullptr, "a", 0, 0), xtdb_commit(nullptr),
        xtdb_rollback(nullptr), xtdb_begin(nullptr, nullptr), xtdb_tags(db_, nullptr, nullptr),
        xtdb_append(db_, "a", 1, nullptr, nullptr, nullptr), xtdb_next(nullptr, nullptr)}) {
    EXPECT_EQ(status, XTDB_INVALID_ARGUMENT);
  }
  EXPECT_EQ(xtdb_close(nullptr), XTDB_OK);
  xtdb_cursor_close(nullptr);
}

TEST_F(CApiTest, AReadOnlyHandleFollowsAWriter) {
  ASSERT_EQ(Open(), XTDB_OK);
  xtdb_write(db_, "a", kStart, 1);
  xtdb_open_options options = {};
  options.struct_size = sizeof(options);
  options.read_only = 1;
  xtdb_db* reader = nullptr;
  ASSERT_EQ(xtdb_open(path_.c_str(), &options, &reader), XTDB_OK) << xtdb_error_message();
  xtdb_write(db_, "a", kStart + kSecond, 2);
  xtdb_point point;
  EXPECT_EQ(xtdb_latest(reader, "a", &point), XTDB_OK) << xtdb_error_message();
  EXPECT_EQ(point.real, 2);
  EXPECT_EQ(xtdb_write(reader, "a", kStart, 3), XTDB_READ_ONLY);
  EXPECT_EQ(xtdb_close(reader), XTDB_OK);
}

// A program that was built with an older header knows less of a struct.
TEST_F(CApiTest, StructsAreFilledAsFarAsTheCallerKnowsThem) {
  xtdb_cursor* cursor = nullptr;
  ASSERT_NO_FATAL_FAILURE(OpenCursor(&cursor));
  unsigned char bytes[sizeof(xtdb_batch)];
  std::memset(bytes, 0xAA, sizeof(bytes));
  auto* const batch = reinterpret_cast<xtdb_batch*>(bytes);
  batch->struct_size = offsetof(xtdb_batch, type);
  EXPECT_EQ(xtdb_next(cursor, batch), XTDB_OK);
  EXPECT_EQ(batch->count, 1u);
  for (size_t i = offsetof(xtdb_batch, type); i < sizeof(bytes); ++i) EXPECT_EQ(bytes[i], 0xAA);
  xtdb_cursor_close(cursor);
}

TEST_F(CApiTest, AStructWithoutItsSizeIsRefusedAndNoRowIsLost) {
  xtdb_cursor* cursor = nullptr;
  ASSERT_NO_FATAL_FAILURE(OpenCursor(&cursor));
  xtdb_batch batch = {};
  EXPECT_EQ(xtdb_next(cursor, &batch), XTDB_INVALID_ARGUMENT);
  EXPECT_STREQ(xtdb_error_message(), "struct_size of the batch is not set");
  batch.struct_size = sizeof(batch);
  EXPECT_EQ(xtdb_next(cursor, &batch), XTDB_OK);
  EXPECT_EQ(batch.count, 1u);
  xtdb_cursor_close(cursor);
  ASSERT_EQ(xtdb_aggregate(db_, "a", 0, XTDB_TIME_MAX, 0, 0, &cursor), XTDB_OK);
  xtdb_bucket bucket = {};
  EXPECT_EQ(xtdb_next_bucket(cursor, &bucket), XTDB_INVALID_ARGUMENT);
  bucket.struct_size = sizeof(bucket);
  EXPECT_EQ(xtdb_next_bucket(cursor, &bucket), XTDB_OK);
  xtdb_cursor_close(cursor);
}

// It waited a minute for the transaction, and then was gone.
TEST_F(CApiTest, ADatabaseInUseIsNotClosed) {
  xtdb_cursor* cursor = nullptr;
  ASSERT_NO_FATAL_FAILURE(OpenCursor(&cursor));
  xtdb_transaction* transaction = nullptr;
  ASSERT_EQ(xtdb_begin(db_, &transaction), XTDB_OK);
  EXPECT_EQ(xtdb_close(db_), XTDB_MISUSE);
  EXPECT_STREQ(xtdb_error_message(), "transactions and cursors of it are open: 2; end them first");
  xtdb_cursor_close(cursor);
  EXPECT_EQ(xtdb_close(db_), XTDB_MISUSE);
  const xtdb_point point = {kStart + kSecond, XTDB_KIND_REAL, 192, 0, 2, nullptr};
  EXPECT_EQ(xtdb_transaction_write(transaction, "a", &point), XTDB_OK);
  EXPECT_EQ(xtdb_commit(transaction), XTDB_OK);
  // What fails to begin is not counted.
  EXPECT_EQ(xtdb_read(db_, "nobody", 0, 1, &cursor), XTDB_NOT_FOUND);
  EXPECT_EQ(xtdb_aggregate(db_, "a", 0, 1, 0, 9, &cursor), XTDB_INVALID_ARGUMENT);
  Reopen();
  EXPECT_EQ(Points("a"), "0:1 1:2 ");
}

TEST_F(CApiTest, ACountThatNoMemoryHoldsIsRefused) {
  ASSERT_EQ(Open(), XTDB_OK);
  const int64_t ts = kStart;
  const double value = 1;
  for (const size_t count : {std::numeric_limits<size_t>::max(), (SIZE_MAX / 16) + 1}) {
    EXPECT_EQ(xtdb_append(db_, "a", count, &ts, &value, nullptr), XTDB_INVALID_ARGUMENT);
    EXPECT_THAT(xtdb_error_message(), HasSubstr("more than memory can hold"));
  }
}

// Programs that were built with this header must find the structs as they are, and grown at most.
TEST(CApiAbiTest, StructsAreLaidOutAsTheyWere) {
  EXPECT_EQ(offsetof(xtdb_open_options, buffer_bytes), 24u);
  EXPECT_EQ(offsetof(xtdb_tag_info, last_us), 56u);
  EXPECT_EQ(sizeof(xtdb_point), 40u);
  EXPECT_EQ(offsetof(xtdb_point, quality), 12u);
  EXPECT_EQ(offsetof(xtdb_point, text), 32u);
  EXPECT_EQ(offsetof(xtdb_batch, texts), 64u);
  EXPECT_EQ(offsetof(xtdb_bucket, time_weighted_mean), 112u);
  EXPECT_EQ(XTDB_OUT_OF_MEMORY, 13);
  EXPECT_EQ(XTDB_TYPE_TEXT, 6);
  EXPECT_EQ(XTDB_KIND_TEXT, 3);
  EXPECT_EQ(XTDB_ACCEPT_ALL, 2);
  EXPECT_EQ(XTDB_SYNC_OFF, 2);
}

// Writers of points, columns and transactions beside readers of every kind, on one handle.
TEST_F(CApiTest, ThreadsOfEveryKindShareADatabase) {
  ASSERT_EQ(Open(), XTDB_OK);
  xtdb_write(db_, "a", kStart, 0);
  constexpr int kRounds = 30;
  std::atomic<int> failures = 0;
  const auto must = [&failures](xtdb_code code) {
    if (code != XTDB_OK) ++failures;
  };
  std::vector<std::function<void(int)>> works = {
      [&](int i) { must(xtdb_write(db_, "a", kStart + i * kSecond, i)); },
      [&](int i) {
        const int64_t ts[] = {kStart + i * kSecond, kStart + i * kSecond + 1};
        const double values[] = {1, 2};
        must(xtdb_append(db_, "column", 2, ts, values, nullptr));
      },
      [&](int i) {
        xtdb_transaction* transaction = nullptr;
        must(xtdb_begin(db_, &transaction));
        const xtdb_point point = {kStart + i * kSecond, XTDB_KIND_TEXT, 192, 0, 0, "text"};
        must(xtdb_transaction_write(transaction, "text", &point));
        must(i % 2 == 0 ? xtdb_commit(transaction) : xtdb_rollback(transaction));
      },
      [&](int i) {
        must(xtdb_define_tag(db_, ("tag" + std::to_string(i)).c_str(), XTDB_TYPE_FLOAT64, "u",
                             nullptr, -1));
        must(xtdb_flush(db_));
      },
      [&](int) {
        if (Points("a").empty()) ++failures;
        xtdb_cursor* cursor = nullptr;
        must(xtdb_aggregate(db_, "a", 0, XTDB_TIME_MAX, kSecond, 0, &cursor));
        xtdb_bucket bucket = {};
        bucket.struct_size = sizeof(bucket);
        must(xtdb_next_bucket(cursor, &bucket));
        xtdb_cursor_close(cursor);
      },
      [&](int) {
        must(xtdb_tags(
            db_, [](const xtdb_tag_info* tag, void*) { return tag->name == nullptr ? 1 : 0; },
            nullptr));
        if (xtdb_close(db_) == XTDB_OK) ++failures;  // a cursor keeps it open
      }};
  xtdb_cursor* open = nullptr;
  ASSERT_EQ(xtdb_read(db_, "a", 0, XTDB_TIME_MAX, &open), XTDB_OK);
  std::vector<std::thread> threads;
  for (const auto& work : works) {
    threads.emplace_back([&work] {
      for (int i = 1; i <= kRounds; ++i) work(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  xtdb_cursor_close(open);
  EXPECT_EQ(failures, 0);
  Reopen();
  const std::string points = Points("a");
  EXPECT_EQ(std::count(points.begin(), points.end(), ' '), kRounds + 1);
  const std::string texts = Points("text");
  EXPECT_EQ(std::count(texts.begin(), texts.end(), ' '), kRounds / 2);
}

TEST_F(CApiTest, ThreadsShareADatabase) {
  ASSERT_EQ(Open(), XTDB_OK);
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string tag = "t" + std::to_string(t);
      for (int i = 0; i < 50; ++i) {
        if (xtdb_write(db_, tag.c_str(), kStart + i * kSecond, i) != XTDB_OK) ++failures;
        xtdb_point point;
        if (xtdb_latest(db_, tag.c_str(), &point) != XTDB_OK || point.real != i) ++failures;
        // Each thread has its own message.
        if (xtdb_latest(db_, ("no" + tag).c_str(), &point) != XTDB_NOT_FOUND) ++failures;
        if (std::string(xtdb_error_message()) != "no tag \"no" + tag + "\"") ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  for (int t = 0; t < 4; ++t) {
    const std::string points = Points(("t" + std::to_string(t)).c_str());
    EXPECT_EQ(std::count(points.begin(), points.end(), ' '), 50);
  }
}

}  // namespace
