-- When the pump of plant_schema.sql stood, how often and for how long.

-- Each standstill. There is a point whenever the pump starts or stops, so that the next point ends it.
SELECT time AS stopped, started, ts_diff(started, time) AS stood
FROM (SELECT time, value, lead(time) OVER (ORDER BY ts) AS started FROM plant WHERE tag = 'pump.running')
WHERE value = 0;

-- How often, how long in all, and the longest.
SELECT count(*) AS stops, round(sum(minutes), 1) AS minutes, round(max(minutes), 1) AS longest, round(avg(minutes), 1) AS average
FROM (SELECT value, (lead(ts) OVER (ORDER BY ts) - ts) / 60e6 AS minutes FROM plant WHERE tag = 'pump.running')
WHERE value = 0;

-- Each day: the average over time of 0 and 1 is the part of the day that it ran. It knows the value from before midnight.
SELECT to_char(time, 'Dy YYYY-MM-DD') AS day, round(100 * twa, 2) AS percent_running, round((1 - twa) * 24 * 60, 2) AS minutes_stood
FROM xtdb_aggregate('plant', 'pump.running', '2026-01-05', '2026-01-12', '1 day');

-- What nobody had planned: standstills that did not begin at two in the morning, and what was noted within the hour.
SELECT p.time AS stopped, n.value AS note
FROM plant p LEFT JOIN plant n ON n.tag = 'shift.note' AND n.ts >= p.ts AND n.ts < ts_add(p.ts, '1 hour')
WHERE p.tag = 'pump.running' AND p.value = 0 AND p.time NOT LIKE '% 02:00:%' ORDER BY p.ts;
