#!/usr/bin/env bash
# xtdb in the sqlite3 shell.
set -uo pipefail
. "$(dirname "$0")/support.sh"

small="FROM plant WHERE tag <> 'million'"
wanted="boiler.temp|2026-01-01 08:00:00.000|71.25|192
boiler.temp|2026-01-01 08:30:00.000|72.75|192
boiler.temp|2026-01-01 09:00:00.123456||0
boiler.temp|2026-01-01 09:30:00.000|70.5|64
pump.speed|2026-01-01 08:00:00.000|9007199254740993|192
pump.state|2026-01-01 08:00:00.000|läuft|192
valve.open|2026-01-01 08:00:00.000|1|192"
expect "rows" "$wanted" "$(sql "SELECT * $small")"
expect "types" "real,real,null,real,integer,text,integer" \
  "$(sql "SELECT group_concat(typeof(value)) FROM (SELECT value $small)")"

# A statement from the keyboard goes another way than one of the command line.
expect "from a script" "7" "$(printf '.load %s\nSELECT count(*) %s;\n' "$extension" "$small" |
  sqlite3 -batch "$folder/plant.db" 2>&1)"

for name in area boiler hourly plant plant_config; do
  expect_in ".tables" "$name" "$(sql .tables)"
done
expect "table_info" "tag TEXT 1
time TIMESTAMP 1
value NUMERIC 0
quality INTEGER 0" \
  "$(sql "SELECT name || ' ' || type || ' ' || \"notnull\" FROM pragma_table_info('plant')")"
expect_in ".schema" "USING xtdb_rollup(plant, '1 hour')" "$(sql ".schema hourly")"
expect_in ".mode json" '"value":null,"quality":0' "$(sql ".mode json" "SELECT * $small")"
expect_in ".mode box" "│ läuft" "$(sql ".mode box" "SELECT * $small")"
expect_in ".dump has the table" "CREATE VIRTUAL TABLE plant USING xtdb" "$(sql ".dump plant")"

expect "bound time" "3" "$(sql ".parameter init" ".parameter set :from \"'2026-01-01T08:30Z'\"" \
  "SELECT count(*) FROM plant WHERE tag = 'boiler.temp' AND time >= :from")"
expect "bound microseconds" "1" "$(sql ".parameter init" ".parameter set :ts 1767258000123456" \
  "SELECT count(*) FROM plant WHERE tag = 'boiler.temp' AND ts = :ts")"

expect "rollback" "1
0" "$(sql "BEGIN" "INSERT INTO plant VALUES ('new', '2026-02-01', 1, 192)" \
  "INSERT INTO area VALUES ('new', 'x')" "SELECT count(*) FROM plant WHERE tag = 'new'" "ROLLBACK" \
  "SELECT count(*) FROM plant JOIN area USING (tag) WHERE tag = 'new'")"
sql "INSERT INTO plant VALUES ('new', '2026-02-01', 1.5, 64)"
expect "commit" "2026-02-01 00:00:00.000|1.5|64" \
  "$(sql "SELECT time, value, quality FROM plant WHERE tag = 'new'")"

expect_in "an error's text" "time does not take a number" \
  "$(sql "INSERT INTO plant(tag, time, value) VALUES ('new', 5, 1)")"
expect_in "a time that is none" 'not a time: "yesterday"' \
  "$(sql "SELECT * FROM plant WHERE time > 'yesterday'")"
sql "SELECT * FROM plant WHERE time > 'yesterday'" >/dev/null && expect "exit code" "not 0" "0"
expect_in "without the extension" "no such module: xtdb" \
  "$(sqlite3 "$folder/plant.db" "SELECT * FROM plant" 2>&1)"

expect "a million" "1000000|249999750000.0" \
  "$(sql "SELECT count(*), sum(value) FROM plant WHERE tag = 'million'")"
expect "a million rows" "1000000 499999500000" \
  "$(sql "SELECT value * 2 FROM plant WHERE tag = 'million'" |
    awk '{ n++; sum += $1 } END { printf "%d %.0f", n, sum }')"
expect "a CSV file" "1000001" "$(sql ".headers on" ".mode csv" ".output $folder/out.csv" \
  "SELECT tag, time, value FROM plant WHERE tag = 'million'"; wc -l <"$folder/out.csv")"
expect "it comes back" "1000000" "$(sql "CREATE VIRTUAL TABLE copy USING xtdb(path='copy.xtdb')" \
  "SELECT xtdb_import('copy', '$folder/out.csv')")"
expect "buckets" "2026-01-01 08:00:00.000|2|72.0
2026-01-01 09:00:00.000|1|70.5" \
  "$(sql "SELECT time, count, avg FROM hourly WHERE tag = 'boiler.temp'")"
finish
