-- A small plant for the other scripts of this folder: its tags, and plain tables beside them. All of it is SQL for any client;
-- in the sqlite3 shell:
--   sqlite3 -box my.db
--   .load ./xtdb
--   .read sql/plant_schema.sql
--   .read sql/plant_data.sql
CREATE VIRTUAL TABLE plant USING xtdb;
-- Each tag's type, unit and meaning.
SELECT count(xtdb_define_tag('plant', column1, column2, column3, column4)) AS tags
FROM (VALUES
  ('boiler.temp', 'double', 'degC', 'flow temperature'),
  ('boiler.pressure', 'double', 'bar', 'pressure'),
  ('pump.running', 'bool', NULL, '1 while the feed pump runs; written when it changes'),
  ('pump.power', 'double', 'kW', 'electrical power of the feed pump'),
  ('tank.level', 'double', '%', 'level of the feed tank'),
  ('water.total', 'integer', 'm3', 'meter behind the pump; a new one begins with 0'),
  ('shift.note', 'text', NULL, 'what the operators write'));
-- A tag belongs to the equipment with whose name it begins.
CREATE TABLE equipment(name TEXT PRIMARY KEY, kind TEXT, room TEXT);
INSERT INTO equipment VALUES
  ('boiler', 'steam boiler', 'B1'), ('pump', 'feed pump', 'B2'), ('tank', 'feed tank', 'B2'), ('water', 'water meter', 'B2');
-- A value outside of these is an alarm.
CREATE TABLE alarm_limit(tag TEXT PRIMARY KEY, low REAL, high REAL);
INSERT INTO alarm_limit VALUES ('boiler.temp', 60, 84), ('boiler.pressure', 2, 3.8), ('tank.level', 40, 95);
