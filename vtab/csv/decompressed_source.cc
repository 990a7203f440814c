#include "vtab/csv/decompressed_source.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/types.h"

namespace xtdb {
namespace {

constexpr size_t kInputBytes = 256 * kKiB;
constexpr size_t kMagicBytes = 4;

// What was read and is not unpacked yet.
class PackedInput {
 public:
  explicit PackedInput(CsvSource raw) : raw_(std::move(raw)), bytes_(kInputBytes) {}

  // At least `wanted` bytes, if there are so many.
  Result<std::span<const char>> Look(size_t wanted) {
    if (end_ - begin_ < wanted && begin_ > 0) {
      std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    while (end_ - begin_ < wanted && !at_end_) {
      XTDB_ASSIGN_OR_RETURN(const size_t size, raw_(std::span(bytes_).subspan(end_)));
      end_ += size;
      at_end_ = size == 0;
    }
    return std::span<const char>(bytes_.data() + begin_, end_ - begin_);
  }
  void Take(size_t bytes) { begin_ += bytes; }
  // Fills a part of `out`, 0 at the end; without a copy once what was looked at is gone.
  Result<size_t> Read(std::span<char> out) {
    if (begin_ == end_) return at_end_ ? size_t{0} : raw_(out);
    const size_t size = std::min(end_ - begin_, out.size());
    std::copy_n(bytes_.data() + begin_, size, out.data());
    begin_ += size;
    return size;
  }

 private:
  const CsvSource raw_;
  std::vector<char> bytes_;
  size_t begin_ = 0;  // bytes_[begin_, end_) is read and not taken
  size_t end_ = 0;
  bool at_end_ = false;
};

class Unpacker {
 public:
  virtual ~Unpacker() = default;
  // Fills a part of `out`, 0 only at the end.
  virtual Result<size_t> Read(PackedInput& input, std::span<char> out) = 0;
};

class PlainText final : public Unpacker {
 public:
  Result<size_t> Read(PackedInput& input, std::span<char> out) override { return input.Read(out); }
};

class GzipText final : public Unpacker {
 public:
  GzipText() { ready_ = inflateInit2(&stream_, kWindowOfGzip) == Z_OK; }
  ~GzipText() override {
    if (ready_) inflateEnd(&stream_);
  }
  GzipText(const GzipText&) = delete;
  GzipText& operator=(const GzipText&) = delete;

  Result<size_t> Read(PackedInput& input, std::span<char> out) override {
    if (!ready_) return Status::OutOfMemory();
    for (;;) {
      XTDB_ASSIGN_OR_RETURN(const std::span<const char> bytes, input.Look(1));
      if (bytes.empty() && !in_member_) return size_t{0};
      if (bytes.empty()) return Status::Corruption("the gzip data end early");
      in_member_ = true;
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream_.avail_in = static_cast<uInt>(bytes.size());
      stream_.next_out = reinterpret_cast<Bytef*>(out.data());
      stream_.avail_out = static_cast<uInt>(std::min<size_t>(out.size(), kOutputBytesMax));
      const uInt room = stream_.avail_out;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      input.Take(bytes.size() - stream_.avail_in);
      if (result == Z_MEM_ERROR) return Status::OutOfMemory();
      if (result != Z_OK && result != Z_STREAM_END) {
        return Status::Corruption("the gzip data are damaged");
      }
      if (result == Z_STREAM_END) {
        in_member_ = false;
        inflateReset(&stream_);
      }
      if (stream_.avail_out < room) return size_t{room - stream_.avail_out};
    }
  }

 private:
  static constexpr int kWindowOfGzip = 15 + 16;  // the largest; and a gzip header is expected
  static constexpr size_t kOutputBytesMax = 1 * kGiB;
  z_stream stream_ = {};
  bool ready_ = false;
  bool in_member_ = false;
};

class ZstdText final : public Unpacker {
 public:
  Result<size_t> Read(PackedInput& input, std::span<char> out) override {
    if (stream_ == nullptr) return Status::OutOfMemory();
    for (;;) {
      XTDB_ASSIGN_OR_RETURN(const std::span<const char> bytes, input.Look(1));
      if (bytes.empty() && !in_frame_) return size_t{0};
      ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
      ZSTD_outBuffer to = {out.data(), out.size(), 0};
      const size_t result = ZSTD_decompressStream(stream_.get(), &to, &in);
      if (ZSTD_isError(result) != 0) {
        return Status::Corruption("the zstd data are damaged: " +
                                  std::string(ZSTD_getErrorName(result)));
      }
      input.Take(in.pos);
      in_frame_ = result != 0;
      if (to.pos > 0) return to.pos;
      if (bytes.empty()) return Status::Corruption("the zstd data end early");
    }
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  const std::unique_ptr<ZSTD_DStream, Free> stream_{ZSTD_createDStream()};
  bool in_frame_ = false;
};

std::unique_ptr<Unpacker> UnpackerFor(std::span<const char> bytes) {
  const std::string_view magic(bytes.data(), std::min(bytes.size(), kMagicBytes));
  if (magic.starts_with("\x1f\x8b")) return std::make_unique<GzipText>();
  if (magic == "\x28\xb5\x2f\xfd") return std::make_unique<ZstdText>();
  return std::make_unique<PlainText>();
}

}  // namespace

CsvSource Decompressed(CsvSource raw, bool* is_compressed) {
  struct State {
    PackedInput input;
    std::unique_ptr<Unpacker> unpacker;
  };
  const auto state = std::make_shared<State>(State{PackedInput(std::move(raw)), nullptr});
  return [state, is_compressed](std::span<char> out) -> Result<size_t> {
    if (state->unpacker == nullptr) {
      XTDB_ASSIGN_OR_RETURN(const std::span<const char> begin, state->input.Look(kMagicBytes));
      state->unpacker = UnpackerFor(begin);
      if (is_compressed != nullptr) {
        *is_compressed = dynamic_cast<PlainText*>(state->unpacker.get()) == nullptr;
      }
    }
    return state->unpacker->Read(state->input, out);
  };
}

}  // namespace xtdb
