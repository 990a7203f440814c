#!/usr/bin/python3
"""Two builds of the extension side by side, in one run: against.py OLD.so NEW.so [rounds]

Prints the median time of each workload for both and their ratio (above 1: NEW is slower). The
rounds alternate, so that what else the machine does meets both alike.
"""
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROWS = 300_000
TAGS = 100


def connect(folder, extension):
    db = sqlite3.connect(os.path.join(folder, "bench.db"), isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension(extension)
    return db


def rows(count):
    return (("tag%02d" % (i % TAGS), i // TAGS * 1_000_000, (i % 977) / 100) for i in range(count))


INSERT = "INSERT INTO plant(tag, ts, value) VALUES (?, ?, ?)"


def bulk(db):
    db.execute("BEGIN")
    db.executemany(INSERT, rows(ROWS))
    db.execute("COMMIT")


def commits_of_hundred(db):
    for k in range(300):
        db.execute("BEGIN")
        db.executemany(INSERT, [("batch", k * 100 + i, i) for i in range(100)])
        db.execute("COMMIT")


def single_commits(db):
    for k in range(1500):
        db.execute(INSERT, ("single", k, k))


def one_point(db):
    for k in range(8000):
        db.execute("SELECT value FROM plant WHERE tag = 'tag07' AND ts = ?",
                   (k % 3000 * 1_000_000,)).fetchall()


def newest(db):
    for _ in range(4000):
        db.execute("SELECT ts FROM plant WHERE tag = 'tag07' ORDER BY ts DESC LIMIT 1").fetchall()


def scan(db):
    for _ in range(3):
        db.execute("SELECT sum(value), count(*) FROM plant").fetchall()


WORKLOADS = [bulk, commits_of_hundred, single_commits, one_point, newest, scan]


def child(extension):
    folder = tempfile.mkdtemp()
    db = connect(folder, extension)
    db.execute("CREATE VIRTUAL TABLE plant USING xtdb")
    for workload in WORKLOADS:
        begun = time.perf_counter()
        workload(db)
        print(workload.__name__, time.perf_counter() - begun)
    begun = time.perf_counter()
    db.close()
    print("close", time.perf_counter() - begun)
    shutil.rmtree(folder)


def main():
    if sys.argv[1] == "--child":
        return child(sys.argv[2])
    old, new = sys.argv[1:3]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    times = {}
    for number in range(rounds):
        pair = [old, new] if number % 2 == 0 else [new, old]
        for extension in pair:
            told = subprocess.run([sys.executable, __file__, "--child", extension], check=True,
                                  capture_output=True, text=True).stdout
            for line in told.splitlines():
                name, seconds = line.split()
                times.setdefault(name, {}).setdefault(extension, []).append(float(seconds))
    print("%-20s %10s %10s %7s   medians of %d rounds" % ("workload", "old ms", "new ms", "ratio",
                                                         rounds))
    for name, both in times.items():
        a = statistics.median(both[old])
        b = statistics.median(both[new])
        print("%-20s %10.1f %10.1f %7.3f" % (name, a * 1000, b * 1000, b / a))


main()
