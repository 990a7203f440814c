#!/usr/bin/env bash
# xtdb in isql, over a data source as odbc.ini names one.
set -uo pipefail
. "$(dirname "$0")/support.sh"

export ODBCINI=$folder/odbc.ini
cat >"$ODBCINI" <<END
[plant]
Driver = SQLite3
Database = $folder/plant.db
LoadExt = $extension
Timeout = 10000
END

# isql prints no error without -v, and nothing but the rows with -b and -d.
ask() { printf '%s\n' "$@" | isql plant -v -b -d'|' 2>&1; }

wanted="boiler.temp|2026-01-01 08:00:00.000|71.25|192
boiler.temp|2026-01-01 08:30:00.000|72.75|192
boiler.temp|2026-01-01 09:00:00.123456||0
boiler.temp|2026-01-01 09:30:00.000|70.5|64
pump.speed|2026-01-01 08:00:00.000|9007199254740993|192
pump.state|2026-01-01 08:00:00.000|läuft|192
valve.open|2026-01-01 08:00:00.000|1|192"
expect "rows" "$wanted" "$(ask "SELECT * FROM plant WHERE tag <> 'million'")"
tables=$(ask help)
for name in plant hourly boiler area; do
  expect_in "help lists $name" "|$name|TABLE|" "$tables"
done
columns=$(ask "help plant")
for column in "tag|-1|TEXT" "TIMESTAMP" "value|8|NUMERIC" "quality|4|INTEGER"; do
  expect_in "help plant lists $column" "$column" "$columns"
done
since="time >= {ts '2026-01-01 08:30:00'}"
expect "an ODBC literal" "3" \
  "$(ask "SELECT count(*) FROM plant WHERE tag = 'boiler.temp' AND $since")"
expect_in "an error's text" 'not a time: "x"' "$(ask "SELECT * FROM plant WHERE time = 'x'")"
expect_in "a write that is refused" "does not fit the type float64" \
  "$(ask "INSERT INTO plant VALUES ('boiler.temp', '2026-01-02', 'hot', 192)")"
expect "what is written is there" "new|2026-02-01 00:00:00.500|1.5|64" "$(
  ask "INSERT INTO plant VALUES ('new', '2026-02-01 00:00:00.5', 1.5, 64)"
  ask "SELECT * FROM plant WHERE tag = 'new'")"
expect "buckets" "2026-01-01 08:00:00.000|2|72.0
2026-01-01 09:00:00.000|1|70.5" \
  "$(ask "SELECT time, count, avg FROM hourly WHERE tag = 'boiler.temp'")"
expect "a million" "1000000 249999750000" \
  "$(ask "SELECT time, value FROM plant WHERE tag = 'million'" |
  awk -F'|' '{ n++; sum += $2 } END { printf "%d %.0f", n, sum }')"
finish
