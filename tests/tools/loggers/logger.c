/* Commits a point each PERIOD and tells its number: logger FILE PERIOD TAG */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <xtdb.h>

static int fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, xtdb_error_message());
  return 1;
}

int main(int argc, char** argv) {
  const int64_t start = INT64_C(1767225600000000);
  if (argc != 4) return 2;
  const double seconds = atof(argv[2]);
  const char* tag = argv[3];
  const struct timespec pause = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
  xtdb_db* db = NULL;
  if (xtdb_open(argv[1], NULL, &db) != XTDB_OK) return fail("open");
  xtdb_point last;
  const xtdb_code found = xtdb_latest(db, tag, &last);
  if (found != XTDB_OK && found != XTDB_NOT_FOUND) return fail("latest");
  int64_t n = found == XTDB_OK ? last.ts_us - start : 0;
  for (;;) {
    ++n;
    if (xtdb_write(db, tag, start + n, (double)n / 4) != XTDB_OK) return fail("write");
    printf("%lld\n", (long long)n);
    fflush(stdout);
    nanosleep(&pause, NULL);
  }
}
