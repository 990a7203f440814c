#!/usr/bin/env bash
# Runs the tests of the SQL surface again with the newest SQLite: that of the npm package
# better-sqlite3, which carries its one source file, in the place of the system's library.
#   tests/newest_sqlite.sh [VERSION OF THE PACKAGE]    needs build/, as tests/run.sh makes it
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

folder=$PWD/build/newest_sqlite
library=$folder/libsqlite3.so.0
if [ ! -e "$library" ] || [ $# -gt 0 ]; then
  if ! command -v npm >/dev/null; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install \
      --no-install-recommends npm >/dev/null
  fi
  mkdir -p "$folder"
  fetched=$(mktemp -d)
  trap 'rm -rf "$fetched"' EXIT
  (cd "$fetched" && npm pack --silent "better-sqlite3@${1:-latest}" >/dev/null)
  tar -xzf "$fetched"/*.tgz -C "$fetched"
  source=$(find "$fetched/package" -name sqlite3.c | head -n 1)
  # With what Debian's has, as far as a test asks for it.
  cc -O2 -shared -fPIC -Wl,-soname,libsqlite3.so.0 -o "$library.part" "$source" \
    -DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_DBSTAT_VTAB \
    -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_STMTVTAB -DSQLITE_ENABLE_BYTECODE_VTAB -DSQLITE_ENABLE_FTS5 \
    -DSQLITE_MAX_VARIABLE_NUMBER=250000 -lm -lpthread -ldl
  sed -n 's/^#define SQLITE_VERSION  *"\(.*\)"/\1/p' "$source" | head -n 1 >"$folder/version"
  mv "$library.part" "$library"
fi

echo "xtdb: the SQL tests with SQLite $(cat "$folder/version")"
LD_LIBRARY_PATH=$folder exec ctest --test-dir build --output-on-failure \
  -j "${XTDB_JOBS:-2}" -L '^vtab$' -LE long
