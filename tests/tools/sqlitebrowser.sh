#!/usr/bin/env bash
# xtdb in DB Browser for SQLite, on a screen that nobody sees: the extension is preloaded by a
# setting, a table is browsed and filtered, cells are edited by clicks, and what is stored is
# compared.
# SCREENSHOT=FILE.png keeps the last picture, where ImageMagick is installed.
set -uo pipefail
. "$(dirname "$0")/support.sh"

export HOME=$folder XDG_RUNTIME_DIR=$folder/run LANG=C.UTF-8
mkdir -m 700 "$XDG_RUNTIME_DIR"

Xvfb -displayfd 3 -screen 0 1280x900x24 3>"$folder/display" 2>/dev/null &
screen=$!
trap 'kill $screen $browser 2>/dev/null' EXIT
browser=
wait_for() { # wait_for SECONDS COMMAND...
  local tries=$(($1 * 5))
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.2
  done
}
wait_for 20 test -s "$folder/display" || { echo "no screen"; exit 1; }
DISPLAY=:$(cat "$folder/display")
export DISPLAY

sqlitebrowser -o "extensions/list=$extension" -t plant "$folder/plant.db" 2>"$folder/browser.log" &
browser=$!

find_window() { xdotool search --onlyvisible --name "$1"; }
wait_for 30 find_window 'DB Browser for SQLite - .*plant.db' ||
  { cat "$folder/browser.log"; exit 1; }
window=$(find_window 'DB Browser for SQLite - .*plant.db' | head -n 1)
# Beside the screen itself and the main window.
has_dialog() { [ "$(find_window '.*' | wc -l)" -gt 2 ]; }
close_dialogs() {
  while has_dialog; do
    xdotool key Return
    sleep 0.5
  done
}
# With -t it asks, of any large table, whether to interrupt its own reading of rows.
wait_for 6 has_dialog
sleep 1
close_dialogs

if ! xdotool getwindowgeometry "$window" | grep 1037x738 >/dev/null; then
  echo "the window has not the size for which the places to click are known"
  exit 77
fi
click() { xdotool mousemove "$1" "$2" click 1; sleep 0.5; }
edit() { # edit ROW TEXT: the column value of a row of the window
  click 405 $((175 + 27 * $1))
  click 700 180
  xdotool key ctrl+a
  xdotool type "$2"
  sleep 0.5
  click 988 250
}
value_is() { # value_is TIME WANTED
  [ "$(sql "SELECT value FROM plant WHERE tag = 'boiler.temp' AND time = '$1'")" = "$2" ]
}

edit 1 99.5
xdotool key ctrl+s
wait_for 20 value_is '2026-01-01 08:00' 99.5 || expect "an edited cell" 99.5 "something else"

edit 2 hot
wait_for 20 grep -q "the text 'hot' does not fit the type float64" "$folder/browser.log" ||
  expect_in "a wrong value is told" "does not fit" "$(cat "$folder/browser.log")"
xdotool key Return
sleep 0.5
value_is '2026-01-01 08:30' 72.75 || expect "a refused edit" 72.75 "something else"
xdotool key Escape

# A filter leaves the points of 9:30, of which boiler.temp's is the first.
click 270 174
xdotool type '2026-01-01 09:30'
sleep 3
close_dialogs
edit 1 12.5
xdotool key ctrl+s
wait_for 20 value_is '2026-01-01 09:30' 12.5 || expect "the first row of a filter" 12.5 "another"

[ -z "${SCREENSHOT:-}" ] || import -window root "$SCREENSHOT"
kill -0 "$browser" 2>/dev/null || expect "the browser" "alive" "gone"
expect "the rest" "1000007" "$(sql "SELECT count(*) FROM plant")"
finish
