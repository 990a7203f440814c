#!/usr/bin/env python3
"""xtdb in Python's own modules, without the package xtdb: sqlite3, apsw, numpy and pandas.

    python_modules.py EXTENSION FOLDER

Modules that are not installed are left out, and told. Exits with 77 where this Python cannot load
extensions.
"""

import datetime
import importlib
import math
import sqlite3
import sys
import unittest

EXTENSION, FOLDER = "", ""
DATE = datetime.datetime
UTC = datetime.timezone.utc
SMALL = "SELECT * FROM plant WHERE tag IN ('boiler.temp', 'pump.speed', 'pump.state', 'valve.open')"
ROWS = [
    ("boiler.temp", "2026-01-01 08:00:00.000", 71.25, 192),
    ("boiler.temp", "2026-01-01 08:30:00.000", 72.75, 192),
    ("boiler.temp", "2026-01-01 09:00:00.123456", None, 0),
    ("boiler.temp", "2026-01-01 09:30:00.000", 70.5, 64),
    ("pump.speed", "2026-01-01 08:00:00.000", 9007199254740993, 192),
    ("pump.state", "2026-01-01 08:00:00.000", "läuft", 192),
    ("valve.open", "2026-01-01 08:00:00.000", 1, 192),
]


def optional(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


apsw, numpy, pandas = optional("apsw"), optional("numpy"), optional("pandas")


def connect(**options):
    db = sqlite3.connect(f"{FOLDER}/plant.db", timeout=10, **options)
    db.enable_load_extension(True)
    db.load_extension(EXTENSION)
    return db


class Sqlite3(unittest.TestCase):
    def setUp(self):
        self.db = connect()

    def tearDown(self):
        self.db.close()

    def ask(self, sql, *arguments):
        return self.db.execute(sql, arguments).fetchall()

    def test_rows_have_types(self):
        self.assertEqual(self.ask(SMALL), ROWS)

    def test_declared_types_make_datetimes(self):
        db = connect(detect_types=sqlite3.PARSE_DECLTYPES)
        times = [row[1] for row in db.execute(SMALL)]
        db.close()
        self.assertEqual(times[2], DATE(2026, 1, 1, 9, 0, 0, 123456))
        self.assertEqual(times[0], DATE(2026, 1, 1, 8, 0))

    def test_datetimes_are_bound(self):
        since = "SELECT ts FROM plant WHERE tag = 'boiler.temp' AND time >= ?"
        wanted = [(1767256200000000,), (1767258000123456,), (1767259800000000,)]
        berlin = datetime.timezone(datetime.timedelta(hours=1))
        for time in (
            DATE(2026, 1, 1, 8, 30),
            DATE(2026, 1, 1, 8, 30, tzinfo=UTC),
            DATE(2026, 1, 1, 9, 30, tzinfo=berlin),
        ):
            self.assertEqual(self.ask(since, time.isoformat(" ")), wanted)
        with self.assertRaisesRegex(sqlite3.Error, "time does not take a number"):
            self.ask(since, DATE(2026, 1, 1, 8, 30, tzinfo=UTC).timestamp())

    def test_a_connection_rolls_back(self):
        count = "SELECT count(*) FROM plant JOIN area USING (tag) WHERE tag = 'draft'"
        with self.assertRaises(ZeroDivisionError), self.db:
            points = [("draft", 1767225600000000 + i, i / 2) for i in range(1000)]
            self.db.executemany("INSERT INTO plant(tag, ts, value) VALUES (?, ?, ?)", points)
            self.db.execute("INSERT INTO area VALUES ('draft', 'x')")
            self.assertEqual(self.ask(count), [(1000,)])
            raise ZeroDivisionError
        self.assertEqual(self.ask(count), [(0,)])
        with self.db:
            self.db.execute("INSERT INTO plant VALUES ('kept', '2026-01-01', ?, ?)", (None, None))
        other = connect()
        self.assertEqual(
            other.execute("SELECT value, quality FROM plant WHERE tag = 'kept'").fetchall(),
            [(None, 192)],
        )
        other.close()

    def test_errors_have_their_text(self):
        with self.assertRaisesRegex(sqlite3.OperationalError, 'not a time: "x"'):
            self.ask("SELECT * FROM plant WHERE time = 'x'")
        with self.assertRaisesRegex(sqlite3.IntegrityError, "does not fit the type float64"):
            self.ask("INSERT INTO plant VALUES ('boiler.temp', '2026-01-02', 'hot', 192)")
        with self.assertRaisesRegex(sqlite3.IntegrityError, "plant.time"):
            self.ask("INSERT INTO plant(tag, value) VALUES ('a', 1)")

    def test_the_catalogue(self):
        columns = [(row[1], row[2]) for row in self.ask("PRAGMA table_info(plant)")]
        self.assertEqual(
            columns,
            [("tag", "TEXT"), ("time", "TIMESTAMP"), ("value", "NUMERIC"), ("quality", "INTEGER")],
        )

    def test_a_million_rows(self):
        count, total = 0, 0.0
        for _, value in self.db.execute("SELECT time, value FROM plant WHERE tag = 'million'"):
            count += 1
            total += value
        self.assertEqual((count, total), (1000000, 249999750000.0))


@unittest.skipIf(apsw is None, "no apsw")
class Apsw(unittest.TestCase):
    def setUp(self):
        self.db = apsw.Connection(f"{FOLDER}/plant.db")
        self.db.setbusytimeout(10000)
        self.db.enableloadextension(True)
        self.db.loadextension(EXTENSION)

    def tearDown(self):
        self.db.close()

    def ask(self, sql, *arguments):
        return self.db.cursor().execute(sql, arguments).fetchall()

    def test_rows_have_types(self):
        cursor = self.db.cursor().execute(SMALL)
        self.assertEqual(
            cursor.getdescription(),
            (("tag", "TEXT"), ("time", "TIMESTAMP"), ("value", "NUMERIC"), ("quality", "INTEGER")),
        )
        self.assertEqual(cursor.fetchall(), ROWS)

    def test_a_with_block_rolls_back(self):
        with self.assertRaises(ZeroDivisionError), self.db:
            self.ask("INSERT INTO plant(tag, ts, value) VALUES (?, ?, ?)", "apsw", 1, 2.5)
            with self.db:
                self.ask("INSERT INTO plant(tag, ts, value) VALUES (?, ?, ?)", "apsw", 2, 3)
            self.assertEqual(self.ask("SELECT count(*) FROM plant WHERE tag = 'apsw'"), [(2,)])
            raise ZeroDivisionError
        self.assertEqual(self.ask("SELECT count(*) FROM plant WHERE tag = 'apsw'"), [(0,)])

    def test_errors_have_their_text(self):
        with self.assertRaisesRegex(apsw.SQLError, 'not a time: "x"'):
            self.ask("SELECT * FROM plant WHERE time = 'x'")
        with self.assertRaisesRegex(apsw.MismatchError, "does not fit the type float64"):
            self.ask("INSERT INTO plant VALUES ('boiler.temp', '2026-01-02', 'hot', 192)")


@unittest.skipIf(numpy is None, "no numpy")
class Numpy(unittest.TestCase):
    def test_vectors_are_arrays(self):
        db = connect()
        read = "SELECT type, ts, value FROM xtdb_vectors('plant', 'million')"
        vectors = db.execute(read).fetchall()
        db.close()
        times = numpy.concatenate([numpy.frombuffer(ts, "int64") for _, ts, _ in vectors])
        values = numpy.concatenate([numpy.frombuffer(value, kind) for kind, _, value in vectors])
        self.assertEqual([len(values), values.sum()], [1000000, 249999750000.0])
        self.assertTrue((numpy.diff(times) == 1000000).all())
        self.assertEqual(times.view("datetime64[us]")[0], numpy.datetime64("2026-01-01"))

    def test_arrays_are_batches(self):
        # Python begins a transaction before an INSERT, but not before a SELECT.
        db = connect(isolation_level=None)
        db.execute("BEGIN")
        times = numpy.arange("2026-02-01", "2026-02-02", dtype="datetime64[m]")
        ts = times.astype("datetime64[us]").astype("<i8").tobytes()
        values = numpy.linspace(0, 1, len(times)).astype("<f8").tobytes()
        count = db.execute("SELECT xtdb_append('plant', 'numpy', ?, ?)", (ts, values)).fetchone()
        self.assertEqual(count, (1440,))
        newest = "SELECT time, value FROM xtdb_last('plant', 'numpy')"
        self.assertEqual(db.execute(newest).fetchone(), ("2026-02-01 23:59:00.000", 1.0))
        db.execute("ROLLBACK")
        self.assertIsNone(db.execute(newest).fetchone())
        db.close()


@unittest.skipIf(pandas is None, "no pandas")
class Pandas(unittest.TestCase):
    def setUp(self):
        self.db = connect()

    def tearDown(self):
        self.db.rollback()
        self.db.close()

    def test_a_query_is_a_frame(self):
        frame = pandas.read_sql_query(
            "SELECT * FROM plant WHERE tag = ? AND time >= ?",
            self.db,
            params=("boiler.temp", str(DATE(2026, 1, 1, 8, 30))),
            parse_dates=["time"],
        )
        self.assertEqual(
            [str(kind) for kind in frame.dtypes], ["object", "datetime64[ns]", "float64", "int64"]
        )
        self.assertEqual(frame["time"][1], pandas.Timestamp("2026-01-01 09:00:00.123456"))
        self.assertTrue(math.isnan(frame["value"][1]))
        self.assertEqual(frame["quality"].tolist(), [192, 0, 64])

    def test_a_frame_is_appended(self):
        # The hidden column ts takes microseconds; to_sql inserts by name, and commits.
        frame = pandas.DataFrame(
            {
                "tag": "frame",
                "ts": pandas.date_range("2026-01-01", periods=3, freq="s").astype("int64") // 1000,
                "value": [1.5, float("nan"), 2.5],
            }
        )
        frame.to_sql("plant", self.db, if_exists="append", index=False)
        rows = self.db.execute("SELECT time, value FROM plant WHERE tag = 'frame'").fetchall()
        self.assertEqual(rows[1], ("2026-01-01 00:00:01.000", None))
        self.assertEqual(rows[2], ("2026-01-01 00:00:02.000", 2.5))

    def test_hours_are_those_of_resample(self):
        points = pandas.read_sql_query(
            "SELECT ts, value FROM plant WHERE tag = 'million'", self.db
        )
        self.assertEqual(len(points), 1000000)
        points.index = pandas.to_datetime(points["ts"], unit="us")
        by_pandas = points["value"].resample("1H").mean()
        hours = pandas.read_sql_query(
            "SELECT time, avg FROM hourly WHERE tag = 'million'", self.db, parse_dates=["time"]
        )
        self.assertEqual(hours["time"].tolist(), by_pandas.index.tolist())
        self.assertEqual(hours["avg"].tolist(), by_pandas.tolist())

    def test_errors_have_their_text(self):
        with self.assertRaisesRegex(pandas.errors.DatabaseError, 'not a time: "x"'):
            pandas.read_sql_query("SELECT * FROM plant WHERE time = 'x'", self.db)


if __name__ == "__main__":
    EXTENSION, FOLDER = sys.argv[1:3]
    del sys.argv[1:3]
    if not hasattr(sqlite3.Connection, "enable_load_extension"):
        print("this Python cannot load extensions")
        sys.exit(77)
    print("SQLite", sqlite3.sqlite_version)
    unittest.main()
