#!/usr/bin/env bash
# Builds xtdb and shows it at work: records this machine, imports a plant's CSV files, queries both
# in the stock sqlite3 shell, compares sizes, checks the container. Leaves nothing but build/.
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
jobs=${XTDB_JOBS:-2}

say() { printf '\n== %s\n' "$*"; }
fail() {
  echo "demo: $*" >&2
  exit 1
}

build() {
  say "Build (some minutes, the first time)"
  "$root/scripts/install_dependencies.sh"
  (
    cd "$root"
    cmake --preset release -Wno-dev --log-level=WARNING >/dev/null
    # On a terminal ninja tells in one line how far it is.
    local quiet=(-- --quiet)
    [ ! -t 1 ] || quiet=()
    cmake --build build -j "$jobs" --target xtdb_module xtdb_program "${quiet[@]}"
    stat --printf '  %-16n %10s bytes\n' build/xtdb.so build/xtdb
  )
}

# A plain table with the same rows, as compact as SQLite has it: clustered by its key.
write_plain_table() {
  sqlite3 -bail plain.db <<'SQL'
.load ./xtdb
CREATE VIRTUAL TABLE temp.plant USING xtdb(path='plant.xtdb');
CREATE TABLE points(tag TEXT, ts INTEGER, value NUMERIC, quality INTEGER, PRIMARY KEY(tag, ts))
  WITHOUT ROWID;
INSERT INTO points SELECT tag, ts, value, quality FROM plant;
VACUUM;
SQL
}

size_line() { printf '  %-20s %11d bytes %8.2f a point\n' "$1" "$2" "$(divide "$2" "$points")"; }
divide() { awk -v a="$1" -v b="$2" 'BEGIN { print a / b }'; }
bytes_on_disk() { du --block-size=1 "$1" | cut -f 1; }

compare_sizes() {
  say "The same points in three forms"
  write_plain_table
  points=$(sqlite3 plain.db 'SELECT count(*) FROM points')
  size_line "CSV files" "$(cat plant.csv weather.csv | wc -c)"
  size_line "plain SQLite table" "$(bytes_on_disk plain.db)"
  size_line "xTdb container" "$(bytes_on_disk plant.xtdb)"
}

# What was imported is what the files say, and the queries of the demo have left it so.
verify() {
  say "Is every point there?"
  local from_csv from_xtdb
  from_csv=$(tail -n +2 plant.csv | sort | sha256sum)
  from_xtdb=$(XTDB_EXTENSION=./xtdb.so "$xtdb" sql plant.xtdb -csv "
    SELECT tag, substr(time, 1, 19),
           CASE WHEN tag IN ('boiler.temp', 'tank.level') THEN printf('%.2f', value)
                WHEN tag = 'boiler.pressure' THEN printf('%.1f', value) ELSE value END, quality
    FROM plant WHERE tag NOT GLOB 'outside.*'" | tr -d '\r"' | sort | sha256sum)
  [ "$from_csv" = "$from_xtdb" ] || fail "the container differs from plant.csv"
  echo "  all $(tail -n +2 plant.csv | wc -l) rows of plant.csv read back as they were written"
}

build
xtdb=$root/build/xtdb
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
ln -s "$root/build/xtdb.so" xtdb.so

say "Record this machine for 8 seconds"
"$xtdb" record machine.xtdb --interval 200ms --duration 8s

say "Import a plant: a long CSV file and a wide one, each in one transaction"
"$root/shell/demo_plant.sh" plant >plant.csv
"$root/shell/demo_plant.sh" weather >weather.csv
head -n 3 plant.csv weather.csv
"$xtdb" import plant.xtdb plant.csv
"$xtdb" import plant.xtdb weather.csv
"$xtdb" stats plant.xtdb --tags

say "Queries in the stock sqlite3 shell, $(sqlite3 --version | cut -d ' ' -f 1)"
sqlite3 :memory: <"$root/sql/demo.sql"

say "Plot in the terminal; --svg makes a chart for a report"
"$xtdb" plot plant.xtdb tank.level boiler.temp --from '2026-01-02' --to '2026-01-03' --height 12
"$xtdb" plot plant.xtdb boiler.temp --svg boiler.svg

compare_sizes
verify

say "Check every byte"
"$xtdb" check plant.xtdb
"$xtdb" check machine.xtdb
ls plant.xtdb-wal machine.xtdb-wal 2>/dev/null && fail "a log is left beside a closed container"
say "Done. Next: README.md, and '$xtdb sql FILE' on a container of your own"
