-- How two tags of the plant of plant_schema.sql go together.

-- A column for each tag, and a row for each time at which one of them has a value, without the bad ones. The table is of this
-- connection only, and holds nothing: it shows what the plant has whenever it is read.
CREATE VIRTUAL TABLE temp.boiler USING xtdb_wide(plant, 'boiler.temp' AS temp, 'boiler.pressure' AS pressure);

-- The line through the week's points, pressure = slope * temp + intercept; a pair with a NULL does not count.
SELECT regr_count(pressure, temp) AS pairs, round(corr(pressure, temp), 4) AS correlation,
  round(regr_slope(pressure, temp), 4) AS slope, round(regr_intercept(pressure, temp), 3) AS intercept,
  round(regr_r2(pressure, temp), 4) AS r2
FROM boiler;

-- The same day by day.
SELECT date(time) AS day, regr_count(pressure, temp) AS pairs, round(corr(pressure, temp), 4) AS correlation,
  round(regr_slope(pressure, temp), 4) AS slope
FROM boiler GROUP BY day;

-- Where the pressure was farthest from what the line says.
WITH line AS (SELECT regr_slope(pressure, temp) AS slope, regr_intercept(pressure, temp) AS intercept FROM boiler)
SELECT time, temp, pressure, round(slope * temp + intercept, 3) AS expected FROM boiler, line
ORDER BY round(abs(pressure - expected), 3) DESC, time LIMIT 3;

-- On a grid: each quarter's change of the tank's level, and the pump's power at its begin. Where a value is older than the grid
-- there is none.
CREATE VIRTUAL TABLE temp.quarter
USING xtdb_wide(plant, 'tank.level' AS level, 'pump.power' AS power, every='15 min', max_gap='15 min');
SELECT regr_count(change, power) AS pairs, round(corr(change, power), 3) AS correlation
FROM (SELECT power, lead(level) OVER (ORDER BY ts) - level AS change FROM quarter);
DROP TABLE temp.boiler;
DROP TABLE temp.quarter;
