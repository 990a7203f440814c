/* Logs a signal, a point at a time, each durable before the next one is read:
 *   logger FILE TAG COUNT */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <xtdb.h>

static int64_t now_us(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, xtdb_error_message());
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: %s FILE TAG COUNT\n", argv[0]);
    return 2;
  }
  xtdb_db* db = NULL;
  if (xtdb_open(argv[1], NULL, &db) != XTDB_OK) return fail("open");
  int status = 0;
  for (int i = 0; i < atoi(argv[3]) && status == 0; ++i) {
    if (xtdb_write(db, argv[2], now_us(), 20 + 5 * sin(i / 10.0)) != XTDB_OK) {
      status = fail("write");
    }
  }
  xtdb_point last;
  if (status == 0 && xtdb_latest(db, argv[2], &last) == XTDB_OK) {
    printf("%s: %.3f, quality %d\n", argv[2], last.real, last.quality);
  }
  if (xtdb_close(db) != XTDB_OK) status = fail("close");
  return status;
}
