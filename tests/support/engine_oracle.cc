#include "tests/support/engine_oracle.h"

#include <algorithm>
#include <limits>
#include <ostream>
#include <vector>

namespace xtdb {

namespace {

struct RankedRows {
  LSN rank;
  PointColumns columns;
};

void Lay(const std::string& tag, const PointColumns& columns, TestPoints& points) {
  for (size_t row = 0; row < columns.size(); ++row) {
    const auto key = std::make_pair(tag, columns.ts_us[row]);
    if ((columns.flags[row] & kPointDeleted) != 0) {
      points.erase(key);
      continue;
    }
    TestPoint point;
    point.quality = columns.quality[row];
    if ((columns.flags[row] & kPointNull) == 0) {
      point.type = columns.type;
      if (columns.type == ValueType::kText) {
        point.text = columns.TextAt(row);
      } else {
        point.bits = columns.bits[row];
      }
    }
    points[key] = point;
  }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const TestPoint& point) {
  return out << "{type " << static_cast<int>(point.type) << ", bits " << point.bits << ", text '"
             << point.text.substr(0, 40) << "', quality " << static_cast<int>(point.quality) << "}";
}

Result<TestPoints> ReadAll(const ReadView& view) {
  TestPoints points;
  for (const TagPtr& tag : view.AllTags()) {
    ReadView::Sources sources;
    XTDB_RETURN_IF_ERROR(view.FindSources(tag->id, std::numeric_limits<int64_t>::min(),
                                          std::numeric_limits<int64_t>::max(), sources));
    std::vector<RankedRows> all;
    for (const BlockRef& block : sources.blocks) {
      XTDB_ASSIGN_OR_RETURN(const auto loaded, view.Load(block));
      RankedRows rows{block.entry->through_lsn, {}};
      const VectorTable table = loaded->TableOf(tag->id);
      rows.columns.type = table.type;
      for (size_t i = 0; i < table.vectors.size(); ++i) {
        XTDB_RETURN_IF_ERROR(loaded->DecodeVectorAt(table.first_vector + i, rows.columns));
      }
      RankedRows visible{rows.rank, {}};
      visible.columns.type = rows.columns.type;
      for (size_t row = 0; row < rows.columns.size(); ++row) {
        if (rows.columns.ts_us[row] < block.first_visible_us) continue;
        visible.columns.AppendRow(rows.columns, row);
      }
      all.push_back(std::move(visible));
    }
    for (const MemoryRun& run : sources.runs) all.push_back({run.rank, *run.columns});
    std::stable_sort(all.begin(), all.end(),
                     [](const RankedRows& a, const RankedRows& b) { return a.rank < b.rank; });
    for (RankedRows& rows : all) {
      if (IsInteger(rows.columns.type) && tag->type == ValueType::kFloat64) {
        WidenToFloat64(rows.columns);
      }
      Lay(tag->name, rows.columns, points);
    }
  }
  return points;
}

Result<TestPoints> ReadAll(StorageEngine& engine) {
  ReadView view;
  XTDB_ASSIGN_OR_RETURN(view.snapshot, engine.TakeSnapshot());
  return ReadAll(view);
}

}  // namespace xtdb
