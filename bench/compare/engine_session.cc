#include "bench/compare/engine_session.h"

#include <algorithm>

#include "bench/common/text.h"
#include "engine/io/clock.h"

namespace xtdb::bench {
namespace {

constexpr int64_t kTimeoutUs = 10'000'000;
constexpr size_t kBatchPoints = 10'000;

void Require(const Status& status) {
  if (!status.ok()) Fail(status.ToString());
}

template <typename T>
T Require(Result<T> result) {
  Require(result.status());
  return std::move(result).value();
}

void CommitIt(Transaction& transaction) {
  Require(transaction.Prepare());
  transaction.Commit();
}

}  // namespace

EngineSession::EngineSession(const std::filesystem::path& folder, Synchronous synchronous) {
  EngineOptions options;
  options.synchronous = synchronous;
  engine_ = Require(
      StorageEngine::Open(PosixFileSystem(), SystemClock(), (folder / "x.xtdb").string(), options));
}

EngineSession::~EngineSession() { Require(engine_->Close()); }

void EngineSession::AppendSeries(const Dataset& data, const std::vector<TagSeries>& series) {
  const auto transaction = Require(engine_->Begin(kTimeoutUs));
  for (size_t tag = 0; tag < series.size(); ++tag) {
    StagedTag& handle = *Require(transaction->FindOrDefineTag(data.tags[tag]));
    const TagSeries& one = series[tag];
    for (size_t at = 0; at < one.ts_us.size(); at += kBatchPoints) {
      const size_t count = std::min(kBatchPoints, one.ts_us.size() - at);
      Require(
          transaction->WriteColumn(handle, {std::span(one.ts_us).subspan(at, count),
                                            std::span<const double>(one.value).subspan(at, count),
                                            {},
                                            {}}));
    }
  }
  CommitIt(*transaction);
}

void EngineSession::WritePoints(const Dataset& data, size_t begin, size_t end) {
  const auto transaction = Require(engine_->Begin(kTimeoutUs));
  std::vector<StagedTag*> handles(data.tags.size());
  for (size_t i = begin; i < end; ++i) {
    StagedTag*& handle = handles[data.tag[i]];
    if (handle == nullptr) handle = Require(transaction->FindOrDefineTag(data.tags[data.tag[i]]));
    Require(transaction->Write(*handle, data.ts_us[i], Value::Real(data.value[i]), kQualityGood));
  }
  CommitIt(*transaction);
}

void EngineSession::WritePoint(const Dataset& data, size_t i) {
  Require(engine_->WritePoint(data.tags[data.tag[i]], data.ts_us[i], Value::Real(data.value[i]),
                              kQualityGood));
}

}  // namespace xtdb::bench
