-- Reports of the plant of plant_schema.sql by hours and days.

-- A quarter of a day of one tag, hour by hour. Bad values are left out; average is the one over time.
SELECT to_char(time, 'Dy HH24:MI') AS hour, count, min, max, round(twa, 2) AS average, last, round(percent_good, 1) AS percent_good
FROM xtdb_aggregate('plant', 'boiler.temp', '2026-01-06 12:00', '2026-01-06 18:00', '1 hour');

-- Several tags side by side, a line for each hour.
SELECT to_char(time, 'HH24:MI') AS hour, round(max(twa) FILTER (WHERE tag = 'boiler.temp'), 1) AS temp,
  round(max(twa) FILTER (WHERE tag = 'boiler.pressure'), 2) AS pressure, max(last) FILTER (WHERE tag = 'tank.level') AS level,
  round(max(integral) FILTER (WHERE tag = 'pump.power') / 3600, 1) AS kwh
FROM xtdb_aggregate('plant', '*', '2026-01-07 06:00', '2026-01-07 12:00', '1 hour') GROUP BY time;

-- The week by days as the clocks of Berlin have them, where each begins an hour before those of UTC.
SELECT to_char(timezone('Europe/Berlin', time), 'Dy DD.MM.') AS day, count, min, max, round(twa, 2) AS average
FROM xtdb_aggregate('plant', 'boiler.temp', '2026-01-05 00:00+01', '2026-01-12 00:00+01', '1 day') WHERE timezone = 'Europe/Berlin';

-- Shifts of eight hours, the first of which begins at six.
SELECT to_char(time, 'Dy ') || iif(time LIKE '% 06:%', 'early', iif(time LIKE '% 14:%', 'late', 'night')) AS shift,
  round(avg, 2) AS temp, round(stddev, 2) AS spread
FROM xtdb_aggregate('plant', 'boiler.temp', '2026-01-06 06:00', '2026-01-08 06:00', '8 hours') WHERE origin = '2026-01-05 06:00';
