-- Values of the plant of plant_schema.sql that were beyond the limits of its table alarm_limit, and the extremes of days.

-- Each day's lowest and highest temperature, and when that was: the first and the last time in the order of the values.
SELECT date(time) AS day, min(value) AS low, first(time, value) AS low_time,
  max(value) AS high, last(time, value) AS high_time
FROM plant WHERE tag = 'boiler.temp' AND quality >= 64 GROUP BY day;

-- Minutes over and under the limits. A point counts until the next one, for five minutes at most.
SELECT tag, round(sum(iif(value > high, us, 0)) / 60e6, 1) AS minutes_high, max(value) AS highest,
  round(sum(iif(value < low, us, 0)) / 60e6, 1) AS minutes_low, min(value) AS lowest
FROM (SELECT p.tag, p.value, low, high, min(lead(p.ts) OVER (PARTITION BY p.tag ORDER BY p.ts) - p.ts, 5 * 60 * 1000000) AS us
      FROM alarm_limit l JOIN plant p ON p.tag = l.tag WHERE p.quality >= 64)
GROUP BY tag;

-- Each alarm of the temperature and of the level: points in a row that are all beyond the limits, and the worst of them.
SELECT tag, min(time) AS first, max(time) AS last, count(*) AS points, iif(is_low, min(value), max(value)) AS worst
FROM (SELECT *, row_number() OVER (PARTITION BY tag ORDER BY ts)
        - row_number() OVER (PARTITION BY tag, is_low, is_high ORDER BY ts) AS run
      FROM (SELECT p.tag, p.ts, p.time, p.value, p.value < low AS is_low, p.value > high AS is_high
            FROM alarm_limit l JOIN plant p ON p.tag = l.tag WHERE p.quality >= 64 AND l.tag IN ('boiler.temp', 'tank.level')))
WHERE is_low OR is_high GROUP BY tag, is_low, is_high, run ORDER BY first;

-- How the temperature is spread: the median, what all but a hundredth stay below, and a histogram of ten parts from 65 to 90.
SELECT median(value) AS median, round(percentile_cont(value, 0.99), 2) AS p99, histogram(value, 65, 90, 10) AS histogram
FROM plant WHERE tag = 'boiler.temp' AND quality >= 64;
