#include "vtab/csv/csv_reader.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace xtdb {

namespace {

constexpr int kLookIntervalMs = 100;

// A pipe may be silent for ever.
Status WaitForInput(int fd, const std::function<bool()>& is_cancelled) {
  pollfd wait = {fd, POLLIN, 0};
  for (;;) {
    if (is_cancelled()) return Status::FailedPrecondition("interrupted");
    // An error is told by the read that follows.
    if (::poll(&wait, 1, kLookIntervalMs) != 0 && wait.revents != 0) return Status();
  }
}

}  // namespace

CsvSource CsvFromDescriptor(int fd, std::function<bool()> is_cancelled) {
  return [fd, is_cancelled = std::move(is_cancelled)](std::span<char> out) -> Result<size_t> {
    for (;;) {
      if (is_cancelled) XTDB_RETURN_IF_ERROR(WaitForInput(fd, is_cancelled));
      const ssize_t size = ::read(fd, out.data(), out.size());
      if (size >= 0) return static_cast<size_t>(size);
      if (errno != EINTR) return Status::FromErrno("read CSV", errno);
    }
  };
}

CsvSource CsvFromText(std::string_view text) {
  return [rest = text](std::span<char> out) mutable -> Result<size_t> {
    const size_t size = std::min(out.size(), rest.size());
    std::copy_n(rest.data(), size, out.data());
    rest.remove_prefix(size);
    return size;
  };
}

CsvReader::CsvReader(CsvSource source, char separator, size_t buffer_bytes, size_t record_bytes_max)
    : source_(std::move(source)),
      record_bytes_max_(record_bytes_max),
      separator_(separator),
      buffer_(std::max<size_t>(buffer_bytes, 4) + kCsvSlackBytes) {}

// Reads at least one byte behind end_, or sets at_end_. Unconsumed bytes move to the front, so
// every offset into the buffer must be taken relative to begin_ across this call.
Status CsvReader::Fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    bytes_dropped_ += begin_;
    end_ -= begin_;
    begin_ = 0;
  }
  ++reads_;
  size_t capacity = buffer_.size() - kCsvSlackBytes;
  if (end_ == capacity) {
    capacity *= 2;
    buffer_.resize(capacity + kCsvSlackBytes);
  }
  Result<size_t> size = source_(std::span(buffer_).subspan(end_, capacity - end_));
  if (!size.ok()) {
    failure_ = size.status();
    return failure_;
  }
  end_ += size.value();
  at_end_ = size.value() == 0;
  return Status();
}

Status CsvReader::Start() {
  if (started_) return failure_;
  started_ = true;
  while (end_ < 3 && !at_end_) XTDB_RETURN_IF_ERROR(Fill());
  const std::string_view text(buffer_.data(), end_);
  if (text.starts_with("\xEF\xBB\xBF")) begin_ = 3;
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    failure_ = Status::Unsupported("the CSV file is UTF-16; convert it to UTF-8");
  }
  return failure_;
}

Status CsvReader::ReadOn() {
  if (!started_) return Start();
  return at_end_ || !failure_.ok() ? failure_ : Fill();
}

Result<CsvReader::Beginning> CsvReader::Peek() {
  XTDB_RETURN_IF_ERROR(Start());
  while (!at_end_ && end_ - begin_ < kPeekBytes) XTDB_RETURN_IF_ERROR(Fill());
  return Beginning{std::string_view(buffer_.data() + begin_, end_ - begin_), at_end_};
}

// Finds the line that begins at begin_; line_end: where its \n or the end of the input is.
// False: nothing is left.
Result<bool> CsvReader::FindLine(size_t& line_end) {
  size_t searched = 0;
  for (;;) {
    const char* const from = buffer_.data() + begin_ + searched;
    const size_t size = end_ - begin_ - searched;
    const void* const found = size == 0 ? nullptr : std::memchr(from, '\n', size);
    if (found != nullptr) {
      line_end = static_cast<size_t>(static_cast<const char*>(found) - buffer_.data());
      return true;
    }
    if (at_end_) {
      line_end = end_;
      return begin_ != end_;
    }
    searched = end_ - begin_;
    if (searched > record_bytes_max_) {
      failure_ = Status::TooBig("line " + std::to_string(line_) + " is longer than " +
                                std::to_string(record_bytes_max_) + " bytes");
      return failure_;
    }
    XTDB_RETURN_IF_ERROR(Fill());
  }
}

Result<bool> CsvReader::Next(CsvRecord& record) {
  XTDB_RETURN_IF_ERROR(Start());
  record.fields.clear();
  record.quoted.clear();
  for (;;) {
    size_t line_end = 0;
    XTDB_ASSIGN_OR_RETURN(const bool found, FindLine(line_end));
    if (!found) return false;
    std::string_view line(buffer_.data() + begin_, line_end - begin_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    record.line = line_;
    if (!line.empty() && std::memchr(line.data(), '"', line.size()) != nullptr) {
      XTDB_RETURN_IF_ERROR(TakeQuotedRecord(record));
      return true;
    }
    const bool blank = line.empty();
    if (!blank) SplitPlain(line, record);
    begin_ = std::min(line_end + 1, end_);
    ++line_;
    if (!blank) return true;
  }
}

void CsvReader::SplitPlain(std::string_view line, CsvRecord& record) {
  const char* at = line.data();
  const char* const end = at + line.size();
  for (;;) {
    const auto* const separator =
        static_cast<const char*>(std::memchr(at, separator_, static_cast<size_t>(end - at)));
    const char* const field_end = separator == nullptr ? end : separator;
    record.fields.emplace_back(at, static_cast<size_t>(field_end - at));
    if (separator == nullptr) break;
    at = separator + 1;
  }
  record.quoted.assign(record.fields.size(), 0);
}

// `at` is relative to begin_. Reads on if need be; false: the input ends before it.
Result<bool> CsvReader::HasByte(size_t at) {
  while (begin_ + at >= end_) {
    if (at_end_ || at > record_bytes_max_) return false;
    XTDB_RETURN_IF_ERROR(Fill());
  }
  return true;
}

// The first of `a` and `b` at or behind `at`, or the end of what is read; relative to begin_.
size_t CsvReader::SkipTo(size_t at, char a, char b) const {
  const char* next = buffer_.data() + begin_ + at;
  const char* const end = buffer_.data() + end_;
  while (next < end && *next != a && *next != b) ++next;
  return static_cast<size_t>(next - buffer_.data()) - begin_;
}

Status CsvReader::TakeQuotedRecord(CsvRecord& record) {
  size_t record_end = 0;
  XTDB_RETURN_IF_ERROR(ScanQuotedRecord(record_end));
  const char* const bytes = buffer_.data() + begin_;
  const auto line_ends = std::count(bytes, bytes + record_end, '\n');
  for (const RawField& field : raw_fields_) {
    record.fields.push_back(Unquote(field));
    record.quoted.push_back(field.quoted ? 1 : 0);
  }
  begin_ += record_end;
  line_ += static_cast<uint64_t>(line_ends);
  return Status();
}

// Fills raw_fields_ (offsets relative to begin_) and changes no byte, so that after a bad quote the
// same bytes can be read again from the next line on.
//   record_end: behind the line end, relative to begin_
Status CsvReader::ScanQuotedRecord(size_t& record_end) {
  raw_fields_.clear();
  size_t at = 0;
  bool more = true;
  while (more) {
    XTDB_ASSIGN_OR_RETURN(const bool any, HasByte(at));
    if (any && buffer_[begin_ + at] == '"') {
      XTDB_RETURN_IF_ERROR(ScanQuotedField(at, more));
      continue;
    }
    const size_t field_begin = at;
    for (bool has_byte = true; has_byte;) {
      at = SkipTo(at, '\n', separator_);
      if (begin_ + at < end_) break;
      XTDB_ASSIGN_OR_RETURN(has_byte, HasByte(at));
    }
    size_t size = at - field_begin;
    more = begin_ + at < end_ && buffer_[begin_ + at] == separator_;
    if (!more && size > 0 && buffer_[begin_ + at - 1] == '\r') --size;
    raw_fields_.push_back({field_begin, size, false, false});
    if (begin_ + at < end_) ++at;
  }
  record_end = at;
  return Status();
}

// `at`: of the opening quote; then behind the separator or the line end. more: a separator
// followed.
Status CsvReader::ScanQuotedField(size_t& at, bool& more) {
  RawField field{at + 1, 0, true, false};
  for (++at;; ++at) {
    at = SkipTo(at, '"', '"');
    XTDB_ASSIGN_OR_RETURN(const bool has_byte, HasByte(at));
    if (!has_byte) {
      const Status bad = Bad(line_, "a quoted field is not closed");
      XTDB_RETURN_IF_ERROR(SkipThrough(0));
      return bad;
    }
    if (buffer_[begin_ + at] != '"') {
      --at;  // more was read: look at this byte again
      continue;
    }
    XTDB_ASSIGN_OR_RETURN(const bool followed, HasByte(at + 1));
    if (!followed || buffer_[begin_ + at + 1] != '"') break;
    field.has_escapes = true;
    ++at;
  }
  field.size = at - field.begin;
  raw_fields_.push_back(field);
  ++at;
  XTDB_ASSIGN_OR_RETURN(const bool followed, HasByte(at));
  if (!followed) {
    more = false;
    return Status();
  }
  if (buffer_[begin_ + at] == '\r') {
    XTDB_ASSIGN_OR_RETURN(const bool line_end_follows, HasByte(at + 1));
    if (!line_end_follows || buffer_[begin_ + at + 1] == '\n') ++at;
  }
  more = begin_ + at < end_ && buffer_[begin_ + at] == separator_;
  if (more || begin_ + at == end_ || buffer_[begin_ + at] == '\n') {
    at += begin_ + at < end_ ? 1 : 0;
    return Status();
  }
  const char* const bytes = buffer_.data() + begin_;
  const auto lines = static_cast<uint64_t>(std::count(bytes, bytes + at, '\n'));
  const Status bad = Bad(line_ + lines, "something follows the closing quote of a field");
  XTDB_RETURN_IF_ERROR(SkipThrough(at));
  return bad;
}

// Consumes everything through the first line end at or behind `at`, relative to begin_, which may
// have to be read yet.
Status CsvReader::SkipThrough(size_t at) {
  for (bool more = true; more;) {
    at = SkipTo(at, '\n', '\n');
    if (begin_ + at < end_) break;
    XTDB_ASSIGN_OR_RETURN(more, HasByte(at));
  }
  const char* const bytes = buffer_.data();
  const auto next = std::min(begin_ + at + 1, end_);
  line_ += static_cast<uint64_t>(std::count(bytes + begin_, bytes + next, '\n'));
  begin_ = next;
  return Status();
}

// Undoubles in place: the record is consumed, and no field grows.
std::string_view CsvReader::Unquote(const RawField& field) {
  char* const begin = buffer_.data() + begin_ + field.begin;
  if (!field.has_escapes) return {begin, field.size};
  char* out = begin;
  for (const char* in = begin; in != begin + field.size; ++in) {
    *out++ = *in;
    if (*in == '"') ++in;
  }
  return {begin, static_cast<size_t>(out - begin)};
}

Status CsvReader::Bad(uint64_t line, std::string_view why) const {
  return Status::InvalidArgument("line " + std::to_string(line) + ": " + std::string(why));
}

}  // namespace xtdb
