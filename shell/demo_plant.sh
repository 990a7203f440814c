#!/usr/bin/env bash
# Writes the CSV files of the demo, the same on every run: demo_plant.sh plant | weather
set -euo pipefail
export LC_ALL=C

# 40,000 samples of five signals, 5 s apart, as a data logger writes them: the same on every run.
plant() {
  awk '
    function random() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 }
    function row(tag, value, quality) { printf "%s,%s,%s,%d\n", tag, time, value, quality }
    BEGIN {
      seed = 20260101; level = 50; state = "running"
      print "tag,time,value,quality"
      for (i = 0; i < 40000; ++i) {
        s = i * 5
        time = sprintf("2026-01-%02d %02d:%02d:%02d", 1 + int(s / 86400), int(s / 3600) % 24,
                       int(s / 60) % 60, s % 60)
        if (level > 90) state = "running"
        if (level < 20) state = "stopped"
        speed = state == "running" ? 1450 + int(random() * 20) : 0
        level += (speed > 0 ? -0.03 : 0.04) + (random() - 0.5) / 20
        row("boiler.temp", sprintf("%.2f", 72 + 6 * sin(s / 13751) + random() / 2),
            random() < 0.001 ? 64 : 192)
        row("boiler.pressure", sprintf("%.1f", 4.2 + sin(s / 13751) / 2 + random() / 10), 192)
        row("pump.speed", speed, 192)
        row("pump.state", state, 192)
        row("tank.level", sprintf("%.2f", level), 192)
      }
    }'
}

# The weather beside it: a line each minute, a column for each signal, a gap now and then.
weather() {
  awk '
    function random() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 }
    BEGIN {
      seed = 7
      print "time;outside.temp;outside.humidity;outside.wind"
      for (i = 0; i < 3334; ++i) {
        s = i * 60
        printf "%02d.01.2026 %02d:%02d:00;%.1f;%d;%s\n", 1 + int(s / 86400), int(s / 3600) % 24,
               int(s / 60) % 60, 2 + 5 * sin(s / 13751) + random() / 5, 60 + random() * 20,
               random() < 0.01 ? "" : sprintf("%.1f", random() * 12)
      }
    }'
}

case ${1-} in
plant | weather) "$1" ;;
*)
  echo "usage: demo_plant.sh plant | weather" >&2
  exit 2
  ;;
esac
