#!/usr/bin/env python3
"""A plant's day, as its users live it: several programs on one database, through Python's sqlite3.

A logger inserts every few milliseconds, an importer in batches; a dashboard asks for the latest
values, an analyst reads long and joins, an operator looks after things, and one application is
killed in the midst of its writes, again and again. Then everything is opened anew and compared with
what was acknowledged.

    day_in_the_life.py EXTENSION [SECONDS]

Exits with 77 where this Python cannot load extensions.
"""

import math
import multiprocessing
import os
import random
import signal
import sqlite3
import struct
import sys
import tempfile
import time

LOGGED_TAGS = ["boiler.temp", "boiler.pressure", "pump.speed", "tank.level"]


def connect(folder, extension):
    """What every program does first."""
    db = sqlite3.connect(os.path.join(folder, "plant.db"), timeout=30, isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension(extension)
    return db


def create(folder, extension):
    db = connect(folder, extension)
    db.execute("PRAGMA journal_mode = wal")
    db.execute(
        "CREATE VIRTUAL TABLE plant USING xtdb(path='plant.xtdb', chunk_size='4M', buffer='1M')"
    )
    db.execute("CREATE TABLE area(tag TEXT PRIMARY KEY, name TEXT)")
    db.executemany(
        "INSERT INTO area VALUES (?, ?)", [(tag, tag.split(".")[0]) for tag in LOGGED_TAGS]
    )
    db.close()


def reading(tag, n):
    """The n-th value of a tag."""
    return round(50 + 40 * math.sin(n / 100 + len(tag)), 3)


class Acknowledged:
    """A file of numbers, each written after its COMMIT: it outlives a killed program."""

    def __init__(self, folder, name):
        self.path = os.path.join(folder, name + ".acknowledged")
        self.file = open(self.path, "ab", buffering=0)

    def add(self, number):
        self.file.write(struct.pack("<q", number))

    @staticmethod
    def last(folder, name):
        """The largest number, and 0 where there is none."""
        with open(os.path.join(folder, name + ".acknowledged"), "rb") as file:
            numbers = file.read()
        numbers = numbers[: len(numbers) // 8 * 8]
        return max((n for (n,) in struct.iter_unpack("<q", numbers)), default=0)


def logger(folder, extension, stop):
    db = connect(folder, extension)
    done = Acknowledged(folder, "logger")
    n = 0
    while not stop.is_set():
        n += 1
        db.execute("BEGIN IMMEDIATE")
        for tag in LOGGED_TAGS:
            db.execute(
                "INSERT INTO plant(tag, ts, value) VALUES (?, ?, ?)", (tag, n, reading(tag, n))
            )
        db.execute("COMMIT")
        done.add(n)
        time.sleep(random.uniform(0, 0.01))
    db.close()


def importer(folder, extension, stop):
    """Batches of a thousand points in one row, as little-endian arrays."""
    db = connect(folder, extension)
    done = Acknowledged(folder, "importer")
    batch = 0
    while not stop.is_set():
        batch += 1
        numbers = range((batch - 1) * 1000 + 1, batch * 1000 + 1)
        db.execute(
            "INSERT INTO plant(tag, ts_blob, value_blob) VALUES ('imported', ?, ?)",
            (struct.pack("<1000q", *numbers), struct.pack("<1000d", *numbers)),
        )
        done.add(batch)
        time.sleep(0.05)
    db.close()


def shaky(folder, extension, stop):
    """The application that is killed: in each transaction a row of SQLite's and two points."""
    db = connect(folder, extension)
    done = Acknowledged(folder, "shaky")
    n = db.execute("SELECT coalesce(max(ts), 0) FROM plant WHERE tag = 'shaky.a'").fetchone()[0]
    while not stop.is_set():
        n += 1
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO plant(tag, ts, value) VALUES ('shaky.a', ?, ?)", (n, n))
        if n % 7 == 0:  # something is wrong after all
            db.execute("ROLLBACK")
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO plant(tag, ts, value) VALUES ('shaky.a', ?, ?)", (n, n))
        db.execute("INSERT INTO plant(tag, ts, value) VALUES ('shaky.b', ?, ?)", (n, str(n)))
        db.execute("COMMIT")
        done.add(n)
        time.sleep(random.uniform(0, 0.004))
    db.close()


def dashboard(folder, extension, stop):
    db = connect(folder, extension)
    latest = 0
    while not stop.is_set():
        rows = db.execute(
            "SELECT tag, ts, value FROM xtdb_last('plant') WHERE tag LIKE 'boiler.%'"
        ).fetchall()
        for tag, ts, value in rows:
            assert value == reading(tag, ts), (tag, ts, value)
        assert len({ts for _, ts, _ in rows}) <= 1, rows  # one transaction wrote them
        if rows:
            assert rows[0][1] >= latest, (rows, latest)
            latest = rows[0][1]
        count, lowest, highest = db.execute(
            "SELECT count(*), min(value), max(value) FROM plant WHERE tag = 'tank.level' AND ts > ?",
            (latest - 100,),
        ).fetchone()
        assert latest < 100 or count >= 100, (latest, count)
        assert count == 0 or 10 <= lowest <= highest <= 90
        time.sleep(0.02)
    db.close()


def analyst(folder, extension, stop):
    db = connect(folder, extension)
    while not stop.is_set():
        # A long read, row by row, while the others write.
        previous = 0
        for (ts,) in db.execute("SELECT ts FROM plant WHERE tag = 'imported' ORDER BY ts"):
            assert ts == previous + 1, (previous, ts)
            previous = ts
            if ts % 5000 == 0:
                time.sleep(0.01)
        assert previous % 1000 == 0, previous
        counts = db.execute(
            "SELECT area.name, count(*), count(DISTINCT plant.ts) FROM plant JOIN area USING (tag)"
            " GROUP BY area.name ORDER BY 1"
        ).fetchall()
        # Each area has its tags' points of the same transactions.
        moments = {distinct for _, _, distinct in counts}
        assert len(moments) <= 1, counts
        for name, count, distinct in counts:
            assert count == distinct * sum(tag.startswith(name) for tag in LOGGED_TAGS), counts
        (differing,) = db.execute(
            "SELECT count(*) FROM plant a JOIN plant b ON b.tag = 'shaky.b' AND b.ts = a.ts"
            " WHERE a.tag = 'shaky.a' AND a.value <> CAST(b.value AS INTEGER)"
        ).fetchone()
        assert differing == 0
    db.close()


def operator(folder, extension, stop):
    db = connect(folder, extension)
    while not stop.is_set():
        assert db.execute("SELECT xtdb_flush('plant')").fetchone() == ("ok",)
        (told,) = db.execute("SELECT xtdb_check('plant')").fetchone()
        assert told == "ok", told
        stats = dict(db.execute("SELECT name, value FROM xtdb_stats('plant')"))
        assert stats["durable_lsn"] >= stats["checkpoint_lsn"], stats
        errors = db.execute(
            "SELECT message FROM xtdb_events('plant') WHERE level = 'error'"
        ).fetchall()
        assert errors == [], errors
        time.sleep(0.2)
    db.close()


def compare(folder, extension):
    """Everything is closed: what is there is what was acknowledged, point by point."""
    db = connect(folder, extension)
    (told,) = db.execute("SELECT xtdb_check('plant')").fetchone()
    assert told == "ok", told
    logged = Acknowledged.last(folder, "logger")
    for tag in LOGGED_TAGS:
        found = db.execute("SELECT ts, value FROM plant WHERE tag = ? ORDER BY ts", (tag,))
        assert found.fetchall() == [(n, reading(tag, n)) for n in range(1, logged + 1)], tag
    imported = Acknowledged.last(folder, "importer") * 1000
    found = db.execute("SELECT ts, value FROM plant WHERE tag = 'imported' ORDER BY ts").fetchall()
    assert found == [(n, float(n)) for n in range(1, imported + 1)], (len(found), imported)
    # A kill may have come between a COMMIT and its note.
    shaken = Acknowledged.last(folder, "shaky")
    a = db.execute("SELECT ts, value FROM plant WHERE tag = 'shaky.a' ORDER BY ts").fetchall()
    b = db.execute("SELECT ts, value FROM plant WHERE tag = 'shaky.b' ORDER BY ts").fetchall()
    assert len(a) >= shaken, (len(a), shaken)
    assert a == [(n, n) for n in range(1, len(a) + 1)], len(a)
    assert [(ts, int(value)) for ts, value in b] == a, (len(a), len(b))
    db.close()
    return logged, imported, len(a)


class Programs:
    """Those that run; each must end well when it is asked to stop."""

    def __init__(self, folder, extension):
        self.context = multiprocessing.get_context("spawn")
        self.stop = self.context.Event()
        self.arguments = (folder, extension, self.stop)
        self.running = []

    def start(self, program):
        process = self.context.Process(target=program, args=self.arguments, name=program.__name__)
        process.start()
        self.running.append(process)
        return process

    def kill(self, process):
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        self.running.remove(process)

    def check(self):
        for process in self.running:
            assert process.is_alive(), process.name + " ended by itself"

    def end(self):
        self.stop.set()
        for process in self.running:
            process.join(60)
            assert process.exitcode == 0, (process.name, process.exitcode)


def live(folder, extension, seconds):
    create(folder, extension)
    programs = Programs(folder, extension)
    for program in (logger, importer, dashboard, analyst, operator):
        programs.start(program)
    kills = 0
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            victim = programs.start(shaky)
            time.sleep(random.uniform(0.3, 0.8))
            programs.check()
            programs.kill(victim)
            kills += 1
        programs.end()
    finally:
        for process in programs.running:
            process.kill()
    left = [name for name in os.listdir(folder) if ".xtdb" in name]
    assert left == ["plant.xtdb"], left
    logged, imported, shaken = compare(folder, extension)
    print(
        f"{logged} transactions of the logger, {imported} points imported, "
        f"{shaken} transactions of the one that was killed {kills} times: all there"
    )


def main():
    extension = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 8
    if not hasattr(sqlite3.Connection, "enable_load_extension"):
        print("skipped: the sqlite3 module of this Python cannot load extensions")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        live(folder, extension, seconds)


if __name__ == "__main__":
    main()
