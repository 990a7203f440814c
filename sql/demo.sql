-- Queries over the containers of shell/demo.sh, for the stock sqlite3 shell. Runs in a folder that
-- holds xtdb.so, plant.xtdb and machine.xtdb.
.bail on
.load ./xtdb
.mode box
.nullvalue -
CREATE VIRTUAL TABLE plant USING xtdb(path='plant.xtdb');
CREATE VIRTUAL TABLE machine USING xtdb(path='machine.xtdb');
.print
.print == This machine, as just recorded
SELECT tag, unit, points, last_time, last_value
FROM xtdb_tags('machine')
WHERE tag GLOB 'cpu.*' OR tag GLOB 'mem.*' OR tag GLOB 'load.*' OR tag GLOB 'processes.*';
.timer on
.print
.print == Latest value of every signal of the plant
SELECT tag, time, value, quality FROM xtdb_last('plant');
.print
.print == What there is of each, from statistics: no point is read
SELECT tag, type, points, first_time, last_time, bytes FROM xtdb_tags('plant');
.print
.print == Six hours of the boiler by the hour
SELECT time, count, min, round(avg, 3) AS avg, max, round(stddev, 3) AS stddev
FROM xtdb_aggregate('plant', 'boiler.temp', '2026-01-02 06:00', '2026-01-02 12:00', '1 hour');
.print
.print == Days as a table, for tools that know nothing of functions
CREATE VIRTUAL TABLE plant_daily USING xtdb_rollup(plant, '1 day');
SELECT tag, time, count, min, max, round(avg, 2) AS avg, round(twa, 2) AS over_time
FROM plant_daily WHERE tag IN ('boiler.temp', 'pump.speed');
.print
.print == A column for each signal, on a grid of hours
CREATE VIRTUAL TABLE plant_wide
USING xtdb_wide(plant, 'boiler.temp' AS temp, 'tank.level' AS level, 'pump.state' AS pump, every='1 hour');
SELECT * FROM plant_wide WHERE time >= '2026-01-02 06:00' AND time < '2026-01-02 12:00';
.print
.print == Asked as one asks PostgreSQL: hours on the clock of Berlin
SELECT to_char(timezone('Europe/Berlin', time_bucket('1 hour', time)), 'Dy HH24:MI') AS berlin, count(*) AS points,
  round(median(value), 2) AS median, round(percentile_cont(value, 0.95), 2) AS p95, round(stddev(value), 3) AS stddev,
  first(value, ts) AS first, last(value, ts) AS last
FROM plant WHERE tag = 'boiler.temp' AND time >= '2026-01-02 06:00' AND time < '2026-01-02 10:00'
GROUP BY berlin ORDER BY min(ts);
.print
.print == The boiler drawn in eight pixels: what each has to cover
SELECT time, first, min, max, last FROM xtdb_plot('plant', 'boiler.temp', NULL, NULL, 8);
.print
.print == And drawn in the shell: all 40,000 points, and the tank's level hour by hour
.mode list
SELECT xtdb_chart(ts, value, 76, 12) FROM plant WHERE tag = 'boiler.temp';
SELECT sparkline(avg) FROM xtdb_aggregate('plant', 'tank.level', NULL, NULL, '1 hour');
.mode box
.print
.print == The three hottest moments of good quality
SELECT time, value FROM plant
WHERE tag = 'boiler.temp' AND quality >= 192
ORDER BY value DESC LIMIT 3;
.print
.print == How often the pump changed its state, by a window function
SELECT value AS state, count(*) AS times
FROM (SELECT value, lag(value) OVER (ORDER BY time) AS before FROM plant WHERE tag = 'pump.state')
WHERE value IS NOT before
GROUP BY value;
.print
.print == One point: what is pushed down, and what was read for it
EXPLAIN QUERY PLAN
SELECT value FROM plant WHERE tag = 'tank.level' AND time = '2026-01-02 12:00:00';
SELECT time, value FROM plant WHERE tag = 'tank.level' AND time = '2026-01-02 12:00:00';
.timer off
SELECT name, value FROM xtdb_last_query('plant')
WHERE name IN ('blocks_considered', 'blocks_pruned', 'blocks_read', 'vectors_decoded', 'rows');
.print
.print == A transaction: an update, a delete, seen inside, rolled back
BEGIN;
UPDATE plant SET quality = 64
WHERE tag = 'boiler.temp' AND time >= '2026-01-02 06:00' AND time < '2026-01-02 07:00';
SELECT changes() AS points_marked_uncertain;
DELETE FROM plant WHERE tag = 'boiler.temp' AND time >= '2026-01-03';
SELECT count(*) AS points_inside, max(time) AS last_inside,
       sum(quality = 64) AS uncertain_inside
FROM plant WHERE tag = 'boiler.temp';
ROLLBACK;
SELECT count(*) AS points_after, max(time) AS last_after, sum(quality = 64) AS uncertain_after
FROM plant WHERE tag = 'boiler.temp';
.print
.print == A late point and a correction: the last one written counts
INSERT INTO plant VALUES ('boiler.temp', '2026-01-01 00:00:02.5', 70.5, 192);
INSERT INTO plant VALUES ('boiler.temp', '2026-01-01 00:00:02.5', 71.5, 192);
SELECT time, value FROM plant WHERE tag = 'boiler.temp' ORDER BY time LIMIT 3;
DELETE FROM plant WHERE tag = 'boiler.temp' AND time = '2026-01-01 00:00:02.5';
.print
.print == Where the points are
SELECT sequence AS chunk, kind, state, blocks, points, first_time, last_time, used_bytes
FROM xtdb_chunks('plant');
