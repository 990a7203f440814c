#pragma once

/* xTdb from C: a container of time series, without SQL. The same file may be open in SQLite, in
 * other processes and here at the same time.
 *
 * Times are microseconds since 1970-01-01 UTC, from the year 1 to 9999. Quality is an OPC DA byte:
 * 192 good, 64 uncertain, 0 bad. Texts are UTF-8 and end with NUL.
 *
 * Threads: a database from any number of threads at once; a transaction or a cursor from one at a
 * time. A transaction keeps all other writers waiting, those of its own thread, too.
 *
 * Errors: a function returns XTDB_OK, or why not; then xtdb_error_message() says what and where, in
 * the thread that called. Nothing is thrown, and nothing is printed.
 *
 * ABI: what is here stays. Structs whose first member is struct_size grow at their end, and that
 * member, which whoever makes the struct sets, tells how much of it there is; the others never
 * change.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XTDB_API __attribute__((visibility("default")))

typedef enum xtdb_code {
  XTDB_OK = 0,
  XTDB_DONE = 1,             /* there is no further row */
  XTDB_INVALID_ARGUMENT = 2, /* the call is wrong */
  XTDB_NOT_FOUND = 3,        /* no such file or tag */
  XTDB_TYPE_MISMATCH = 4,    /* a value that the tag's type cannot hold exactly */
  XTDB_TOO_BIG = 5,          /* one text is larger than the store takes */
  XTDB_MISUSE = 6,           /* right call at the wrong time */
  XTDB_BUSY = 7,             /* another one writes; try again */
  XTDB_READ_ONLY = 8,
  XTDB_IO_ERROR = 9,    /* the operating system refused; close the database and open it again */
  XTDB_CORRUPTION = 10, /* bytes are not what was written; `xtdb check` finds all of them */
  XTDB_FULL = 11,       /* the disk is full; what was committed is safe */
  XTDB_UNSUPPORTED = 12,
  XTDB_OUT_OF_MEMORY = 13
} xtdb_code;

typedef enum xtdb_type {
  XTDB_TYPE_NONE = 0, /* not known before the first value */
  XTDB_TYPE_BOOL = 1,
  XTDB_TYPE_INT32 = 2,
  XTDB_TYPE_INT64 = 3,
  XTDB_TYPE_FLOAT32 = 4,
  XTDB_TYPE_FLOAT64 = 5,
  XTDB_TYPE_TEXT = 6
} xtdb_type;

#define XTDB_QUALITY_BAD 0
#define XTDB_QUALITY_UNCERTAIN 64
#define XTDB_QUALITY_GOOD 192
#define XTDB_TIME_MIN INT64_C(-62135596800000000) /* 0001-01-01 */
#define XTDB_TIME_MAX INT64_C(253402300799999999) /* 9999-12-31 23:59:59.999999 */

typedef struct xtdb_db xtdb_db;
typedef struct xtdb_transaction xtdb_transaction;
typedef struct xtdb_cursor xtdb_cursor;

/* The text of the last error in this thread; valid until its next failing call. Never NULL. */
XTDB_API const char* xtdb_error_message(void);
XTDB_API const char* xtdb_version(void);

/* ---- open and close ---- */

typedef enum xtdb_synchronous {
  XTDB_SYNC_FULL = 0,   /* a commit survives power loss */
  XTDB_SYNC_NORMAL = 1, /* synced at least every second; survives the end of the process */
  XTDB_SYNC_OFF = 2
} xtdb_synchronous;

typedef struct xtdb_open_options {
  size_t struct_size;    /* sizeof(xtdb_open_options) */
  int read_only;         /* 1: nothing is written, and the file must exist */
  int must_exist;        /* 1: it is not made */
  int synchronous;       /* xtdb_synchronous */
  uint64_t buffer_bytes; /* of points that are not in blocks yet; 0: 64 MiB */
} xtdb_open_options;

/* options: NULL for the defaults. */
XTDB_API xtdb_code xtdb_open(const char* path, const xtdb_open_options* options, xtdb_db** db);
/* Writes what is in memory to blocks and frees the handle, also when it fails: what was committed
 * is in the log then. XTDB_MISUSE: a transaction or a cursor of it is not ended; then nothing is
 * done, and the database stays open. NULL: nothing. */
XTDB_API xtdb_code xtdb_close(xtdb_db* db);
/* Writes what is in memory to blocks and lets the log be used again. */
XTDB_API xtdb_code xtdb_flush(xtdb_db* db);

/* ---- tags ---- */

/* Defines a tag, or changes what is given: NULL and negative numbers leave what is.
 *   type: xtdb_type; an existing tag's only while it has no values
 *   step: 1: a value holds until the next one; 0: lines join them */
XTDB_API xtdb_code xtdb_define_tag(xtdb_db* db, const char* tag, int type, const char* unit,
                                   const char* description, int step);

typedef struct xtdb_tag_info {
  size_t struct_size;
  const char* name; /* the texts live during the call */
  const char* unit;
  const char* description;
  int type; /* xtdb_type */
  int step; /* 1, 0, -1: not said */
  uint64_t points;
  int64_t first_us; /* of the points, if there are any */
  int64_t last_us;
} xtdb_tag_info;
/* Returns 0 to go on, anything else to end. */
typedef int (*xtdb_tag_function)(const xtdb_tag_info* tag, void* context);
/* Calls `function` for each tag, by name. */
XTDB_API xtdb_code xtdb_tags(xtdb_db* db, xtdb_tag_function function, void* context);

/* ---- write ---- */

typedef enum xtdb_kind {
  XTDB_KIND_NULL = 0,
  XTDB_KIND_INTEGER = 1,
  XTDB_KIND_REAL = 2,
  XTDB_KIND_TEXT = 3
} xtdb_kind;

typedef struct xtdb_point {
  int64_t ts_us;
  int kind; /* xtdb_kind: which of the next three counts */
  uint8_t quality;
  int64_t integer;
  double real;
  const char* text; /* NUL at its end */
} xtdb_point;

/* Commits one point: it is durable when this returns, as `synchronous` says. A point of the same
 * tag and time is replaced. Threads that call at the same time share a sync. */
XTDB_API xtdb_code xtdb_write(xtdb_db* db, const char* tag, int64_t ts_us, double value);
XTDB_API xtdb_code xtdb_write_point(xtdb_db* db, const char* tag, const xtdb_point* point);
/* Commits a column of points, all or none.
 *   ts_us:   [count] in any order
 *   values:  [count] NaN is kept
 *   quality: [count], or NULL: all good */
XTDB_API xtdb_code xtdb_append(xtdb_db* db, const char* tag, size_t count, const int64_t* ts_us,
                               const double* values, const uint8_t* quality);

/* Several writes that are committed together, or not at all. One transaction writes at a time in
 * all processes: others wait, for a minute at most. Without an end of its own it is rolled back
 * when the process ends. */
XTDB_API xtdb_code xtdb_begin(xtdb_db* db, xtdb_transaction** transaction);
XTDB_API xtdb_code xtdb_transaction_write(xtdb_transaction* transaction, const char* tag,
                                          const xtdb_point* point);
XTDB_API xtdb_code xtdb_transaction_append(xtdb_transaction* transaction, const char* tag,
                                           size_t count, const int64_t* ts_us, const double* values,
                                           const uint8_t* quality);
XTDB_API xtdb_code xtdb_transaction_delete(xtdb_transaction* transaction, const char* tag,
                                           int64_t ts_us);
/* Both free the transaction, whatever they return. A commit that fails has written nothing. */
XTDB_API xtdb_code xtdb_commit(xtdb_transaction* transaction);
XTDB_API xtdb_code xtdb_rollback(xtdb_transaction* transaction);

/* ---- read ---- */

/* The newest point. XTDB_NOT_FOUND: no such tag, or it has no points.
 *   point: its text lives until this function's next call in the thread */
XTDB_API xtdb_code xtdb_latest(xtdb_db* db, const char* tag, xtdb_point* point);

/* The points of a tag by time, start <= ts_us < stop, as of this moment. */
XTDB_API xtdb_code xtdb_read(xtdb_db* db, const char* tag, int64_t start_us, int64_t stop_us,
                             xtdb_cursor** cursor);

/* Columns of `count` rows, which live until the next call on the cursor. */
typedef struct xtdb_batch {
  size_t struct_size; /* sizeof(xtdb_batch), before the call; so in all structs below */
  size_t count;
  int type; /* xtdb_type of the tag */
  const int64_t* ts_us;
  const uint8_t* quality;
  const uint8_t* is_null;   /* 1: the row's value is NULL; NULL: none is */
  const double* reals;      /* of float tags, else NULL; NaN where is_null */
  const int64_t* integers;  /* of bool and integer tags, else NULL; 0 where is_null */
  const char* const* texts; /* of text tags, else NULL; "" where is_null */
} xtdb_batch;
/* XTDB_DONE: the end; count is 0. */
XTDB_API xtdb_code xtdb_next(xtdb_cursor* cursor, xtdb_batch* batch);

typedef enum xtdb_accept {
  XTDB_ACCEPT_NOT_BAD = 0, /* quality 64 to 255 */
  XTDB_ACCEPT_GOOD = 1,    /* 192 to 255 */
  XTDB_ACCEPT_ALL = 2
} xtdb_accept;

/* Figures of a tag by buckets of `width_us`, counted from 2000-01-03; 0: one bucket. Only buckets
 * that have points. Mostly from statistics: a year of seconds takes no longer than a day of them.
 *   accept: xtdb_accept; whose values count */
XTDB_API xtdb_code xtdb_aggregate(xtdb_db* db, const char* tag, int64_t start_us, int64_t stop_us,
                                  int64_t width_us, int accept, xtdb_cursor** cursor);
typedef struct xtdb_bucket {
  size_t struct_size;
  int64_t start_us;
  uint64_t points; /* of any quality and value */
  uint64_t good;
  uint64_t count; /* of accepted values, as all that follows */
  double min;     /* NaN where count is 0 */
  double max;
  double sum;
  double mean;
  double stddev; /* of a sample: NaN below two values */
  double first;
  double last;
  int64_t first_us;
  int64_t last_us;
  double time_weighted_mean; /* with the value before the bucket; NaN: none */
} xtdb_bucket;
/* XTDB_DONE: the end. */
XTDB_API xtdb_code xtdb_next_bucket(xtdb_cursor* cursor, xtdb_bucket* bucket);

/* NULL: nothing. */
XTDB_API void xtdb_cursor_close(xtdb_cursor* cursor);

#ifdef __cplusplus
}
#endif
