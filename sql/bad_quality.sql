-- What is not good in the plant of plant_schema.sql. Quality is OPC's: 192 is good, 64 uncertain, 0 bad.

-- Points by tag and quality.
SELECT tag, q_text(quality) AS meaning, count(*) AS points, min(time) AS first, max(time) AS last
FROM plant WHERE quality < 192 GROUP BY tag, quality ORDER BY tag, quality;

-- Each time in which a tag was not good: points that follow each other with the same quality have the same difference of their
-- numbers in the tag and in the quality.
SELECT tag, q_text(quality) AS meaning, min(time) AS first, max(time) AS last, count(*) AS points
FROM (SELECT tag, time, quality, row_number() OVER (PARTITION BY tag ORDER BY ts)
        - row_number() OVER (PARTITION BY tag, quality ORDER BY ts) AS run
      FROM plant WHERE tag IN ('boiler.temp', 'tank.level'))
WHERE quality < 192 GROUP BY tag, quality, run ORDER BY tag, first;

-- The hours in which not all was good, from statistics.
SELECT tag, time AS hour, round(percent_good, 1) AS percent_good
FROM xtdb_aggregate('plant', '*', '2026-01-05', '2026-01-12', '1 hour')
WHERE percent_good < 100;

-- What bad values do to an average: with all of them, with good ones only, and with what counts if nothing is said, all but bad.
SELECT accept, count, min, max, round(avg, 2) AS avg
FROM xtdb_aggregate('plant', 'boiler.temp', '2026-01-06', '2026-01-07', '1 day')
WHERE accept IN ('all', 'good', 'notbad') ORDER BY accept;
