#!/usr/bin/env python3
"""xtdb over ODBC, through pyodbc: types, parameters, transactions, and a reporting tool's session.

    odbc.py EXTENSION FOLDER
"""

import datetime
import sys
import unittest

import pyodbc

EXTENSION, FOLDER = "", ""
DATE = datetime.datetime
SMALL = "SELECT * FROM plant WHERE tag IN ('boiler.temp', 'pump.speed', 'pump.state', 'valve.open')"

TIME = object()
# As reporting tools write them, over the table {t}; TIME stands for a bound time.
GENERATED = [
    ('SELECT * FROM "{t}" WHERE "time" >= {{ts \'2026-01-01 08:30:00\'}} ORDER BY 1, 2', ()),
    ("SELECT * FROM {t} WHERE time >= {{d '2026-01-01'}} ORDER BY tag, time", ()),
    ("SELECT * FROM {t} WHERE {{fn upper(tag)}} = 'BOILER.TEMP' ORDER BY time", ()),
    (
        'SELECT "rows"."tag" AS "tag", sum("rows"."value") AS "sum", count(DISTINCT "rows"."time")'
        ' AS "n" FROM (SELECT "tag", "time", "value" FROM "{t}" WHERE "quality" >= ?) "rows"'
        ' GROUP BY "tag" ORDER BY "tag"',
        (64,),
    ),
    (
        "SELECT top.* FROM (SELECT * FROM {t} WHERE tag IN (?, ?)) top ORDER BY 1, 2 LIMIT 4",
        ("boiler.temp", "valve.open"),
    ),
    ("SELECT strftime('%Y-%m-%d %H', time) AS h, avg(value) FROM {t} GROUP BY 1 ORDER BY 1", ()),
    (
        "SELECT a.tag, a.time, a.value, b.value FROM {t} a LEFT OUTER JOIN {t} b"
        " ON b.time = a.time AND b.tag = 'valve.open' ORDER BY 1, 2",
        (),
    ),
    ("SELECT tag, max(time) AS last FROM {t} GROUP BY tag HAVING count(*) >= ? ORDER BY tag", (1,)),
    ("SELECT * FROM {t} WHERE time = ? OR value > ? ORDER BY tag, time", (TIME, 71)),
    ("SELECT * FROM {t} WHERE NOT (time < ?) ORDER BY tag, time", (TIME,)),
    ("SELECT * FROM {t} WHERE time IN (?, ?) ORDER BY tag", (TIME, "2026-01-01 08:00:00.000")),
    ("SELECT CASE WHEN value > 71 THEN 'a' ELSE 'b' END AS c, count(*) FROM {t} GROUP BY c", ()),
    ("SELECT * FROM {t} WHERE tag LIKE ? AND time > ? ORDER BY time DESC LIMIT 2", ("b%", TIME)),
    ("SELECT tag, value, lag(value) OVER (PARTITION BY tag ORDER BY time) AS p FROM {t}", ()),
    ("SELECT * FROM {t} o WHERE time = (SELECT max(time) FROM {t} i WHERE i.tag = o.tag)", ()),
    ("SELECT DISTINCT [{t}].[tag] FROM `{t}` WHERE tag NOT LIKE '%state' ORDER BY 1", ()),
    ("SELECT * FROM (SELECT * FROM {t}) t WHERE value IN (70.5, 72.75, 1, ?) ORDER BY 1, 2", (7,)),
    ("SELECT tag FROM area INTERSECT SELECT tag FROM {t} ORDER BY tag", ()),
    (
        "SELECT tag, count(*) FROM {t} WHERE quality IN (0, 64) OR time BETWEEN ? AND ?"
        " GROUP BY tag ORDER BY tag",
        (TIME, TIME),
    ),
]


class Odbc(unittest.TestCase):
    def setUp(self):
        self.db = self.connect()
        self.cursor = self.db.cursor()

    def tearDown(self):
        self.db.close()

    def connect(self, more="", autocommit=True):
        return pyodbc.connect(
            f"DRIVER=SQLite3;Database={FOLDER}/plant.db;LoadExt={EXTENSION};Timeout=10000;{more}",
            autocommit=autocommit,
        )

    def ask(self, sql, *arguments):
        self.cursor.execute(sql, *arguments)
        return [tuple(row) for row in self.cursor.fetchall()]


class Reading(Odbc):
    def test_rows_have_types(self):
        rows = self.ask(SMALL)
        self.assertEqual(
            rows[:4],
            [
                ("boiler.temp", DATE(2026, 1, 1, 8, 0), 71.25, 192),
                ("boiler.temp", DATE(2026, 1, 1, 8, 30), 72.75, 192),
                ("boiler.temp", DATE(2026, 1, 1, 9, 0, 0, 123456), None, 0),
                ("boiler.temp", DATE(2026, 1, 1, 9, 30), 70.5, 64),
            ],
        )
        self.assertEqual(
            [column[1] for column in self.cursor.description],
            [str, datetime.datetime, float, int],
        )
        self.assertEqual([len(rows), rows[6][0], rows[6][2]], [7, "valve.open", 1.0])

    def test_texts_and_large_integers_need_a_cast(self):
        # The driver calls a NUMERIC column a double, in which there is no place for them.
        state = "FROM plant WHERE tag IN ('pump.speed', 'pump.state') ORDER BY tag"
        self.assertEqual(self.ask("SELECT value " + state), [(2.0**53,), (None,)])
        self.assertEqual(
            self.ask("SELECT CAST(value AS TEXT) " + state), [("9007199254740993",), ("läuft",)]
        )

    def test_expressions_have_the_type_of_their_first_row(self):
        # As docs/tools/odbc.md warns; of plain tables as well.
        rows = "(VALUES (7), (1.5))"
        self.assertEqual(self.ask(f"SELECT column1 FROM {rows}"), [(7,), (1,)])
        self.assertEqual(self.ask(f"SELECT CAST(column1 AS REAL) FROM {rows}"), [(7.0,), (1.5,)])
        self.assertEqual(self.ask("SELECT count FROM hourly WHERE tag = 'boiler.temp'")[0], (2,))

    def test_large_integers_of_expressions_need_bigint(self):
        last = "SELECT max(ts), 3000000000 FROM plant WHERE tag = 'boiler.temp'"
        self.assertEqual(self.ask(last)[0][1], 3000000000 - 2**32)
        db = self.connect("BigInt=1")
        row = tuple(db.cursor().execute(last).fetchone())
        db.close()
        self.assertEqual(row, (1767259800000000, 3000000000))
        self.assertEqual(
            self.ask("SELECT ts FROM plant WHERE tag = 'boiler.temp' AND time = '2026-01-01 08:00'"),
            [(1767254400000000,)],
        )

    def test_integers_of_rollups_are_of_64_bits(self):
        # As INTEGER they would wrap at 2^31, as NUMERIC be doubles.
        columns = self.cursor.columns(table="hourly").fetchall()
        types = {row.column_name: row.data_type for row in columns}
        self.assertEqual([types["count"], types["ts"]], [pyodbc.SQL_BIGINT] * 2)

    def test_a_view_makes_texts_a_column(self):
        self.cursor.execute(
            "CREATE TEMP VIEW states AS "
            "SELECT tag, time, CAST(value AS TEXT) AS state, quality FROM plant"
        )
        wanted = "SELECT * FROM states WHERE time >= ? AND tag = 'pump.state'"
        rows = self.ask(wanted, DATE(2026, 1, 1))
        self.assertEqual(rows, [("pump.state", DATE(2026, 1, 1, 8), "läuft", 192)])
        types = [column[1] for column in self.cursor.description]
        self.assertEqual(types, [str, datetime.datetime, str, int])

    def test_the_catalogue(self):
        tables = {row.table_name: row.table_type for row in self.cursor.tables()}
        for name in ("plant", "hourly", "boiler", "area"):
            self.assertEqual(tables.get(name), "TABLE")
        columns = [
            (row.column_name, row.type_name, row.nullable)
            for row in self.cursor.columns(table="plant")
        ]
        self.assertEqual(
            columns,
            [("tag", "TEXT", 0), ("time", "TIMESTAMP", 0), ("value", "NUMERIC", 1)]
            + [("quality", "INTEGER", 1)],
        )
        types = [row.data_type for row in self.cursor.columns(table="plant")]
        self.assertEqual(
            types[1:], [pyodbc.SQL_TYPE_TIMESTAMP, pyodbc.SQL_DOUBLE, pyodbc.SQL_INTEGER]
        )
        self.assertEqual(list(self.cursor.statistics("plant")), [])

    def test_a_million_rows(self):
        for option in ("", "StepAPI=1"):
            db = self.connect(option)
            cursor = db.cursor()
            cursor.execute("SELECT * FROM plant WHERE tag = 'million'")
            count, total, last = 0, 0.0, None
            while rows := cursor.fetchmany(10000):
                count += len(rows)
                total += sum(row.value for row in rows)
                last = rows[-1].time
            db.close()
            self.assertEqual([count, total], [1000000, 249999750000.0])
            self.assertEqual(last, DATE(2026, 1, 12, 13, 46, 39))

    def test_functions_that_give_rows(self):
        rows = self.ask("SELECT tag, type, points, last_time FROM xtdb_tags('plant', 'boiler.*')")
        self.assertEqual(rows, [("boiler.temp", "float64", 4, DATE(2026, 1, 1, 9, 30))])

    def test_errors_reach_the_caller(self):
        for sql, part in (
            ("SELECT * FROM plant WHERE time = 'yesterday'", 'not a time: "yesterday"'),
            ("SELECT * FROM xtdb_tags('plnt')", 'no xtdb table "plnt"'),
            ("INSERT INTO plant(tag, time, value) VALUES ('a', 5, 1)", "does not take a number"),
            ("INSERT INTO plant(tag, value) VALUES ('a', 1)", "NOT NULL constraint failed"),
        ):
            with self.subTest(sql), self.assertRaisesRegex(pyodbc.Error, part):
                self.ask(sql)


class Writing(Odbc):
    def test_times_are_bound(self):
        begin, end = DATE(2026, 1, 1, 8, 30), DATE(2026, 1, 1, 9, 30)
        rows = self.ask(
            "SELECT time FROM plant WHERE tag = 'boiler.temp' AND time >= ? AND time < ?",
            begin,
            end,
        )
        self.assertEqual(rows, [(begin,), (DATE(2026, 1, 1, 9, 0, 0, 123456),)])
        rows = self.ask("SELECT count(*) FROM plant WHERE time < ?", datetime.date(2026, 1, 1))
        self.assertEqual(rows, [(0,)])

    def test_zones_have_to_be_bound_as_text(self):
        # pyodbc drops the zone of a datetime.
        moment = DATE(2026, 1, 1, 9, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
        first = "SELECT min(time) FROM plant WHERE tag = 'boiler.temp' AND time >= ?"
        self.assertEqual(self.ask(first, moment), [("2026-01-01 09:30:00.000",)])
        for bound in (moment.isoformat(), moment.astimezone(datetime.timezone.utc)):
            self.assertEqual(self.ask(first, bound), [("2026-01-01 08:30:00.000",)])

    def test_microseconds_are_bound_as_text_or_number(self):
        # The driver cuts a bound timestamp to milliseconds.
        one = "SELECT count(*) FROM plant WHERE tag = 'boiler.temp' AND "
        moment = DATE(2026, 1, 1, 9, 0, 0, 123456)
        self.assertEqual(self.ask(one + "time = ?", moment), [(0,)])
        self.assertEqual(self.ask(one + "time = ?", str(moment)), [(1,)])
        self.assertEqual(self.ask(one + "ts = ?", 1767258000123456), [(1,)])

    def test_what_is_bound_is_stored(self):
        time = DATE(2026, 2, 1, 1, 2, 3, 456000)
        insert = "INSERT INTO plant(tag, time, value, quality) VALUES (?, ?, ?, ?)"
        for tag, value, stored in (
            ("w.real", 1.5, "real"),
            ("w.integer", 7, "integer"),
            ("w.text", "grün", "text"),
            ("w.null", None, "null"),
        ):
            self.cursor.execute(insert, tag, time, value, None)
            rows = self.ask(
                "SELECT time, CAST(value AS TEXT), typeof(value), quality FROM plant WHERE tag = ?",
                tag,
            )
            text = None if value is None else str(value)
            self.assertEqual(rows, [(time, text, stored, 192)])

    def test_a_rollback_undoes_both_tables(self):
        db = self.connect(autocommit=False)
        cursor = db.cursor()
        count = "SELECT count(*) FROM plant JOIN area USING (tag) WHERE tag = 'draft'"
        rows = [("draft", DATE(2026, 1, 1) + datetime.timedelta(seconds=i), i) for i in range(500)]
        cursor.executemany("INSERT INTO plant(tag, time, value) VALUES (?, ?, ?)", rows)
        cursor.execute("INSERT INTO area VALUES ('draft', 'x')")
        self.assertEqual(cursor.execute(count).fetchval(), 500)
        self.assertEqual(self.ask(count), [(0,)])
        db.rollback()
        self.assertEqual(cursor.execute(count).fetchval(), 0)
        cursor.execute("INSERT INTO plant VALUES ('kept', '2026-01-01', 1, 192)")
        db.commit()
        db.close()
        self.assertEqual(self.ask("SELECT value FROM plant WHERE tag = 'kept'"), [(1.0,)])


class ReportingTool(Odbc):
    """What a reporting tool does, from the list of tables to a chart by hours."""

    def test_a_session(self):
        names = [row.table_name for row in self.cursor.tables(tableType="TABLE")]
        self.assertIn("hourly", names)
        for name in ("plant", "hourly", "boiler"):
            preview = self.ask(f'SELECT * FROM "{name}" LIMIT 2')
            described = [row.column_name for row in self.cursor.columns(table=name)]
            self.cursor.execute(f'SELECT * FROM "{name}" LIMIT 2')
            self.assertEqual([column[0] for column in self.cursor.description], described)
            self.assertEqual(len(preview), 2)
        day = (DATE(2026, 1, 2), DATE(2026, 1, 3))
        hours = self.ask(
            'SELECT "time", "count", "min", "avg", "max", "sum" FROM "hourly" '
            "WHERE \"tag\" = 'million' AND \"time\" >= ? AND \"time\" < ? ORDER BY \"time\"",
            *day,
        )
        self.assertEqual(len(hours), 24)
        first = 86400 * 0.5
        mean, last = first + 3599 * 0.25, first + 3599 * 0.5
        self.assertEqual(hours[0], (day[0], 3600, first, mean, last, 3600 * mean))
        self.assertEqual(hours[-1][0], DATE(2026, 1, 2, 23))
        types = [column[1] for column in self.cursor.description]
        self.assertEqual(types, [datetime.datetime, int, float, float, float, float])

    def test_a_join_by_area(self):
        rows = self.ask(
            "SELECT a.name, count(*), max(p.value) FROM plant p JOIN area a ON a.tag = p.tag "
            "WHERE p.time >= ? GROUP BY a.name ORDER BY a.name",
            DATE(2026, 1, 1),
        )
        self.assertEqual(rows[0][:2], ("boiler house", 4))
        self.assertEqual(rows[0][2], 72.75)

    def test_statements_of_tools_give_what_a_plain_table_gives(self):
        self.cursor.execute(
            "CREATE TEMP TABLE plain(tag TEXT NOT NULL, time TIMESTAMP NOT NULL,"
            " value NUMERIC, quality INTEGER)"
        )
        self.cursor.execute("INSERT INTO plain " + SMALL)
        self.cursor.execute("CREATE TEMP VIEW small AS " + SMALL)
        begin = DATE(2026, 1, 1, 8, 30)
        for sql, arguments in GENERATED:
            with self.subTest(sql):
                arguments = [begin if one is TIME else one for one in arguments]
                got, wanted = (
                    (self.ask(sql.format(t=table), *arguments), self.cursor.description)
                    for table in ("small", "plain")
                )
                self.assertEqual(got, wanted)
                self.assertNotEqual(got[0], [])

    def test_a_column_for_each_tag(self):
        rows = self.ask("SELECT * FROM boiler WHERE time >= ?", DATE(2026, 1, 1, 8, 30))
        self.assertEqual(rows[0], (DATE(2026, 1, 1, 8, 30), 72.75, 1.0))


if __name__ == "__main__":
    EXTENSION, FOLDER = sys.argv[1:3]
    del sys.argv[1:3]
    unittest.main()
