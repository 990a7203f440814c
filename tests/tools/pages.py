#!/usr/bin/env python3
"""The programs of docs/tools/*.md answer what the pages say they answer.

    pages.py EXTENSION FOLDER

Pages of tools that are not installed are left out, and told.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import unittest

EXTENSION, FOLDER = "", ""
DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs/tools"
JAR = pathlib.Path("/usr/share/java/sqlite-jdbc.jar")


def blocks(page):
    """The fenced blocks of a page, each with its language."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", (DOCS / page).read_text(), re.M | re.S)


def statements(session):
    """What is typed into the shell in a session that shows its prompts."""
    return "\n".join(re.findall(r"^(?:sqlite| {3}\.\.\.)> (.*)$", session, re.M)) + "\n"


def answer(session):
    """What a session shows behind its last command."""
    return re.split(r"^\$ .*\n", session, flags=re.M)[-1]


class Pages(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(FOLDER, self.id().split(".")[-1])
        self.folder.mkdir()
        shutil.copy(EXTENSION, self.folder / "xtdb.so")
        self.start = blocks("shell.md")[0][1]
        self.shown = self.run_in(["sqlite3", "-batch", "plant.db"], statements(self.start))

    def run_in(self, command, given=None):
        done = subprocess.run(
            command, cwd=self.folder, input=given, text=True, capture_output=True, timeout=60
        )
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done.stdout

    def check(self, page, language, file, command, wanted=None):
        found = blocks(page)
        index = [kind for kind, _ in found].index(language)
        (self.folder / file).write_text(found[index][1])
        wanted = found[index + 1][1] if wanted is None else wanted
        self.assertEqual(self.run_in(command), answer(wanted))

    def test_shell(self):
        self.assertIn("│ 2026-01-02 09:00:00.000 │ 1     │ 70.5 │", self.start)
        shown = re.sub(r"^(sqlite| {3}\.\.\.)> .*\n?|^\$ .*\n", "", self.start, flags=re.M)
        self.assertEqual(self.shown, shown)
        command = ["sqlite3", "plant.db", ".load ./xtdb", ".headers on", ".mode csv"]
        rows = self.run_in(command + ["SELECT * FROM plant"]).replace("\r", "")
        self.assertEqual(rows, answer(blocks("shell.md")[1][1]))

    def test_odbc(self):
        self.need("import pyodbc; assert 'SQLite3' in pyodbc.drivers()", "pyodbc")
        self.check("odbc.md", "python", "report.py", [sys.executable, "report.py"])

    def test_python(self):
        self.need("import pandas", "pandas")
        self.check("python.md", "python", "report.py", [sys.executable, "report.py"])

    def need(self, statement, name):
        if subprocess.run([sys.executable, "-c", statement], stderr=subprocess.DEVNULL).returncode:
            self.skipTest(f"no {name}")

    @unittest.skipUnless(shutil.which("javac") and JAR.exists(), "no Java, or no driver")
    def test_jdbc(self):
        java = ["java", "-Duser.timezone=UTC", "-cp", str(JAR), "Report.java"]
        self.check("jdbc.md", "java", "Report.java", java)

    @unittest.skipUnless(shutil.which("node"), "no node")
    def test_node(self):
        probe = ["node", "-e", "require('better-sqlite3')"]
        if subprocess.run(probe, stderr=subprocess.DEVNULL).returncode:
            self.skipTest("no better-sqlite3")
        self.check("node.md", "js", "report.js", ["node", "report.js"])

    @unittest.skipUnless(shutil.which("php"), "no PHP")
    def test_php(self):
        php = ["php", "-d", f"sqlite3.extension_dir={self.folder}", "report.php"]
        self.check("php.md", "php", "report.php", php)

    @unittest.skipUnless(shutil.which("perl"), "no Perl")
    def test_perl(self):
        if subprocess.run(["perl", "-MDBD::SQLite", "-e1"], stderr=subprocess.DEVNULL).returncode:
            self.skipTest("no DBD::SQLite")
        self.check("perl.md", "perl", "report.pl", ["perl", "report.pl"])

    def test_grafana(self):
        found = blocks("grafana.md")
        self.assertEqual(self.run_in(["sqlite3", "grafana.db"], found[0][1]), "wal\n")
        query = re.search(r'"(SELECT .*)"$', found[1][1], re.M)[1]
        rows = self.run_in(["sqlite3", "grafana.db", query])
        self.assertIn(rows, found[1][1])
        self.assertEqual(rows.count("\n"), 2)


if __name__ == "__main__":
    EXTENSION, FOLDER = sys.argv[1:3]
    del sys.argv[1:3]
    unittest.main()
