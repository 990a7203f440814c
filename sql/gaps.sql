-- Where points of the plant of plant_schema.sql are missing.

-- Each time in which a measurement had no point for more than five minutes.
SELECT tag, before, time, ts_diff(time, before) AS gap
FROM (SELECT tag, time, ts, lag(time) OVER of_tag AS before, lag(ts) OVER of_tag AS before_ts FROM plant
      WHERE tag IN ('boiler.temp', 'boiler.pressure', 'tank.level', 'pump.power', 'water.total')
      WINDOW of_tag AS (PARTITION BY tag ORDER BY ts))
WHERE ts - before_ts > 5 * 60 * 1000000
ORDER BY tag, time;

-- Hours without any point, from statistics: quick for years, too.
SELECT tag, time AS hour FROM xtdb_aggregate('plant', 'boiler.*', '2026-01-05', '2026-01-12', '1 hour')
WHERE fill = 'null' AND count = 0;

-- How much of what was to come came each day: a point a minute makes 1440.
SELECT date(time) AS day, round(max(count) FILTER (WHERE tag = 'boiler.temp') / 14.4, 1) AS temp_percent,
  round(max(count) FILTER (WHERE tag = 'boiler.pressure') / 14.4, 1) AS pressure_percent
FROM xtdb_aggregate('plant', 'boiler.*', '2026-01-05', '2026-01-12', '1 day') WHERE accept = 'all' GROUP BY day;
