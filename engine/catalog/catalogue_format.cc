#include "engine/catalog/catalogue_format.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace xtdb {
namespace {

// The byte behind a name: the value type, and whether unit and description follow.
constexpr uint8_t kTypeMask = 0x07;
constexpr uint8_t kHasUnit = 0x08;
constexpr uint8_t kHasDescription = 0x10;
constexpr uint8_t kInterpolationMask = 0x60;
constexpr int kInterpolationShift = 5;
constexpr uint8_t kTagFlagsAll = kTypeMask | kHasUnit | kHasDescription | kInterpolationMask;
// Shared prefix, suffix length, one byte of name, number, type.
constexpr size_t kTagBytesMin = 5;

size_t SharedPrefix(std::string_view a, std::string_view b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                             a.begin());
}

// Numbers are usually given out in nearly the order of names, so that differences take a byte.
// Modulo 2^32, so that each pair of numbers has one spelling.
uint32_t ZigZag(TagId id, TagId before) {
  const uint32_t difference = id - before;
  return (difference << 1) ^ (0 - (difference >> 31));
}
TagId UnZigZag(uint32_t code, TagId before) { return before + ((code >> 1) ^ (0 - (code & 1))); }

class Writer {
 public:
  void Bytes(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }
  template <typename T>
  void Struct(const T& value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }
  void Varint(uint32_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<std::byte>(value | 0x80));
    out_.push_back(static_cast<std::byte>(value));
  }
  void Text(std::string_view text) {
    Varint(static_cast<uint32_t>(text.size()));
    Bytes(text);
  }
  std::vector<std::byte> Finish() {
    Struct(Crc32(out_));
    return std::move(out_);
  }

 private:
  std::vector<std::byte> out_;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> in) : in_(in) {}
  size_t left() const { return in_.size(); }
  template <typename T>
  bool Struct(T& value) {
    if (in_.size() < sizeof(T)) return false;
    std::memcpy(&value, in_.data(), sizeof(T));
    in_ = in_.subspan(sizeof(T));
    return true;
  }
  // False at the end of the bytes, past 32 bits, and for more bytes than the value needs.
  bool Varint(uint32_t& value) {
    uint64_t bits = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      uint8_t byte = 0;
      if (!Struct(byte)) return false;
      bits |= uint64_t{byte & 0x7FU} << shift;
      if (byte >= 0x80) continue;
      value = static_cast<uint32_t>(bits);
      return bits == value && (byte != 0 || shift == 0);
    }
    return false;
  }
  bool Text(size_t size, std::string& out) {
    if (in_.size() < size) return false;
    out.append(reinterpret_cast<const char*>(in_.data()), size);
    in_ = in_.subspan(size);
    return true;
  }

 private:
  std::span<const std::byte> in_;
};

template <typename T>
bool AllDifferent(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  return std::adjacent_find(values.begin(), values.end()) == values.end();
}

template <typename Items, typename Member>
auto Column(const Items& items, Member member) {
  std::vector<std::decay_t<decltype(items[0].*member)>> values;
  values.reserve(items.size());
  for (const auto& item : items) values.push_back(item.*member);
  return values;
}

// The rules that need the whole catalogue; the same before a write and after a read.
const char* WholeFault(const Catalogue& catalogue) {
  if (!AllDifferent(Column(catalogue.tags, &TagDefinition::id))) return "a tag number twice";
  if (!AllDifferent(Column(catalogue.chunks, &ChunkTableEntry::slot))) return "a slot twice";
  if (!AllDifferent(Column(catalogue.chunks, &ChunkTableEntry::chunk_sequence))) {
    return "a chunk twice";
  }
  return nullptr;
}

const char* TagFault(const TagDefinition& tag) {
  if (tag.id == kNoTag) return "tag number 0";
  if (static_cast<uint8_t>(tag.type) > kValueTypeLast) return "value type of a tag";
  if (static_cast<uint8_t>(tag.interpolation) > kInterpolationLast) return "interpolation of a tag";
  if (tag.name.empty() || tag.name.size() > kTagNameBytesMax) return "length of a tag's name";
  if (tag.unit.size() > kTagUnitBytesMax) return "length of a unit";
  if (tag.description.size() > kTagDescriptionBytesMax) return "length of a description";
  return nullptr;
}

const char* ChunkFault(const ChunkTableEntry& chunk) {
  if (!IsChunkKind(static_cast<uint32_t>(chunk.kind))) return "kind of a chunk";
  if (static_cast<uint32_t>(chunk.state) > static_cast<uint32_t>(ChunkState::kFree)) {
    return "state of a chunk";
  }
  if (chunk.slot > kSlotMax) return "slot of a chunk";
  if (chunk.chunk_sequence == 0 || chunk.chunk_sequence > kCounterMax) return "number of a chunk";
  if (!CheckSources(chunk.kind, chunk.chunk_sequence, chunk.sources).ok()) {
    return "chunks that a chunk stands for";
  }
  if (!CheckChunkSummary(chunk.summary).ok()) return "summary of a chunk";
  return nullptr;
}

Status Damaged(const char* what) {
  return Status::Corruption(std::string("catalogue: ") + what + "; run xtdb salvage");
}

void EncodeTag(const TagDefinition& tag, const TagDefinition& before, Writer& writer) {
  const size_t shared = SharedPrefix(before.name, tag.name);
  writer.Varint(static_cast<uint32_t>(shared));
  writer.Text(std::string_view(tag.name).substr(shared));
  writer.Varint(ZigZag(tag.id, before.id));
  const int flags = static_cast<int>(tag.type) | (tag.unit.empty() ? 0 : kHasUnit) |
                    (tag.description.empty() ? 0 : kHasDescription) |
                    (static_cast<int>(tag.interpolation) << kInterpolationShift);
  writer.Struct(static_cast<uint8_t>(flags));
  if (!tag.unit.empty()) writer.Text(tag.unit);
  if (!tag.description.empty()) writer.Text(tag.description);
}

// A text that its flag promises: never empty, else there were two spellings.
bool DecodeText(Reader& reader, std::string& out) {
  uint32_t size = 0;
  return reader.Varint(size) && size > 0 && reader.Text(size, out);
}

Status DecodeTag(Reader& reader, const TagDefinition& before, TagDefinition& tag) {
  uint32_t shared = 0;
  uint32_t suffix = 0;
  uint32_t id = 0;
  uint8_t flags = 0;
  if (!reader.Varint(shared) || shared > before.name.size() || !reader.Varint(suffix) ||
      suffix > kTagNameBytesMax) {
    return Damaged("name of a tag");
  }
  tag.name.reserve(shared + suffix);
  tag.name.append(before.name, 0, shared);
  if (!reader.Text(suffix, tag.name)) return Damaged("name of a tag");
  if (tag.name <= before.name || SharedPrefix(before.name, tag.name) != shared) {
    return Damaged("order of the tags' names");
  }
  if (!reader.Varint(id)) return Damaged("number of a tag");
  tag.id = UnZigZag(id, before.id);
  if (!reader.Struct(flags) || (flags & ~kTagFlagsAll) != 0) return Damaged("flags of a tag");
  tag.type = static_cast<ValueType>(flags & kTypeMask);
  tag.interpolation =
      static_cast<Interpolation>((flags & kInterpolationMask) >> kInterpolationShift);
  if ((flags & kHasUnit) != 0 && !DecodeText(reader, tag.unit)) return Damaged("unit of a tag");
  if ((flags & kHasDescription) != 0 && !DecodeText(reader, tag.description)) {
    return Damaged("description of a tag");
  }
  if (const char* fault = TagFault(tag)) return Damaged(fault);
  return Status();
}

Status DecodeChunk(Reader& reader, ChunkTableEntry& entry) {
  CatalogueChunk chunk;
  if (!reader.Struct(chunk)) return Damaged("chunk table");
  // Before the narrowing conversions below.
  if (chunk.state > static_cast<uint32_t>(ChunkState::kFree)) return Damaged("state of a chunk");
  if (chunk.reserved != 0) return Damaged("reserved bytes of a chunk");
  entry.slot = chunk.slot;
  entry.kind = static_cast<ChunkKind>(chunk.kind);
  entry.chunk_sequence = chunk.chunk_sequence;
  entry.state = static_cast<ChunkState>(chunk.state);
  entry.sources = chunk.sources;
  entry.summary = chunk.summary;
  if (const char* fault = ChunkFault(entry)) return Damaged(fault);
  return Status();
}

Status CheckInput(const Catalogue& catalogue) {
  const auto refuse = [](const char* fault) {
    return Status::InvalidArgument(std::string("catalogue: ") + fault);
  };
  for (const TagDefinition& tag : catalogue.tags) {
    if (const char* fault = TagFault(tag)) return refuse(fault);
  }
  for (const ChunkTableEntry& chunk : catalogue.chunks) {
    if (const char* fault = ChunkFault(chunk)) return refuse(fault);
  }
  if (const char* fault = WholeFault(catalogue)) return refuse(fault);
  return Status();
}

}  // namespace

Result<std::vector<std::byte>> EncodeCatalogue(const Catalogue& catalogue) {
  XTDB_RETURN_IF_ERROR(CheckInput(catalogue));
  std::vector<const TagDefinition*> tags;
  tags.reserve(catalogue.tags.size());
  for (const TagDefinition& tag : catalogue.tags) tags.push_back(&tag);
  std::sort(tags.begin(), tags.end(), [](auto a, auto b) { return a->name < b->name; });

  CatalogueHeader header;
  header.tag_count = static_cast<uint32_t>(tags.size());
  header.chunk_count = static_cast<uint32_t>(catalogue.chunks.size());
  Writer writer;
  writer.Struct(header);
  const TagDefinition none;
  const TagDefinition* before = &none;
  for (const TagDefinition* tag : tags) {
    if (tag->name == before->name) {
      return Status::InvalidArgument("catalogue: the name '" + tag->name + "' twice");
    }
    EncodeTag(*tag, *before, writer);
    before = tag;
  }
  for (const ChunkTableEntry& chunk : catalogue.chunks) {
    writer.Struct(CatalogueChunk{chunk.slot, static_cast<uint32_t>(chunk.kind),
                                 chunk.chunk_sequence, static_cast<uint32_t>(chunk.state), 0,
                                 chunk.sources, chunk.summary});
  }
  return writer.Finish();
}

Result<Catalogue> DecodeCatalogue(std::span<const std::byte> in) {
  CatalogueHeader header;
  uint32_t crc = 0;
  if (in.size() < sizeof(header) + sizeof(crc)) return Damaged("too short");
  std::memcpy(&crc, &in[in.size() - sizeof(crc)], sizeof(crc));
  const auto body = in.first(in.size() - sizeof(crc));
  if (crc != Crc32(body)) return Damaged("checksum");
  Reader reader(body);
  if (!reader.Struct(header) || header.magic != kCatalogueMagic) return Damaged("magic");
  XTDB_RETURN_IF_ERROR(CheckFormatVersion(header.format_version, "catalogue"));
  if (header.reserved != 0) return Damaged("reserved bytes");
  // Before anything is allocated by them.
  if (header.tag_count > reader.left() / kTagBytesMin ||
      header.chunk_count > reader.left() / sizeof(CatalogueChunk)) {
    return Damaged("counts larger than its bytes");
  }
  Catalogue catalogue;
  catalogue.tags.reserve(header.tag_count);
  const TagDefinition none;
  for (uint32_t i = 0; i < header.tag_count; ++i) {
    TagDefinition tag;
    XTDB_RETURN_IF_ERROR(DecodeTag(reader, i == 0 ? none : catalogue.tags.back(), tag));
    catalogue.tags.push_back(std::move(tag));
  }
  catalogue.chunks.resize(header.chunk_count);
  for (ChunkTableEntry& chunk : catalogue.chunks) {
    XTDB_RETURN_IF_ERROR(DecodeChunk(reader, chunk));
  }
  if (reader.left() != 0) return Damaged("bytes left over");
  if (const char* fault = WholeFault(catalogue)) return Damaged(fault);
  return catalogue;
}

uint32_t CatalogueCrc(std::span<const std::byte> catalogue) {
  uint32_t crc = 0;
  if (catalogue.size() < sizeof(crc)) return 0;
  std::memcpy(&crc, catalogue.last(sizeof(crc)).data(), sizeof(crc));
  return crc;
}

}  // namespace xtdb
