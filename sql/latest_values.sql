-- What the plant of plant_schema.sql shows now, and what it showed at another time.

-- The newest value of each tag, with its unit; from what the store knows of its tags, without reading points.
SELECT tag, last_value AS value, unit, last_time AS time, q_text(last_quality) AS quality FROM xtdb_tags('plant');

-- Those of the equipment of one room.
SELECT e.kind, l.tag, l.value, l.time FROM equipment e JOIN xtdb_last('plant') l ON l.tag GLOB e.name || '.*'
WHERE e.room = 'B2' ORDER BY l.tag;

-- Tags without a point for three minutes before the newest one of all; on a live plant write now() for it. Those that are written
-- when they change are among them.
SELECT tag, last_time, ts_diff(newest, last_time) AS silent_for
FROM xtdb_tags('plant'), (SELECT max(last_ts) AS newest FROM xtdb_tags('plant'))
WHERE last_ts < ts_sub(newest, '3 min');

-- All values at a time: of each tag the last point before it, and how old that was.
SELECT tag, value, q_text(quality) AS quality, ts_diff(ts, source_ts) AS age FROM xtdb_at('plant', '*', '2026-01-07 09:20');

-- What the plant did when the operators wrote their notes.
SELECT n.time, n.value AS note, a.tag, a.value FROM plant n, xtdb_at('plant', '*', n.ts) a
WHERE n.tag = 'shift.note' AND a.tag IN ('boiler.temp', 'pump.running')
ORDER BY n.time, a.tag;
