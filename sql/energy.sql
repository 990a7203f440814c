-- Energy of the plant of plant_schema.sql from power, and water from a counter.

-- Kilowatt hours of each hour: the integral is kilowatts times seconds. A value holds until the next one.
SELECT to_char(time, 'HH24:MI') AS hour, count, round(avg, 2) AS kw, round(integral / 3600, 2) AS kwh
FROM xtdb_aggregate('plant', 'pump.power', '2026-01-08 00:00', '2026-01-08 06:00', '1 hour');

-- Each day, and what it cost: 30 cents from 6 to 22, 22 cents at night.
SELECT to_char(min(time), 'Dy YYYY-MM-DD') AS day, round(sum(integral) / 3600, 2) AS kwh,
  round(sum(integral * iif(date_part('hour', time) BETWEEN 6 AND 21, 0.30, 0.22)) / 3600, 2) AS euro
FROM xtdb_aggregate('plant', 'pump.power', '2026-01-05', '2026-01-12', '1 hour') GROUP BY date_trunc('day', time);

-- The week, if a value holds for five minutes at most, and if it holds for an hour: that is over the outage.
SELECT max_gap, round(integral / 3600, 2) AS kwh FROM xtdb_aggregate('plant', 'pump.power', '2026-01-05', '2026-01-12')
WHERE max_gap IN ('5 min', '1 hour') ORDER BY kwh;

-- Cubic metres each day, although there came a new meter: where the count falls it began again with 0.
SELECT date(time) AS day, sum(iif(value < before, value, value - before)) AS m3
FROM (SELECT time, value, lag(value) OVER (ORDER BY ts) AS before FROM plant WHERE tag = 'water.total') GROUP BY day;

-- The same of the week, and how often the counter began again.
SELECT delta(counter) AS m3, num_resets(counter) AS resets
FROM (SELECT counter_agg(ts, value) AS counter FROM plant WHERE tag = 'water.total');
