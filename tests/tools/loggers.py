#!/usr/bin/env python3
"""Loggers in Python, Node and C write to one container, each a durable commit every PERIOD seconds
(0.003); they are killed and started again, while a client reads. What a logger has told to be
committed must be there, at once and at the end. As a plant has it: loggers.py EXT FOLDER 1200 1.

    loggers.py EXTENSION FOLDER [SECONDS [PERIOD]]

Node and C are left out where they are missing, and so is ODBC: then the client is Python's sqlite3.
"""

import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

try:
    import pyodbc
except ImportError:
    pyodbc = None

HERE = pathlib.Path(__file__).resolve().parent
START = 1767225600000000


class Logger:
    """A program that logs one tag; it outlives its deaths."""

    def __init__(self, tag, command):
        self.tag = tag
        self.command = command
        self.acknowledged = 0
        self.deaths = 0
        self.disorder = []
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command + [self.tag], stdout=subprocess.PIPE)
        self.listener = threading.Thread(target=self.listen, args=(self.process.stdout,))
        self.listener.start()

    def listen(self, pipe):
        for line in pipe:
            # A line that was cut by a death is no acknowledgement.
            if not line.endswith(b"\n"):
                continue
            if int(line) <= self.acknowledged:
                self.disorder.append((self.acknowledged, int(line)))
            self.acknowledged = max(self.acknowledged, int(line))

    def kill(self):
        assert self.process.poll() is None, f"{self.tag} ended by itself: {self.process.returncode}"
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.listener.join()
        assert not self.disorder, f"{self.tag} began anew too early: {self.disorder}"
        self.deaths += 1


def connect(extension, folder):
    db = sqlite3.connect(f"{folder}/plant.db", timeout=30, isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension(extension)
    return db


def has_odbc():
    return pyodbc is not None and "SQLite3" in pyodbc.drivers()


def connect_client(extension, folder):
    if not has_odbc():
        return connect(extension, folder)
    return pyodbc.connect(
        f"DRIVER=SQLite3;Database={folder}/plant.db;LoadExt={extension};Timeout=30000",
        autocommit=True,
    )


def commands(extension, folder, period):
    """How each kind of logger is started."""
    arguments = [extension, folder, period]
    found = {"python": [sys.executable, str(HERE / "loggers/logger.py"), *arguments]}
    node = shutil.which("node")
    probe = [node, "-e", "require('better-sqlite3')"]
    if node and subprocess.run(probe, stderr=subprocess.DEVNULL).returncode == 0:
        found["node"] = [node, str(HERE / "loggers/logger.js"), *arguments]
    build = pathlib.Path(extension).parent
    compiler = shutil.which("cc")
    if compiler and (build / "libxtdb.so").exists():
        program = f"{folder}/logger"
        source = HERE / "loggers/logger.c"
        header = HERE.parents[1] / "capi"
        subprocess.run(
            [compiler, "-std=gnu11", "-Wall", "-Werror", f"-I{header}", str(source), "-o", program]
            + [f"-L{build}", f"-Wl,-rpath,{build}", "-lxtdb"],
            check=True,
        )
        found["c"] = [program, f"{folder}/plant.xtdb", period]
    for missing in {"python", "node", "c"} - found.keys():
        print(f"no logger in {missing}: it is not installed or not built")
    return found


def check_points(rows, acknowledged, tag):
    """Points 1 to n without a gap, each with its value, and none that was told is missing."""
    assert len(rows) >= acknowledged, f"{tag}: {len(rows)} points, {acknowledged} told"
    for n, (ts, value) in enumerate(rows, start=1):
        assert (ts, value) == (START + n, n / 4), (tag, n, ts, value)


def read_once(client, loggers):
    """What has been told before the client asks, it sees."""
    for logger in loggers:
        told = logger.acknowledged
        cursor = client.cursor()
        cursor.execute(
            "SELECT ts, value FROM plant WHERE tag = ? AND ts <= ? ORDER BY ts",
            (logger.tag, START + told),
        )
        check_points([tuple(row) for row in cursor.fetchall()], told, logger.tag)
        cursor.execute("SELECT ts FROM xtdb_last('plant', ?)", (logger.tag,))
        newest = cursor.fetchone()
        assert told == 0 or newest[0] >= START + told, (logger.tag, newest, told)


def live(loggers, client, seconds, period):
    """Each logger lives for some of its periods, and for a second where these are short."""
    pace = max(1, 10 * period)
    until = time.monotonic() + seconds
    next_kill = time.monotonic() + 1
    reads = 0
    while time.monotonic() < until:
        read_once(client, loggers)
        reads += 1
        if time.monotonic() >= next_kill:
            victim = random.choice(loggers)
            victim.kill()
            victim.start()
            next_kill = time.monotonic() + pace * random.uniform(0.4, 1.2)
        time.sleep(0.02)
    return reads


def main():
    extension, folder = sys.argv[1:3]
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 16
    period = sys.argv[4] if len(sys.argv) > 4 else "0.003"
    if not hasattr(sqlite3.Connection, "enable_load_extension"):
        print("this Python cannot load extensions")
        sys.exit(77)
    loggers = [Logger(tag, command) for tag, command in commands(extension, folder, period).items()]
    client = connect_client(extension, folder)
    try:
        reads = live(loggers, client, seconds, float(period))
    finally:
        for logger in loggers:
            if logger.process.poll() is None:
                logger.kill()
        client.close()
    db = connect(extension, folder)
    for logger in loggers:
        rows = db.execute("SELECT ts, value FROM plant WHERE tag = ? ORDER BY ts", (logger.tag,))
        points = rows.fetchall()
        check_points(points, logger.acknowledged, logger.tag)
        # A death may come between a commit and the telling of it.
        assert len(points) <= logger.acknowledged + logger.deaths, (logger.tag, len(points))
        least = min(50, seconds / float(period) / 4)
        assert logger.acknowledged > least, f"{logger.tag} wrote {logger.acknowledged} points only"
        print(f"{logger.tag}: {logger.acknowledged} commits, killed {logger.deaths} times")
    assert db.execute("SELECT xtdb_check('plant')").fetchone() == ("ok",)
    db.close()
    left = sorted(name for name in os.listdir(folder) if ".xtdb" in name)
    assert left == ["plant.xtdb"], left
    print(f"read {reads} times by {'ODBC' if has_odbc() else 'Python'}: all there")


if __name__ == "__main__":
    main()
