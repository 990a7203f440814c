#include "engine/transaction/staging.h"

#include <algorithm>
#include <limits>

#include "engine/codec/codec_kernels.h"

namespace xtdb {

namespace {

// Exact: a staged column is wider than int64 only because a later, undone write widened it.
void NarrowToInt64(PointColumns& columns) {
  for (size_t row = 0; row < columns.size(); ++row) {
    if (columns.flags[row] != 0) continue;
    columns.bits[row] = FromInt64(static_cast<int64_t>(AsDouble(columns.bits[row])));
  }
  columns.type = ValueType::kInt64;
}

bool IsUtf8WithoutNul(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead == 0) return false;
    const size_t length = lead < 0x80   ? 1
                          : lead < 0xC2 ? 0
                          : lead < 0xE0 ? 2
                          : lead < 0xF0 ? 3
                          : lead < 0xF5 ? 4
                                        : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

Status CheckName(std::string_view name) {
  if (name.empty()) return Status::InvalidArgument("a tag's name cannot be empty");
  if (name.size() > kTagNameBytesMax) {
    return Status::InvalidArgument("a tag's name has at most " + std::to_string(kTagNameBytesMax) +
                                   " bytes, this one " + std::to_string(name.size()));
  }
  if (!IsUtf8WithoutNul(name)) {
    return Status::InvalidArgument("a tag's name must be UTF-8 text without NUL characters");
  }
  return Status();
}

}  // namespace

void Staging::AddBoundary(StagedTag& tag) {
  tag.boundaries_.push_back(
      {current_mark_, tag.columns_.size(), tag.columns_.text_heap.size(), tag.definition_});
}

void Staging::RollbackTo(Mark mark) {
  ++generation_;
  RollbackSpills(mark);
  for (auto it = tags_.begin(); it != tags_.end();) {
    StagedTag& tag = *it->second;
    if (tag.born_ > mark) {
      if (tag.is_new_) new_names_.erase(tag.definition_->name);
      it = tags_.erase(it);
      continue;
    }
    while (!tag.boundaries_.empty() && tag.boundaries_.back().mark > mark) {
      const StagedTag::Boundary& boundary = tag.boundaries_.back();
      tag.columns_.Truncate(boundary.rows);
      tag.columns_.text_heap.resize(boundary.text_bytes);
      if (tag.definition_->type != boundary.definition->type) {
        if (boundary.definition->type == ValueType::kInt64) NarrowToInt64(tag.columns_);
        tag.columns_.type = boundary.definition->type;
      }
      tag.definition_ = boundary.definition;
      tag.boundaries_.pop_back();
    }
    ++it;
  }
  staged_bytes_ = 0;
  for (const auto& [id, tag] : tags_) {
    staged_bytes_ += tag->columns_.size() * kStagedRowBytes + tag->columns_.text_heap.size();
  }
}

void Staging::RollbackSpills(Mark mark) {
  while (!spills_.empty() && spills_.back()->until > mark) {
    // Rows from before and after the mark would be in one group if nobody had held it.
    XTDB_CHECK(spills_.back()->after && *spills_.back()->after >= mark);
    spills_.pop_back();
  }
}

void Staging::Clear() {
  ++generation_;
  tags_.clear();
  new_names_.clear();
  spills_.clear();
  staged_bytes_ = 0;
}

StagedTag* Staging::Find(std::string_view name) {
  const auto staged = new_names_.find(name);
  if (staged != new_names_.end()) return tags_.at(staged->second).get();
  const TagPtr committed = dictionary_.Find(name);
  return committed ? Find(committed->id) : nullptr;
}

StagedTag* Staging::Find(TagId id) {
  const auto staged = tags_.find(id);
  if (staged != tags_.end()) return staged->second.get();
  TagPtr committed = dictionary_.Find(id);
  if (!committed) return nullptr;
  auto tag = std::make_unique<StagedTag>();
  tag->columns_.type = committed->type;
  tag->definition_ = std::move(committed);
  tag->born_ = current_mark_;
  return tags_.emplace(id, std::move(tag)).first->second.get();
}

Result<StagedTag*> Staging::Define(std::string_view name) {
  XTDB_RETURN_IF_ERROR(CheckName(name));
  const TagId id = dictionary_.AllocateId();
  if (id == kNoTag) return Status::ResourceExhausted("all 4,294,967,295 tag numbers are used");
  auto tag = std::make_unique<StagedTag>();
  tag->definition_ = std::make_shared<const TagDefinition>(
      TagDefinition{id, ValueType::kNone, std::string(name), "", ""});
  tag->is_new_ = true;
  tag->born_ = current_mark_;
  new_names_.emplace(std::string(name), id);
  return tags_.emplace(id, std::move(tag)).first->second.get();
}

Status Staging::SetDefinition(StagedTag& tag, TagDefinition definition) {
  if (definition.unit.size() > kTagUnitBytesMax) {
    return Status::InvalidArgument("a unit has at most " + std::to_string(kTagUnitBytesMax) +
                                   " bytes");
  }
  if (definition.description.size() > kTagDescriptionBytesMax) {
    return Status::InvalidArgument("a description has at most " +
                                   std::to_string(kTagDescriptionBytesMax) + " bytes");
  }
  if (!IsUtf8WithoutNul(definition.unit) || !IsUtf8WithoutNul(definition.description)) {
    return Status::InvalidArgument(
        "unit and description must be UTF-8 text without NUL characters");
  }
  Touch(tag);
  tag.definition_ = std::make_shared<const TagDefinition>(std::move(definition));
  return Status();
}

Status Staging::Rename(StagedTag& tag, std::string_view name) {
  XTDB_RETURN_IF_ERROR(CheckName(name));
  TagDefinition definition = *tag.definition_;
  definition.name = name;
  return SetDefinition(tag, std::move(definition));
}

void Staging::Append(StagedTag& tag, const Point& point) {
  Touch(tag);
  tag.increasing_ &= tag.columns_.empty() || tag.columns_.ts_us.back() < point.ts_us;
  tag.columns_.Append(point);
  tag.last_ts_ = std::max(tag.last_ts_, point.ts_us);
  staged_bytes_ += kStagedRowBytes + point.text.size();
}

namespace {

// Room for `more` elements, which grows as by insertions.
template <typename Column>
void MakeRoom(Column& column, size_t more) {
  const size_t needed = column.size() + more;
  if (needed > column.capacity()) column.reserve(std::max(needed, 2 * column.size()));
}

// Within the capacity, so that it does not throw.
template <typename T>
void AppendOr(std::vector<T>& column, std::span<const T> from, size_t count, T otherwise) {
  if (from.empty()) {
    column.resize(column.size() + count, otherwise);
  } else {
    column.insert(column.end(), from.begin(), from.end());
  }
}

}  // namespace

void Staging::Reserve(StagedTag& tag, size_t rows) {
  MakeRoom(tag.columns_.ts_us, rows);
  MakeRoom(tag.columns_.bits, rows);
  MakeRoom(tag.columns_.quality, rows);
  MakeRoom(tag.columns_.flags, rows);
}

void Staging::AppendRows(StagedTag& tag, const Rows& rows) {
  const size_t count = rows.ts_us.size();
  if (count == 0) return;
  Touch(tag);
  PointColumns& columns = tag.columns_;
  Reserve(tag, count);
  MakeRoom(columns.text_heap, rows.texts.size());

  const bool follows = columns.empty() || columns.ts_us.back() < rows.ts_us.front();
  const bool rises = Kernels().is_rising(rows.ts_us.data(), count);
  const int64_t last =
      rises ? rows.ts_us.back() : *std::max_element(rows.ts_us.begin(), rows.ts_us.end());
  tag.increasing_ &= follows && rises;
  tag.last_ts_ = std::max(tag.last_ts_, last);
  columns.ts_us.insert(columns.ts_us.end(), rows.ts_us.begin(), rows.ts_us.end());
  const size_t heap_begin = columns.text_heap.size();
  columns.bits.insert(columns.bits.end(), rows.bits.begin(), rows.bits.end());
  if (columns.type == ValueType::kText) {
    for (ValueBits& bits : std::span(columns.bits).last(count)) {
      const uint64_t length = TextRef::Length(bits);
      bits = length == 0 ? 0 : TextRef::Pack(heap_begin + TextRef::Offset(bits), length);
    }
    columns.text_heap.append(rows.texts);
  }
  AppendOr(columns.quality, rows.quality, count, kQualityGood);
  AppendOr(columns.flags, rows.flags, count, uint8_t{0});
  staged_bytes_ += count * kStagedRowBytes + rows.texts.size();
}

void Staging::ChangeType(StagedTag& tag, ValueType type) {
  Touch(tag);
  if (tag.type() == ValueType::kInt64 && type == ValueType::kFloat64) WidenToFloat64(tag.columns_);
  tag.columns_.type = type;
  TagDefinition definition = *tag.definition_;
  definition.type = type;
  tag.definition_ = std::make_shared<const TagDefinition>(std::move(definition));
}

bool Staging::NeedsDefinition(const StagedTag& tag) {
  return tag.is_new_ ||
         (!tag.boundaries_.empty() && tag.boundaries_.front().definition != tag.definition_);
}

size_t Staging::RowsAt(const StagedTag& tag, Mark mark) {
  for (const StagedTag::Boundary& boundary : tag.boundaries_) {
    if (boundary.mark > mark) return boundary.rows;
  }
  return tag.columns_.size();
}

std::optional<MemoryRun> Staging::RunAt(TagId id, Mark mark, int64_t ts_from, int64_t ts_to) const {
  const auto it = tags_.find(id);
  if (it == tags_.end()) return std::nullopt;
  const PointColumns& columns = it->second->columns_;
  const size_t rows = RowsAt(*it->second, mark);
  auto run = std::make_shared<PointColumns>();
  run->type = columns.type;
  if (it->second->increasing_) {
    const auto begin = columns.ts_us.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(rows);
    const auto first = std::lower_bound(begin, end, ts_from);
    const auto last = std::upper_bound(first, end, ts_to);
    run->AppendRange(columns, static_cast<size_t>(first - begin),
                     static_cast<size_t>(last - begin));
    if (run->empty()) return std::nullopt;
    return MemoryRun{std::move(run), kMaxLsn};
  }
  for (size_t row = 0; row < rows; ++row) {
    if (columns.ts_us[row] >= ts_from && columns.ts_us[row] <= ts_to) run->AppendRow(columns, row);
  }
  if (run->empty()) return std::nullopt;
  *run = SortedUnique(std::move(*run));
  return MemoryRun{std::move(run), kMaxLsn};
}

TagPtr Staging::FindDefinition(std::string_view name, Mark mark) const {
  const auto it = new_names_.find(name);
  return it == new_names_.end() ? nullptr : FindDefinition(it->second, mark);
}

TagPtr Staging::FindDefinition(TagId id, Mark mark) const {
  const auto it = tags_.find(id);
  if (it == tags_.end() || it->second->born_ > mark) return nullptr;
  // Rows staged later may have widened the columns that a plan of this mark reads.
  return it->second->definition_;
}

std::vector<TagPtr> Staging::NewTags(Mark mark) const {
  std::vector<TagPtr> tags;
  for (const auto& [name, id] : new_names_) {
    TagPtr tag = FindDefinition(id, mark);
    if (tag) tags.push_back(std::move(tag));
  }
  return tags;
}

int64_t Staging::LastTs(TagId id) const {
  const auto it = tags_.find(id);
  return it == tags_.end() ? std::numeric_limits<int64_t>::min() : it->second->last_ts_;
}

bool Staging::HasChangedType(const StagedTag& tag, Mark first_held) {
  return std::any_of(
      tag.boundaries_.begin(), tag.boundaries_.end(), [&](const StagedTag::Boundary& boundary) {
        return boundary.mark > first_held && boundary.definition->type != ValueType::kNone &&
               boundary.definition->type != tag.type();
      });
}

std::vector<Staging::Leaving> Staging::RowsToSpill() {
  const std::vector<Mark> held = held_marks_->Distinct();
  std::vector<const StagedTag*> tags;
  for (const auto& [id, tag] : tags_) {
    if (tag->columns_.empty() || (!held.empty() && HasChangedType(*tag, held.front()))) continue;
    tags.push_back(tag.get());
  }
  std::sort(tags.begin(), tags.end(),
            [](const StagedTag* a, const StagedTag* b) { return a->id() < b->id(); });
  std::vector<Leaving> leaving(held.size() + 1);
  for (size_t i = 0; i < leaving.size(); ++i) {
    if (i > 0) leaving[i].after = held[i - 1];
    leaving[i].until = i == held.size() ? TakeMark() : held[i];
    for (const StagedTag* tag : tags) {
      const size_t begin = i == 0 ? 0 : RowsAt(*tag, held[i - 1]);
      const size_t end = i == held.size() ? tag->columns_.size() : RowsAt(*tag, held[i]);
      if (begin == end) continue;
      Leaving::Rows& rows = leaving[i].tags.emplace_back();
      rows.tag = tag->id();
      if (tag->increasing_ && end - begin == tag->columns_.size()) {
        rows.staged = &tag->columns_;
        continue;
      }
      rows.own.type = tag->columns_.type;
      rows.own.AppendRange(tag->columns_, begin, end);
      rows.own = SortedUnique(std::move(rows.own));
    }
  }
  std::erase_if(leaving, [](const Leaving& one) { return one.tags.empty(); });
  return leaving;
}

void Staging::Spill(const std::vector<Leaving>& leaving, SpillGroups groups) {
  for (const Leaving& one : leaving) {
    for (const Leaving::Rows& rows : one.tags) {
      StagedTag& tag = *tags_.at(rows.tag);
      staged_bytes_ -= std::min(
          staged_bytes_, tag.columns_.size() * kStagedRowBytes + tag.columns_.text_heap.size());
      tag.columns_.Clear();
      tag.increasing_ = true;
      for (StagedTag::Boundary& boundary : tag.boundaries_) {
        boundary.rows = 0;
        boundary.text_bytes = 0;
      }
    }
  }
  spills_.insert(spills_.end(), std::make_move_iterator(groups.begin()),
                 std::make_move_iterator(groups.end()));
}

SpillGroups Staging::SpillsAt(Mark mark) const {
  SpillGroups visible;
  for (const auto& group : spills_) {
    if (!group->after || *group->after < mark) visible.push_back(group);
  }
  return visible;
}

bool Staging::empty() const {
  return spills_.empty() && std::none_of(tags_.begin(), tags_.end(), [](const auto& item) {
           return !item.second->columns_.empty() || NeedsDefinition(*item.second);
         });
}

uint64_t Staging::row_count() const {
  uint64_t rows = 0;
  for (const auto& [id, tag] : tags_) rows += tag->columns_.size();
  return rows;
}

size_t Staging::MemoryBytes() const {
  size_t bytes = 0;
  for (const auto& [id, tag] : tags_) {
    // What rows have left for blocks waits for more of them.
    if (!tag->columns_.empty()) bytes += tag->columns_.MemoryBytes();
  }
  return bytes;
}

}  // namespace xtdb
