#include "vtab/csv/point_batch_reader.h"

namespace xtdb {

PointBatchReader::PointBatchReader(CsvReader& reader, CsvTagTable& tags,
                                   const CsvBatchOptions& options)
    : reader_(reader),
      tags_(tags),
      options_(options),
      tags_told_(tags.size()),
      records_to_boundary_(options.records_to_boundary) {}

Result<bool> PointBatchReader::Next(CsvBatch& batch) {
  batch.Clear();
  if (!ended_) {
    failure_ = Fill(batch);
    ended_ = ended_ || !failure_.ok();
    for (; tags_told_ < tags_.size(); ++tags_told_) {
      batch.new_tags.emplace_back(tags_.name(tags_told_));
    }
    batch.bytes_consumed = reader_.bytes_consumed();
    batch.Group(tags_.size());
    if (options_.records_per_boundary != 0) {
      records_to_boundary_ -= batch.records().size();
      if (records_to_boundary_ == 0) records_to_boundary_ = options_.records_per_boundary;
    }
  }
  if (!batch.empty()) return true;
  if (!failure_.ok()) return failure_;
  return false;
}

}  // namespace xtdb
