#pragma once

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "engine/storage_engine.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {

inline constexpr const char* kHistoryTags[] = {"int", "real", "text", "widens"};

struct HistoryShape {
  size_t rows_max = 100;       // of a commit and tag
  size_t step_max = 6;         // between two of its rows, in microseconds
  int64_t unit_us = 1;         // of all times
  bool has_odd_reals = false;  // NaN and such that sums round
};

// A container with a random history of commits, flushes, seals and compactions, and at times a
// transaction under way.
class RandomHistory {
 public:
  explicit RandomHistory(uint64_t seed, const HistoryShape& shape = {})
      : shape_(shape), random_(seed), fs_(seed) {}

  void Make() {
    EngineOptions options;
    options.storage.chunk_size_bytes = 4 * kMiB;
    ASSERT_OK_AND_ASSIGN(engine_, StorageEngine::Open(fs_, clock_, "/plant.xtdb", options));
    for (size_t step = 4 + Below(12); step > 0; --step) {
      if (Below(4) == 0) {
        ASSERT_OK(Below(4) == 0 ? engine_->Seal(0) : engine_->Flush(0));
        if (Below(8) == 0) {
          ASSERT_OK(engine_->Compact(CompactionScope::kRaw, 0));
        }
        continue;
      }
      ASSERT_OK_AND_ASSIGN(const auto transaction, engine_->Begin(0));
      Stage(*transaction);
      ASSERT_OK(transaction->Prepare());
      transaction->Commit();
    }
    view_.snapshot = engine_->TakeSnapshot().value();
    if (Below(2) == 0) {  // later than the snapshot
      ASSERT_OK(engine_->WritePoint("real", 3, Value::Real(77), kQualityGood));
      ASSERT_OK(engine_->Flush(0));
    }
    if (Below(2) == 0) {
      ASSERT_OK_AND_ASSIGN(transaction_, engine_->Begin(0));
      Stage(*transaction_);
      view_.staging = &transaction_->staging();
      view_.mark = transaction_->TakeMark();
      if (Below(2) == 0) Stage(*transaction_);
    }
  }

  const ReadView& view() const { return view_; }
  size_t Below(size_t bound) { return random_() % bound; }
  std::mt19937_64& random() { return random_; }

 private:
  void Stage(Transaction& transaction) {
    const std::string name = kHistoryTags[Below(4)];
    ASSERT_OK_AND_ASSIGN(StagedTag* const tag, transaction.FindOrDefineTag(name));
    int64_t ts_us = static_cast<int64_t>(Below(4 * shape_.rows_max));
    const size_t step_max = 1 + Below(shape_.step_max);
    const bool has_deleted = Below(4) != 0;
    std::optional<Quality> of_all;
    if (Below(4) == 0) of_all = Below(2) == 0 ? kQualityBad : kQualityUncertain;
    for (size_t count = 1 + Below(shape_.rows_max); count > 0; --count) {
      ts_us += 1 + static_cast<int64_t>(Below(step_max));
      if (has_deleted && Below(8) == 0) {
        ASSERT_OK(transaction.Delete(*tag, ts_us * shape_.unit_us));
        continue;
      }
      // At times all of a commit is bad, or uncertain: whole blocks are, then.
      const Quality quality = of_all ? *of_all : Below(5) == 0 ? kQualityBad : kQualityGood;
      ASSERT_OK(transaction.Write(*tag, ts_us * shape_.unit_us, RandomValue(name), quality));
    }
  }

  Value RandomValue(const std::string& name) {
    const int64_t number = static_cast<int64_t>(Below(9));
    if (Below(10) == 0) return Value::Null();
    if (name == "text") return Value::Text(std::string_view("abcdefghij").substr(0, Below(10)));
    if (name == "real" && shape_.has_odd_reals) return OddReal();
    if (name == "real") return Value::Real(static_cast<double>(number) / 2);
    if (name == "widens" && Below(200) == 0) return Value::Real(0.5);
    return Value::Integer(number);
  }

  Value OddReal() {
    if (Below(50) == 0) return Value::Real(std::numeric_limits<double>::quiet_NaN());
    return Value::Real(1e6 + static_cast<double>(Below(1'000'000)) / 7);
  }

  const HistoryShape shape_;
  std::mt19937_64 random_;
  FaultyFileSystem fs_;
  FakeClock clock_;
  std::shared_ptr<StorageEngine> engine_;
  std::unique_ptr<Transaction> transaction_;
  ReadView view_;
};

}  // namespace xtdb
