/* Commits a point every few milliseconds and tells its number: logger FILE TAG */

#include <stdio.h>
#include <time.h>
#include <xtdb.h>

static int fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, xtdb_error_message());
  return 1;
}

int main(int argc, char** argv) {
  const int64_t start = INT64_C(1767225600000000);
  const struct timespec pause = {0, 3000000};
  if (argc != 3) return 2;
  xtdb_db* db = NULL;
  if (xtdb_open(argv[1], NULL, &db) != XTDB_OK) return fail("open");
  xtdb_point last;
  const xtdb_code found = xtdb_latest(db, argv[2], &last);
  if (found != XTDB_OK && found != XTDB_NOT_FOUND) return fail("latest");
  int64_t n = found == XTDB_OK ? last.ts_us - start : 0;
  for (;;) {
    ++n;
    if (xtdb_write(db, argv[2], start + n, (double)n / 4) != XTDB_OK) return fail("write");
    printf("%lld\n", (long long)n);
    fflush(stdout);
    nanosleep(&pause, NULL);
  }
}
