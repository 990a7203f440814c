#!/usr/bin/env python3
"""Commits a point every few milliseconds and tells its number: logger.py EXTENSION FOLDER TAG"""

import sqlite3
import sys
import time

START = 1767225600000000
extension, folder, tag = sys.argv[1:4]
db = sqlite3.connect(f"{folder}/plant.db", timeout=30, isolation_level=None)
db.enable_load_extension(True)
db.load_extension(extension)
(n,) = db.execute("SELECT count(*) FROM plant WHERE tag = ?", (tag,)).fetchone()
while True:
    n += 1
    db.execute("INSERT INTO plant(tag, ts, value) VALUES (?, ?, ?)", (tag, START + n, n / 4))
    print(n, flush=True)
    time.sleep(0.003)
