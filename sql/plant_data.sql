-- A week of the plant of plant_schema.sql, from Monday, 2026-01-05, to Sunday; the same in every run. Most tags have a point a
-- minute, and there is what real plants have: an outage, bad and uncertain values, trips of the pump, a new meter.
BEGIN;

-- The pump rests half an hour each night and trips twice. Only changes are written.
INSERT INTO plant(tag, time, value) VALUES ('pump.running', '2026-01-05', 1),
  ('pump.running', '2026-01-07 09:12:30', 0), ('pump.running', '2026-01-07 09:41:10', 1),
  ('pump.running', '2026-01-10 17:03:05', 0), ('pump.running', '2026-01-10 17:05:20', 1);
INSERT INTO plant(tag, time, value)
SELECT 'pump.running', time, 0 FROM ts_series('2026-01-05 02:00', '2026-01-12', '1 day');
INSERT INTO plant(tag, time, value)
SELECT 'pump.running', time, 1 FROM ts_series('2026-01-05 02:30', '2026-01-12', '1 day');

-- The minutes of the week, whether the pump ran, and the boiler's temperature in hundredths of a degree: waves of a day, warmest at
-- midnight, and of 90 minutes, some noise, and Friday's peak. Whole numbers are the same on every machine.
CREATE TEMP TABLE minute AS
SELECT *, 7500 + (abs(number % 1440 - 720) - 360) * 500 / 360 + (2 * abs(number % 90 - 45) - 45) * 200 / 45 + noise
  + max(0, 1600 - abs(number - 6560) * 100 / 3) AS temp
FROM (SELECT ts, number, value AS is_running, number * 7919 % 101 AS noise, number * 104729 % 101 AS other_noise
      FROM (SELECT *, (ts - ts('2026-01-05')) / 60000000 AS number
            FROM xtdb_sample('plant', 'pump.running', '2026-01-05', '2026-01-12', '1 min')));

-- The temperature's sensor fails on Tuesday, and says so by its quality.
INSERT INTO plant(tag, ts, value, quality)
SELECT 'boiler.temp', ts, iif(is_bad, -200.0, temp / 100.0), iif(is_bad, 0, 192)
FROM (SELECT *, ts >= ts('2026-01-06 14:00') AND ts < ts('2026-01-06 14:20') AS is_bad FROM minute);

-- Pressure follows temperature, 0.06 bar a degree; its sensor is exchanged in Saturday's night.
INSERT INTO plant(tag, ts, value)
SELECT 'boiler.pressure', ts, (3200 + (temp - 7500) * 6 / 10 + other_noise) / 1000.0 FROM minute
WHERE ts < ts('2026-01-10 02:00') OR ts >= ts('2026-01-10 04:30');

-- The tank fills slowly while the pump runs, and empties while it stands. The level is uncertain on Friday morning.
INSERT INTO plant(tag, ts, value, quality)
SELECT 'tank.level', ts, (5500 + sum(iif(is_running, 2, -70)) OVER (ORDER BY ts)) / 100.0,
  iif(ts >= ts('2026-01-09 06:00') AND ts < ts('2026-01-09 07:00'), 64, 192)
FROM minute;

INSERT INTO plant(tag, ts, value) SELECT 'pump.power', ts, iif(is_running, 1100 + 2 * noise, 20) / 100.0 FROM minute;

-- A cubic metre for each minute that the pump runs, read every five minutes. The new meter comes on Friday.
INSERT INTO plant(tag, ts, value)
SELECT 'water.total', ts, iif(is_new, 0, 48000) + sum(is_running) OVER (PARTITION BY is_new ORDER BY ts)
FROM (SELECT *, ts >= ts('2026-01-09 13:37') AS is_new FROM minute);
DELETE FROM plant WHERE tag = 'water.total' AND ts % 300000000 <> 0;

INSERT INTO plant(tag, time, value) VALUES
  ('shift.note', '2026-01-07 09:20', 'feed pump tripped, overload relay'),
  ('shift.note', '2026-01-08 11:10', 'network was down'),
  ('shift.note', '2026-01-09 13:25', 'boiler too hot, burner turned down');

-- The outage on Thursday: nothing of these minutes ever arrived.
DELETE FROM plant WHERE tag IN ('boiler.temp', 'boiler.pressure', 'tank.level', 'pump.power', 'water.total')
  AND time >= '2026-01-08 10:20' AND time < '2026-01-08 11:05';
DROP TABLE minute;
COMMIT;

-- What there is now.
SELECT tag, type, unit, points, first_time, last_time, last_value FROM xtdb_tags('plant');
