#!/usr/bin/env python3
"""The Python package, with and without numpy, over sqlite3 and, where it is installed, apsw.

    package_test.py EXTENSION

Exits with 77 where this Python cannot load extensions.
"""

import array
import datetime
import importlib
import math
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import unittest

SOURCES = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCES / "python"))

import xtdb  # noqa: E402

START = 1767225600000000  # 2026-01-01
SECOND = 1000000


def optional(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


class Package(unittest.TestCase):
    has_numpy = optional("numpy") is not None

    def setUp(self):
        self.numpy = optional("numpy") if self.has_numpy else None
        xtdb.numpy = self.numpy
        self.folder = tempfile.TemporaryDirectory()
        self.db = self.connect()
        self.execute("CREATE VIRTUAL TABLE plant USING xtdb(path='plant.xtdb')")

    def tearDown(self):
        self.db.close()
        self.folder.cleanup()

    def connect(self):
        path = os.path.join(self.folder.name, "plant.db")
        db = sqlite3.connect(path, isolation_level=None)
        xtdb.load(db)
        return db

    def execute(self, sql, arguments=()):
        cursor = self.db.cursor()
        cursor.execute(sql, arguments)
        return cursor.fetchall()

    def test_what_is_appended_is_read(self):
        times = [START + i * SECOND for i in range(20000)]
        values = [math.sin(i / 100) for i in range(20000)]
        self.assertEqual(xtdb.append(self.db, "plant", "a", times, values), 20000)
        points = xtdb.read(self.db, "plant", "a")
        self.assertEqual(list(points.ts), times)
        self.assertEqual(list(points.value), values)
        self.assertEqual(set(points.quality), {192})
        self.assertIsNone(points.is_null)
        self.assertEqual(len(points), 20000)
        some = xtdb.read(self.db, "plant", "a", START + 10 * SECOND, "2026-01-01 00:00:20")
        self.assertEqual(list(some.ts), times[10:20])

    def test_times_may_be_datetimes(self):
        naive = datetime.datetime(2026, 1, 1, 0, 0, 1, 500000)
        zone = datetime.timezone(datetime.timedelta(hours=2))
        aware = datetime.datetime(2026, 1, 1, 2, 0, 3, tzinfo=zone)
        xtdb.append(self.db, "plant", "a", [naive, aware], [1, 2])
        points = xtdb.read(self.db, "plant", "a", naive, datetime.datetime(2026, 1, 2))
        self.assertEqual(list(points.ts), [START + 1500000, START + 3 * SECOND])
        self.assertEqual(str(points.datetimes()[0])[:19].replace("T", " "), "2026-01-01 00:00:01")
        with self.assertRaises(TypeError):
            xtdb.append(self.db, "plant", "a", ["yesterday"], [1])

    def test_quality_nulls_and_nan(self):
        self.execute("INSERT INTO plant VALUES ('a', '2026-01-01', NULL, 0)")
        later = [START + SECOND, START + 2 * SECOND]
        xtdb.append(self.db, "plant", "a", later, [float("nan"), 2.5], [64, 192])
        points = xtdb.read(self.db, "plant", "a")
        self.assertEqual(list(points.quality), [0, 64, 192])
        self.assertEqual([bool(one) for one in points.is_null], [True, False, False])
        self.assertTrue(math.isnan(points.value[1]))

    def test_integers_and_texts_keep_their_type(self):
        self.execute("INSERT INTO plant VALUES ('n', '2026-01-01', 9007199254740993, 192)")
        self.assertEqual(int(xtdb.read(self.db, "plant", "n").value[0]), 9007199254740993)
        self.execute(
            "INSERT INTO plant VALUES ('s', '2026-01-01', 'on', 192), ('s', '2026-01-02', NULL, 0)"
        )
        states = xtdb.read(self.db, "plant", "s")
        self.assertEqual(states.value, ["on", None])
        self.assertEqual(states.is_null, [False, True])
        self.assertEqual(xtdb.read(self.db, "plant", "s", stop="2026-01-02").value, ["on"])

    def stored(self, tag):
        rows = self.execute("SELECT value, quality FROM plant WHERE tag = ? ORDER BY ts", (tag,))
        return [tuple(row) for row in rows]

    def test_a_batch_rounds_no_integer(self):
        xtdb.define_tag(self.db, "plant", "n", "int64")
        exact = [2**53, -(2**53), 2**60]
        times = [START, START + 1, START + 2]
        self.assertEqual(xtdb.append(self.db, "plant", "n", times, exact), 3)
        self.assertEqual([row[0] for row in self.stored("n")], exact)
        for values in ([2**53 + 1], [1.5, 2**53 + 1], [-(2**62) - 1], [2**70 + 1]):
            values = values + [0] * (3 - len(values))
            with self.assertRaisesRegex(ValueError, "not exact.*INSERT"):
                xtdb.append(self.db, "plant", "n", times, values)
        self.assertEqual([row[0] for row in self.stored("n")], exact)

    def test_values_may_be_none_and_come_from_anything(self):
        times = (START + i for i in range(3))
        xtdb.append(self.db, "plant", "a", times, (v for v in (1.5, None, True)))
        self.assertEqual([row[0] for row in self.stored("a")], [1.5, None, 1.0])
        with self.assertRaisesRegex(TypeError, "no number: 'on'; .* INSERT"):
            xtdb.append(self.db, "plant", "a", [START], ["on"])

    def test_quality_may_be_one_for_all(self):
        times = [START, START + 1]
        xtdb.append(self.db, "plant", "a", times, [1, 2], 64)
        self.assertEqual([row[1] for row in self.stored("a")], [64, 64])
        xtdb.append(self.db, "plant", "a", times, [1, 2], b"\x00\xc0")
        self.assertEqual([row[1] for row in self.stored("a")], [0, 192])
        xtdb.append(self.db, "plant", "a", times, [1, 2], array.array("i", [65, 66]))
        self.assertEqual([row[1] for row in self.stored("a")], [65, 66])
        with self.assertRaisesRegex(ValueError, "2 times and 1 qualities"):
            xtdb.append(self.db, "plant", "a", times, [1, 2], [64])
        for wrong in (256, -1, [256, 0], [-1, 0]):
            with self.assertRaisesRegex(ValueError, "from 0 to 255"):
                xtdb.append(self.db, "plant", "a", times, [1, 2], wrong)
        with self.assertRaisesRegex(TypeError, "quality"):
            xtdb.append(self.db, "plant", "a", times, [1, 2], [64.5, 64])

    def test_dates_are_midnights(self):
        day = datetime.date(2026, 1, 1)
        xtdb.append(self.db, "plant", "a", [day, day + datetime.timedelta(days=1)], [1, 2])
        self.assertEqual(list(xtdb.read(self.db, "plant", "a", day).ts)[0], START)
        self.assertEqual(len(xtdb.read(self.db, "plant", "a", stop=datetime.date(2026, 1, 2))), 1)

    def test_odd_names(self):
        self.execute("""CREATE VIRTUAL TABLE "a ""b" USING xtdb""")
        xtdb.append(self.db, 'main.a "b', "Tag[*]?", [START], [1])
        xtdb.append(self.db, 'a "b', "Tag[x]y", [START], [2])
        self.assertEqual(list(xtdb.read(self.db, 'a "b', "Tag[*]?").value), [1])
        self.assertEqual(len(xtdb.read(self.db, 'a "b', "nobody")), 0)

    def test_an_extension_that_is_not_there(self):
        with self.assertRaisesRegex(RuntimeError, "nowhere.*name it in XTDB_EXTENSION"):
            xtdb.load(sqlite3.connect(":memory:"), os.path.join(self.folder.name, "nowhere"))

    def test_wrong_calls(self):
        with self.assertRaises(ValueError):
            xtdb.append(self.db, "plant", "a", [1, 2], [1])
        self.assertEqual(xtdb.append(self.db, "plant", "a", [], []), 0)
        with self.assertRaisesRegex(Exception, "no such table|nowhere"):
            xtdb.append(self.db, "nowhere", "a", [1], [1])
        with self.assertRaisesRegex(Exception, "no xtdb table"):
            xtdb.read(self.db, "nowhere", "a")

    def test_the_program_of_the_readme(self):
        readme = pathlib.Path(xtdb.__file__).resolve().parents[1] / "README.md"
        program = re.search(r"^```python\n(.*?)^```$", readme.read_text(), re.M | re.S)[1]
        environment = dict(os.environ, PYTHONPATH=str(readme.parent))
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=self.folder.name,
            env=environment,
            capture_output=True,
            text=True,
        )
        self.assertEqual((done.stdout, done.returncode), ("2 71.25\n", 0), done.stderr)

    def test_define_tag(self):
        self.assertEqual(
            xtdb.define_tag(self.db, "plant", "a", "float64", "degC", "upper end", step=True), 1
        )
        self.assertEqual(
            self.execute("SELECT type, unit, description, step FROM xtdb_tags('plant')"),
            [("float64", "degC", "upper end", 1)],
        )

    def test_rollback_undoes_an_append(self):
        self.execute("BEGIN")
        xtdb.append(self.db, "plant", "a", [START], [1])
        self.assertEqual(len(xtdb.read(self.db, "plant", "a")), 1)
        self.execute("ROLLBACK")
        self.assertEqual(len(xtdb.read(self.db, "plant", "a")), 0)

    def test_arrays_of_numpy(self):
        if self.numpy is None:
            self.skipTest("no numpy")
        times = self.numpy.arange("2026-01-01", "2026-01-02", dtype="datetime64[h]")
        xtdb.append(self.db, "plant", "a", times, self.numpy.arange(24))
        points = xtdb.read(self.db, "plant", "a")
        self.assertEqual(points.value.dtype, self.numpy.dtype("float64"))
        self.assertTrue((points.datetimes() == times).all())
        self.assertEqual(xtdb.microseconds(times[1]), START + 3600 * SECOND)

    def test_frames_of_pandas(self):
        pandas = optional("pandas") if self.numpy is not None else None
        if pandas is None:
            self.skipTest("no pandas")
        index = pandas.date_range("2026-01-01", periods=3, freq="min")
        xtdb.append(self.db, "plant", "a", index, [1, 2, 3])
        xtdb.append(self.db, "plant", "b", index[1:], [20, 30])
        frame = xtdb.read_frame(self.db, "plant", ["a", "b"])
        self.assertEqual(frame.shape, (3, 2))
        self.assertEqual(frame["b"].isna().tolist(), [True, False, False])
        self.assertEqual(frame.index[0], pandas.Timestamp("2026-01-01", tz="UTC"))

    def test_arrays_of_numpy_that_are_no_plain_columns(self):
        if self.numpy is None:
            self.skipTest("no numpy")
        numpy = self.numpy
        times = numpy.array([START, START + 1])
        masked = numpy.ma.array([1.0, 2.0], mask=[False, True])
        xtdb.append(self.db, "plant", "a", times, masked, numpy.array([192, 64]))
        self.assertEqual(self.stored("a"), [(1.0, 192), (None, 64)])
        with self.assertRaisesRegex(ValueError, "one dimension"):
            xtdb.append(self.db, "plant", "a", times.reshape(1, 2), numpy.ones((1, 2)))
        with self.assertRaisesRegex(ValueError, "one dimension"):
            xtdb.append(self.db, "plant", "a", numpy.array(START), numpy.array(1.0))
        with self.assertRaisesRegex(TypeError, "no number"):
            xtdb.append(self.db, "plant", "a", times, numpy.array([1j, 1]))
        with self.assertRaisesRegex(ValueError, "not exact"):
            xtdb.append(self.db, "plant", "a", times, numpy.array([2**53 + 1, 1]))
        with self.assertRaises(OverflowError):
            xtdb.append(self.db, "plant", "a", numpy.array([2**64 - 1, 1], dtype="u8"), [1, 2])
        none = numpy.array(["2026-01-01", "NaT"], dtype="datetime64[s]")
        for call in (
            lambda: xtdb.append(self.db, "plant", "a", none, [1, 2]),
            lambda: xtdb.append(self.db, "plant", "a", list(none), [1, 2]),
            lambda: xtdb.read(self.db, "plant", "a", none[1]),
        ):
            with self.assertRaisesRegex(ValueError, "NaT"):
                call()
        self.assertEqual(self.stored("a"), [(1.0, 192), (None, 64)])

    def test_columns_of_pandas(self):
        pandas = optional("pandas") if self.numpy is not None else None
        if pandas is None:
            self.skipTest("no pandas")
        local = pandas.date_range("2026-01-01 01:00", periods=3, freq="h", tz="Europe/Berlin")
        wanted = [START + i * 3600 * SECOND for i in range(3)]
        for times in (local, pandas.Series(local), local.tolist()):
            xtdb.append(self.db, "plant", "a", times, pandas.Series([1, None, 3], dtype="Int64"))
            self.assertEqual(list(xtdb.read(self.db, "plant", "a").ts), wanted)
            self.assertEqual([row[0] for row in self.stored("a")], [1, None, 3])
        some = xtdb.read(self.db, "plant", "a", local[1], local[2])
        self.assertEqual(list(some.ts), wanted[1:2])
        large = pandas.Series([2**53 + 1, 2, 3], dtype="Int64")
        large[1] = pandas.NA
        with self.assertRaisesRegex(ValueError, "not exact"):
            xtdb.append(self.db, "plant", "a", local, large)
        with self.assertRaisesRegex(ValueError, "NaT"):
            xtdb.append(self.db, "plant", "a", pandas.DatetimeIndex([None], tz="UTC"), [1])
        with self.assertRaisesRegex(ValueError, "NaT"):
            xtdb.read(self.db, "plant", "a", pandas.NaT)
        self.assertEqual(list(xtdb.read_frame(self.db, "plant", "a").columns), ["a"])


class Project(unittest.TestCase):
    def test_the_version_is_that_of_the_store(self):
        project = (SOURCES / "CMakeLists.txt").read_text()
        version = re.search(r"project\(xtdb VERSION (\S+)", project)[1]
        self.assertIn(f'\nversion = "{version}"\n', (SOURCES / "python/pyproject.toml").read_text())

class PackageWithoutNumpy(Package):
    has_numpy = False


@unittest.skipIf(optional("apsw") is None, "no apsw")
class PackageOverApsw(Package):
    def connect(self):
        apsw = optional("apsw")
        db = apsw.Connection(os.path.join(self.folder.name, "plant.db"))
        xtdb.load(db)
        return db


if __name__ == "__main__":
    os.environ["XTDB_EXTENSION"] = os.path.abspath(sys.argv.pop(1))
    if not hasattr(sqlite3.Connection, "enable_load_extension"):
        print("this Python cannot load extensions")
        sys.exit(77)
    unittest.main()
