#!/usr/bin/env python3
"""Commits a point each PERIOD and tells its number: logger.py EXTENSION FOLDER PERIOD TAG"""

import sqlite3
import sys
import time

START = 1767225600000000
extension, folder, period, tag = sys.argv[1:5]
db = sqlite3.connect(f"{folder}/plant.db", timeout=30, isolation_level=None)
db.enable_load_extension(True)
db.load_extension(extension)
(n,) = db.execute("SELECT count(*) FROM plant WHERE tag = ?", (tag,)).fetchone()
while True:
    n += 1
    db.execute("INSERT INTO plant(tag, ts, value) VALUES (?, ?, ?)", (tag, START + n, n / 4))
    print(n, flush=True)
    time.sleep(float(period))
