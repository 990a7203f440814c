-- The plant on which every tool is tried: a tag of each kind of value, a time with microseconds, a
-- NULL, a tag of a million points, and the tables that a reporting tool is given.
PRAGMA journal_mode = wal;
CREATE VIRTUAL TABLE plant USING xtdb(path='plant.xtdb');
CREATE VIRTUAL TABLE hourly USING xtdb_rollup(plant, '1 hour');
CREATE VIRTUAL TABLE boiler 
  USING xtdb_wide(plant, 'boiler.temp' AS temp, 'valve.open' AS open, every='30 min');
CREATE TABLE area(tag TEXT PRIMARY KEY, name TEXT);
INSERT INTO area VALUES ('boiler.temp', 'boiler house'), ('pump.speed', 'pump room');
SELECT xtdb_define_tag('plant', 'valve.open', 'bool', NULL, 'inlet valve');
INSERT INTO plant VALUES
  ('boiler.temp', '2026-01-01 08:00', 71.25, 192),
  ('boiler.temp', '2026-01-01 08:30', 72.75, 192),
  ('boiler.temp', '2026-01-01 09:00:00.123456', NULL, 0),
  ('boiler.temp', '2026-01-01 09:30', 70.5, 64),
  ('pump.speed', '2026-01-01 08:00', 9007199254740993, 192),
  ('pump.state', '2026-01-01 08:00', 'läuft', 192),
  ('valve.open', '2026-01-01 08:00', 1, 192);
-- Their sum is 249999750000, exact in a double.
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
INSERT INTO plant(tag, ts, value) SELECT 'million', 1767225600000000 + i * 1000000, i * 0.5 FROM n;
