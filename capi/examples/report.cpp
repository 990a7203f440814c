// The figures of a tag by buckets of time:
//   report FILE TAG WIDTH_IN_SECONDS

#include <xtdb.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace {

struct Close {
  void operator()(xtdb_db* db) const { xtdb_close(db); }
  void operator()(xtdb_cursor* cursor) const { xtdb_cursor_close(cursor); }
};

int Fail(const char* what) {
  std::fprintf(stderr, "%s: %s\n", what, xtdb_error_message());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s FILE TAG WIDTH_IN_SECONDS\n", argv[0]);
    return 2;
  }
  xtdb_open_options options = {};
  options.struct_size = sizeof(options);
  options.read_only = 1;
  xtdb_db* opened = nullptr;
  if (xtdb_open(argv[1], &options, &opened) != XTDB_OK) return Fail("open");
  const std::unique_ptr<xtdb_db, Close> db(opened);
  xtdb_cursor* begun = nullptr;
  if (xtdb_aggregate(db.get(), argv[2], XTDB_TIME_MIN, XTDB_TIME_MAX,
                     std::atoll(argv[3]) * 1'000'000, XTDB_ACCEPT_NOT_BAD, &begun) != XTDB_OK) {
    return Fail("aggregate");
  }
  const std::unique_ptr<xtdb_cursor, Close> cursor(begun);
  xtdb_bucket bucket = {};
  bucket.struct_size = sizeof(bucket);
  while (true) {
    const xtdb_code code = xtdb_next_bucket(cursor.get(), &bucket);
    if (code == XTDB_DONE) return 0;
    if (code != XTDB_OK) return Fail("read");
    std::printf("%lld: %llu values, %.3f to %.3f, mean %.3f\n",
                static_cast<long long>(bucket.start_us / 1'000'000),
                static_cast<unsigned long long>(bucket.count), bucket.min, bucket.max, bucket.mean);
  }
}
