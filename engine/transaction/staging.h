#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/buffer/tag_buffer.h"
#include "engine/catalog/tag_dictionary.h"
#include "engine/transaction/spill.h"
#include "engine/transaction/value.h"

namespace xtdb {

// Of a staged row without its text: time, value, quality, flags.
inline constexpr size_t kStagedRowBytes = 18;

// The rows of one tag in one transaction, in order of writing.
class StagedTag {
 public:
  const TagDefinition& definition() const { return *definition_; }
  const TagPtr& tag() const { return definition_; }
  TagId id() const { return definition_->id; }
  ValueType type() const { return definition_->type; }
  const PointColumns& columns() const { return columns_; }
  bool increasing() const { return increasing_; }
  // For a commit, behind which the staging is of no more use.
  PointColumns&& GiveColumns() { return std::move(columns_); }

 private:
  friend class Staging;
  // At a mark m: the first boundary with mark > m tells the length then; none: the whole.
  struct Boundary {
    Mark mark;
    size_t rows;
    size_t text_bytes;
    TagPtr definition;
  };
  TagPtr definition_;
  bool is_new_ = false;  // not in the dictionary before this transaction
  Mark born_ = 0;        // staged at all only after this mark
  int64_t last_ts_ =
      std::numeric_limits<int64_t>::min();  // never lowered, not by a rollback either
  PointColumns columns_;
  // Whether the times of columns_ are strictly increasing; may stay false where a rollback made
  // them so again.
  bool increasing_ = true;
  std::vector<Boundary> boundaries_;
};

// What a transaction has written and not yet committed: rows and tag definitions, with O(1) marks
// for savepoints and statements.
//
// Ownership: borrows `dictionary`.
// Threads:   one connection's.
class Staging {
 public:
  explicit Staging(TagDictionary& dictionary) : dictionary_(dictionary) {}

  // The moment now: later writes belong to later marks.
  Mark TakeMark() { return current_mark_++; }
  // While it lives, `mark` may be rolled back to and read at; once rows have left memory, no other.
  MarkHold Hold(Mark mark) { return MarkHold(held_marks_, mark); }
  // Undoes every write and definition after `mark`. StagedTag pointers die: generation() changes.
  void RollbackTo(Mark mark);
  void Clear();
  uint64_t generation() const { return generation_; }

  // The tag by name, committed or staged; nullptr if there is none.
  StagedTag* Find(std::string_view name);
  StagedTag* Find(TagId id);
  // Defines a new tag. kInvalidArgument for an empty or too long name or one that is no UTF-8 text
  // without NULs; kResourceExhausted when the numbers are used up.
  Result<StagedTag*> Define(std::string_view name);
  Status SetDefinition(StagedTag& tag, TagDefinition definition);
  // Find goes on by the name that is committed.
  Status Rename(StagedTag& tag, std::string_view name);

  void Append(StagedTag& tag, const Point& point);
  // A value of a type other than text.
  void AppendNumber(StagedTag& tag, int64_t ts_us, ValueBits bits, Quality quality) {
    Touch(tag);
    PointColumns& columns = tag.columns_;
    tag.increasing_ &= columns.empty() || columns.ts_us.back() < ts_us;
    columns.ts_us.push_back(ts_us);
    columns.bits.push_back(bits);
    columns.quality.push_back(quality);
    columns.flags.push_back(0);
    tag.last_ts_ = std::max(tag.last_ts_, ts_us);
    staged_bytes_ += kStagedRowBytes;
  }
  // Rows whose values are the tag's already; of texts, references into `texts`. On an exception
  // nothing is staged.
  struct Rows {
    std::span<const int64_t> ts_us;
    std::span<const ValueBits> bits;   // of NULL and deleted ones 0
    std::span<const Quality> quality;  // empty: all good
    std::span<const uint8_t> flags;    // empty: none set
    std::string_view texts = {};
  };
  void AppendRows(StagedTag& tag, const Rows& rows);
  // So that rows of numbers, as many as that, are appended without allocating.
  static void Reserve(StagedTag& tag, size_t rows);
  // Sets the type of an untyped tag, or widens kInt64 to kFloat64; staged rows are converted.
  void ChangeType(StagedTag& tag, ValueType type);

  // What the transaction itself has written before `mark` in [ts_from, ts_to], as one run of rank
  // kMaxLsn.
  std::optional<MemoryRun> RunAt(TagId tag, Mark mark, int64_t ts_from, int64_t ts_to) const;
  // The tag as this transaction sees it, if it has touched it before `mark`. By name: new ones
  // only.
  TagPtr FindDefinition(std::string_view name, Mark mark) const;
  TagPtr FindDefinition(TagId id, Mark mark) const;
  std::vector<TagPtr> NewTags(Mark mark) const;  // by name
  int64_t LastTs(TagId tag) const;               // INT64_MIN if none staged

  // Rows to leave memory, as they were staged between two held marks; those of a tag whose type has
  // changed since the first of these stay. Valid until the staging changes.
  struct Leaving {
    std::optional<Mark> after;  // none: from the transaction's begin on
    Mark until = 0;
    struct Rows {
      TagId tag = kNoTag;
      const PointColumns* staged = nullptr;  // all rows of the tag as they stand, or
      PointColumns own;                      // some of them, or all in order
      const PointColumns& columns() const { return staged != nullptr ? *staged : own; }
    };
    std::vector<Rows> tags;  // by tag, ts strictly increasing
  };
  std::vector<Leaving> RowsToSpill();
  // Takes these rows out of memory; `groups` stand for them.
  void Spill(const std::vector<Leaving>& leaving, SpillGroups groups);
  const SpillGroups& spills() const { return spills_; }
  // Tells plans that read them that they are gone, before their place is given to others.
  void NoteRollback() { *is_rolled_back_ = true; }
  std::shared_ptr<const std::atomic<bool>> is_rolled_back() const { return is_rolled_back_; }
  // Those written before `mark`.
  SpillGroups SpillsAt(Mark mark) const;

  bool empty() const;
  uint64_t row_count() const;  // in memory
  // About what the rows take, for the budget: cheap.
  size_t StagedBytes() const { return staged_bytes_; }
  size_t MemoryBytes() const;
  // For the log: tags with rows or definitions.
  const std::unordered_map<TagId, std::unique_ptr<StagedTag>>& tags() const { return tags_; }
  // Whether the log needs a DEFINE_TAG of it: new, or its definition changed.
  static bool NeedsDefinition(const StagedTag& tag);

 private:
  // Notes the boundary before a change.
  void Touch(StagedTag& tag) {
    if (tag.boundaries_.empty() || tag.boundaries_.back().mark != current_mark_) AddBoundary(tag);
  }
  void AddBoundary(StagedTag& tag);
  static size_t RowsAt(const StagedTag& tag, Mark mark);
  // Whether the tag's type was another one at a held mark.
  static bool HasChangedType(const StagedTag& tag, Mark first_held);
  void RollbackSpills(Mark mark);

  TagDictionary& dictionary_;
  std::unordered_map<TagId, std::unique_ptr<StagedTag>> tags_;
  std::map<std::string, TagId, std::less<>> new_names_;
  Mark current_mark_ = 0;
  uint64_t generation_ = 0;
  const std::shared_ptr<HeldMarks> held_marks_ = std::make_shared<HeldMarks>();
  SpillGroups spills_;
  const std::shared_ptr<std::atomic<bool>> is_rolled_back_ =
      std::make_shared<std::atomic<bool>>(false);
  size_t staged_bytes_ = 0;
};

}  // namespace xtdb
