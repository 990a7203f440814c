#!/usr/bin/env python3
"""The programs of docs/tools/*.md answer what the pages say they answer, and no block of code is
forgotten: each is run here, or stands in EXCUSED with the reason.

    pages.py EXTENSION FOLDER

Pages of tools that are not installed are left out, and told.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import unittest

SOURCES = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCES / "tests/docs"))

from console import Console  # noqa: E402
from console_page import sessions  # noqa: E402
from document import Document, all_pages  # noqa: E402

EXTENSION, FOLDER = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
JAR = pathlib.Path("/usr/share/java/sqlite-jdbc.jar")
DOCUMENTS = {page: Document(page) for page in all_pages() if page.startswith("docs/tools/")}
EXCUSED = {"docs/tools/sqlitebrowser.md": "a window; tests/tools/sqlitebrowser.sh opens it"}


def take(page, info, beginning=""):
    return DOCUMENTS[f"docs/tools/{page}"].take(info, beginning)


def statements(session):
    """What is typed into the shell in a session that shows its prompts."""
    return "\n".join(re.findall(r"^(?:sqlite| {3}\.\.\.)> (.*)$", session, re.M)) + "\n"


def answer(session):
    """What a session shows behind its last command."""
    return re.split(r"^\$ .*\n", session, flags=re.M)[-1]


START = take("shell.md", "console")


class Pages(unittest.TestCase):
    def setUp(self):
        self.folder = FOLDER / self.id().split(".")[-1]
        self.folder.mkdir()
        self.console = Console(self.folder, EXTENSION.parent)
        # unixODBC asks the system where the home is.
        self.console.environment.update(HOME=str(self.folder), ODBCINI=f"{self.folder}/.odbc.ini")
        shutil.copy(EXTENSION, self.folder / "xtdb.so")
        self.shown = self.run_in(["sqlite3", "-batch", "plant.db"], statements(START))

    def run_in(self, command, given=None):
        done = subprocess.run(
            command, cwd=self.folder, input=given, text=True, capture_output=True, timeout=60
        )
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done.stdout

    def need(self, *probe):
        """Leaves the test out where a command does not work."""
        try:
            works = subprocess.run(probe, capture_output=True).returncode == 0
        except FileNotFoundError:
            works = False
        if not works:
            self.skipTest(" ".join(probe) + " does not work")

    def check(self, program, file, wanted, *command):
        (self.folder / file).write_text(program)
        self.assertEqual(self.run_in(command), answer(wanted))

    def check_session(self, page, beginning):
        """Types in a block that shows its prompts."""
        document = DOCUMENTS[f"docs/tools/{page}"]
        wanted = next(s for b, s in sessions(document) if b.text.startswith(beginning))
        for step, got in zip(wanted, self.console.answers(wanted), strict=True):
            self.assertEqual(got, step.answer(document.lines), step.command)

    def test_shell(self):
        script, without = take("shell.md", "console"), take("shell.md", "console")
        self.assertIn("│ 2026-01-02 09:00:00.000 │ 1     │ 70.5 │", START)
        shown = re.sub(r"^(sqlite| {3}\.\.\.)> .*\n?|^\$ .*\n", "", START, flags=re.M)
        self.assertEqual(self.shown, shown)
        command = ["sqlite3", "plant.db", ".load ./xtdb", ".headers on", ".mode csv"]
        rows = self.run_in(command + ["SELECT * FROM plant"]).replace("\r", "")
        self.assertEqual(rows, answer(script))
        self.check_session("shell.md", without)

    def test_odbc(self):
        program, wanted = take("odbc.md", "python"), take("odbc.md", "text")
        self.need(sys.executable, "-c", "import pyodbc; assert 'SQLite3' in pyodbc.drivers()")
        self.check(program, "report.py", wanted, sys.executable, "report.py")

    def test_isql(self):
        """The data source that the page makes, the statements that it types, and a view."""
        session = take("odbc.md", "console")
        view = take("odbc.md", "console", '$ sqlite3 plant.db ".load')
        self.need("odbcinst", "-q", "-d", "-n", "SQLite3")
        self.need("isql", "--version")
        parts = re.search(r"^\$ (cat .*?^END\n)\$ (isql .*?)\n(.*)", session, re.M | re.S)
        source, isql, typed = parts.groups()
        self.console.run(source)
        given = "".join(re.findall(r"^SELECT .*\n", typed, re.M))
        self.assertEqual(self.console.run(isql, given), re.sub(r"SELECT .*\n", "", typed))
        self.check_session("odbc.md", view)

    def test_python(self):
        program, wanted = take("python.md", "python"), take("python.md", "text")
        self.need(sys.executable, "-c", "import pandas")
        self.check(program, "report.py", wanted, sys.executable, "report.py")

    def test_jdbc(self):
        program, wanted = take("jdbc.md", "java"), take("jdbc.md", "console")
        self.need("javac", "-version")
        self.need("test", "-e", str(JAR))
        java = ["java", "-Duser.timezone=UTC", "-cp", str(JAR), "Report.java"]
        self.check(program, "Report.java", wanted, *java)

    def test_node(self):
        program, wanted = take("node.md", "js"), take("node.md", "console")
        self.need("node", "-e", "require('better-sqlite3')")
        self.check(program, "report.js", wanted, "node", "report.js")

    def test_php(self):
        program, wanted = take("php.md", "php"), take("php.md", "console")
        self.need("php", "-r", "exit(class_exists('SQLite3') ? 0 : 1);")
        php = ["php", "-d", f"sqlite3.extension_dir={self.folder}", "report.php"]
        self.check(program, "report.php", wanted, *php)

    def test_perl(self):
        program, wanted = take("perl.md", "perl"), take("perl.md", "console")
        self.need("perl", "-MDBD::SQLite", "-e1")
        self.check(program, "report.pl", wanted, "perl", "report.pl")

    def ask_panel(self, query, database):
        """Asks what Grafana would, of the first of two hours."""
        for name, second in (("$__from", 1767340800), ("$__to", 1767340800 + 3600)):
            query = query.replace(name, str(second * 1000))
        return self.run_in(["sqlite3", database], query)

    def test_grafana(self):
        script, session = take("grafana.md", "sql"), take("grafana.md", "console")
        panel = take("grafana.md", "sql")
        (self.folder / "hourly.sql").write_text(script)
        typed = session.split("$ crontab")[0]
        told = self.console.type_commands(re.findall(r"^\$ (.*)$", typed, re.M))
        self.assertEqual("".join(told), re.sub(r"^\$ .*\n", "", typed, flags=re.M))
        self.assertEqual(self.ask_panel(panel, "grafana.db"), "1767340800|boiler.temp|72.0\n")

    def test_grafana_by_mirror(self):
        mirror = take("grafana.md", "", "$ xtdb mirror").removeprefix("$ ")
        panel = take("grafana.md", "", "SELECT")
        self.console.run(f"timeout --signal=INT 2 {mirror}")
        rows = self.ask_panel(panel, "grafana.db")
        self.assertEqual(rows, "1767340800|boiler.temp|72.0\n1767340800|pump.state|\n")
        self.assertIn("rollup_15_min", self.run_in(["sqlite3", "grafana.db", ".tables"]))

    def test_what_is_installed(self):
        """The pages name packages that the script for the tests installs."""
        script = (SOURCES / "scripts/install_tools.sh").read_text()
        installing = r"^\$ (?:sudo apt-get|npm) install (.*)\n"
        for page, document in DOCUMENTS.items():
            document.take_all(lambda block: re.fullmatch(f"({installing})+", block.text, re.M))
            for line in re.findall(installing, (SOURCES / page).read_text(), re.M):
                for package in line.split():
                    self.assertIn(package, script, page)


def tearDownModule():
    left = [block for document in DOCUMENTS.values() for block in document.left()]
    forgotten = [str(block) for block in left if block.page not in EXCUSED]
    assert not forgotten, "no test runs these blocks:\n" + "\n".join(forgotten)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
