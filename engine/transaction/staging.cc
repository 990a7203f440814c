#include "engine/transaction/staging.h"

#include <algorithm>
#include <limits>

namespace xtdb {

namespace {

// Of a row without its text: time, value, quality, flags.
constexpr size_t kRowBytes = 18;

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

void Staging::Touch(StagedTag& tag) {
  if (!tag.boundaries_.empty() && tag.boundaries_.back().mark == current_mark_) return;
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
    staged_bytes_ += tag->columns_.size() * kRowBytes + tag->columns_.text_heap.size();
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

void Staging::Append(StagedTag& tag, const Point& point) {
  Touch(tag);
  tag.columns_.Append(point);
  tag.last_ts_ = std::max(tag.last_ts_, point.ts_us);
  staged_bytes_ += kRowBytes + point.text.size();
}

void Staging::AppendRows(StagedTag& tag, std::span<const int64_t> ts_us,
                         std::span<const ValueBits> bits, std::span<const Quality> quality) {
  Touch(tag);
  PointColumns& columns = tag.columns_;
  columns.ts_us.insert(columns.ts_us.end(), ts_us.begin(), ts_us.end());
  columns.bits.insert(columns.bits.end(), bits.begin(), bits.end());
  if (quality.empty()) {
    columns.quality.resize(columns.size(), kQualityGood);
  } else {
    columns.quality.insert(columns.quality.end(), quality.begin(), quality.end());
  }
  columns.flags.resize(columns.size(), 0);
  for (const int64_t ts : ts_us) tag.last_ts_ = std::max(tag.last_ts_, ts);
  staged_bytes_ += ts_us.size() * kRowBytes;
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
  for (size_t row = 0; row < rows; ++row) {
    if (columns.ts_us[row] >= ts_from && columns.ts_us[row] <= ts_to) run->AppendRow(columns, row);
  }
  if (run->empty()) return std::nullopt;
  if (!run->IsStrictlyIncreasing()) *run = SortedUnique(*run);
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
      PointColumns rows;
      rows.type = tag->columns_.type;
      rows.AppendRange(tag->columns_, begin, end);
      leaving[i].tags.emplace_back(tag->id(), SortedUnique(rows));
    }
  }
  std::erase_if(leaving, [](const Leaving& one) { return one.tags.empty(); });
  return leaving;
}

void Staging::Spill(const std::vector<Leaving>& leaving, SpillGroups groups) {
  for (const Leaving& one : leaving) {
    for (const auto& [id, rows] : one.tags) {
      StagedTag& tag = *tags_.at(id);
      staged_bytes_ -=
          std::min(staged_bytes_, tag.columns_.size() * kRowBytes + tag.columns_.text_heap.size());
      tag.columns_.Clear();
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
  for (const auto& [id, tag] : tags_) bytes += tag->columns_.MemoryBytes();
  return bytes;
}

}  // namespace xtdb
