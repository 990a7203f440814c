#!/usr/bin/env python3
"""The code of README.md, python/README.md and docs/*.md that is no console session does what the
page says, and no block of code is forgotten: each is run by this test, by console_test.py or by
tests/vtab/docs_test.cc, or stands in EXCUSED with the reason. docs/tools/ has tests/tools/pages.py.

    code_test.py BUILD
"""

import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

import postgres
from commands import complaints
from console import Console
from console_page import is_runnable, sessions
from document import SOURCES, Document, all_pages
from page_plants import PAGES, damage, make_operations_plant
from program_plant import AIR, write_plant

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
DOCUMENTS = {page: Document(page) for page in all_pages() if not page.startswith("docs/tools/")}
EXCUSED = {
    "docs/concurrency.md": "the order of steps, no code",
    "docs/format.md": "bytes and their grammar; tests of engine/format pin the examples",
    "docs/format-log.md": "likewise",
    "docs/format-sketch.md": "likewise",
    "docs/format-vector.md": "likewise",
    "docs/migration.md": "a query for TimescaleDB, which Debian has not",
}
# What is called like functions and is none.
TABLES_OF_MIRROR = {"xtdb_mirror", "xtdb_mirror_rollup", "xtdb_mirror_mark"}
MISSING = {"xtdb_drop_tag"}  # docs/sql.md shows the error
CREATE = "CREATE VIRTUAL TABLE plant USING xtdb(path='plant.xtdb');"
POINT = "INSERT INTO plant VALUES ('boiler.temp', '2026-01-02 03:04:05.5', 71.25, 192);"


def take(page, info, beginning=""):
    return DOCUMENTS[page].take(info, beginning)


def take_what_others_run():
    """The sessions of console_test.py, and docs_test.cc's SQL with the answers behind it."""
    for page in PAGES:
        typed = [block for block, steps in sessions(DOCUMENTS[page]) if is_runnable(steps)]
        DOCUMENTS[page].take_all(typed.__contains__)
    take("README.md", "console", "mkdir try")  # page_plants.readme
    runner = (SOURCES / "tests/vtab/docs_test.cc").read_text()
    for name in re.findall(r'RunDocument\("(.*?)"\)', runner):
        DOCUMENTS[f"docs/{name}"].take_all(lambda block: block.info in ("sql", "sql error", "text"))


def code_within_the_text():
    for page in all_pages():
        for line in (SOURCES / page).read_text().splitlines():
            for code in re.findall(r"`([^`]+)`", line):
                yield page, code


class CodeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.console = Console(self.folder, BUILD)

    def succeed(self, script, given=""):
        """What a script in bash prints; each of its commands has to succeed."""
        done = subprocess.run(
            ["bash", "-ec", script],
            cwd=self.folder,
            env=self.console.environment,
            input=given,
            text=True,
            capture_output=True,
            timeout=120,
        )
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done.stdout

    def sql(self, *statements):
        given = "".join(f"{statement}\n" for statement in statements)
        return self.succeed("sqlite3 -batch -bail plant.db -cmd '.load build/xtdb'", given)

    def check_commands(self, block):
        for command in block.splitlines():
            with self.subTest(command=command):
                self.assertEqual(complaints(command, f"{BUILD}/xtdb"), [])

    def test_readme(self):
        for line in take("README.md", "console", "shell/demo.sh").splitlines():
            program = SOURCES / line.split()[0]
            self.assertTrue(os.access(program, os.X_OK), program)
            for option in re.findall(r"--\w+", line):
                self.assertIn(option, program.read_text())
        rows = self.sql(CREATE, POINT, take("README.md", "sql"))
        self.assertEqual(rows, "2026-01-02 03:00:00.000|71.25|71.25\n")

    def test_reference(self):
        typed = take("docs/sql.md", "console")
        shell, *lines = typed.splitlines()
        shutil.copy(BUILD / "xtdb.so", self.folder)
        self.succeed(f"{shell} -batch -bail", "\n".join([*lines, CREATE]))

    def test_python(self):
        program = take("python/README.md", "python")
        wanted = take("python/README.md", "text")
        if not hasattr(sqlite3.Connection, "enable_load_extension"):
            self.skipTest("this Python cannot load extensions")
        self.console.environment["PYTHONPATH"] = str(SOURCES / "python")
        self.console.environment["XTDB_EXTENSION"] = str(BUILD / "xtdb.so")
        (self.folder / "report.py").write_text(program)
        self.assertEqual(self.succeed(f"{sys.executable} -B report.py"), wanted)

    def test_c(self):
        compiling = take("docs/c-api.md", "console")
        (self.folder / "logger.c").write_text(take("docs/c-api.md", "c"))
        for program in ("cc", "pkg-config", "cmake"):
            if not shutil.which(program):
                self.skipTest(f"no {program}")
        self.succeed(f"cmake --install {BUILD} --prefix $PWD/tree")
        library = next(self.folder.glob("tree/**/libxtdb.so")).parent
        self.console.environment["PKG_CONFIG_PATH"] = str(library / "pkgconfig")
        self.console.environment["LD_LIBRARY_PATH"] = str(library)
        self.succeed(compiling)
        self.assertEqual(self.succeed("./a.out"), "71.25\n")

    def test_operations(self):
        page = "docs/operations.md"
        make_operations_plant(self.console)
        self.assertEqual(self.sql(take(page, "", "SELECT xtdb_backup")), "ok\n")
        self.succeed("xtdb check plant-monday.xtdb")
        damage(self.console)
        lost = json.loads(self.console.run("xtdb salvage plant.xtdb saved.xtdb --json"))["lost"]
        self.assertEqual(lost, [json.loads(take(page, "", '{"tag"'))])

    def test_program(self):
        panel = take("docs/program.md", "", "SELECT epoch AS time")
        packing = take("docs/program.md", "", "$ cpack")
        write_plant(self.folder)
        self.succeed("xtdb import plant.xtdb plant.csv.gz; xtdb mirror plant.xtdb mirror.db")
        begin, hours = 1767225600, 24
        for name, second in (("$__from", begin), ("$__to", begin + hours * 3600 - 1)):
            panel = panel.replace(name, str(second * 1000))
        self.assertEqual(len(self.succeed("sqlite3 mirror.db", panel).splitlines()), hours)
        # Packing and installing are run by PackageTest and install.CleanRoot.
        project = (SOURCES / "CMakeLists.txt").read_text()
        version = re.search(r"project\(xtdb VERSION (\S+)", project)[1]
        self.assertEqual(packing.count(f"xtdb_{version}_amd64.deb"), 2)

    def test_migration_from_postgres(self):
        psql, importing = take("docs/migration.md", "console", "psql").splitlines()
        if not postgres.FOLDERS:
            self.skipTest("no PostgreSQL; scripts/install_postgres.sh installs it")
        server = postgres.PostgresServer(self.folder / "server")
        self.addCleanup(server.stop)
        self.console.environment.update(server.environment)
        create = "CREATE TABLE readings(tag text, time timestamptz, value double precision)"
        rows = "('b', '2026-01-01 01:00:00.25+01', 71.5), ('a', '2026-01-01', NULL)"
        self.succeed("createdb plant")
        self.succeed("psql -q -d plant", f"{create}; INSERT INTO readings VALUES {rows};")
        self.succeed(psql)
        self.assertIn("2 points of 2 tags", self.succeed(importing))
        exported = self.succeed("xtdb export plant.xtdb --no-definitions").splitlines()
        self.assertEqual(exported[1], "a,2026-01-01 00:00:00.000,,192")
        self.assertEqual(exported[2], "b,2026-01-01 00:00:00.250,71.5,192")

    def test_migration_from_influx(self):
        importing = take("docs/migration.md", "console", "xtdb import")
        (self.folder / "plant.lp").write_text(AIR.format(21.5, "t", 1767225600))
        self.assertIn("2 points of 2 tags", self.succeed(importing))

    def test_import_that_is_timed(self):
        command = take("docs/performance.md", "", "time build/xtdb import")
        (self.folder / "plant.csv").write_text(command.split("rows: ")[1])
        self.assertIn("imported 1 row,", self.succeed(command))

    def test_benchmarks(self):
        """They are built when asked for only, so that they are looked up in the sources."""
        for block in ("cmake", "bench/compare.sh", "build/bench/soak"):
            self.check_commands(take("docs/benchmarks.md", "console", block).replace("\n   ", " "))
        for block in ("build/bench/write_bench", "build/bench/insert_bench"):
            self.check_commands(take("docs/performance.md", "", block))
        for _ in range(2):
            self.check_commands(take("docs/performance-log.md", "", "TMPDIR=DIR build/bench/wal"))
        self.check_commands(take("docs/performance-log.md", "", "build/bench/write_cache_bench"))

    def test_scripts(self):
        """The comment that tells how the scripts of sql/ are run."""
        schema = (SOURCES / "sql/plant_schema.sql").read_text()
        shell, *lines = re.findall(r"^--   (.*)$", schema, re.M)
        shutil.copy(BUILD / "xtdb.so", self.folder)
        (self.folder / "sql").symlink_to(SOURCES / "sql")
        self.succeed(f"{shell} -batch -bail", "\n".join([*lines, ""]))
        count = self.succeed("sqlite3 my.db '.load ./xtdb' 'SELECT count(*) FROM plant'")
        self.assertGreater(int(count), 10000)

    def test_commands_within_the_text(self):
        count = 0
        for page, code in code_within_the_text():
            with self.subTest(page=page, command=code):
                self.assertEqual(complaints(code, f"{BUILD}/xtdb"), [])
            count += 1
        self.assertGreater(count, 1000)

    def test_functions_within_the_text(self):
        listed = "SELECT name FROM pragma_function_list UNION SELECT name FROM pragma_module_list;"
        known = set(self.sql(listed).split()) | TABLES_OF_MIRROR | MISSING
        known |= set(re.findall(r"\bxtdb_\w+", (SOURCES / "capi/xtdb.h").read_text()))
        for page, code in code_within_the_text():
            for name in re.findall(r"(?<![\w/.])xtdb_[a-z_]+\b(?!\.)", code):
                with self.subTest(page=page, code=code):
                    self.assertIn(name, known)


def tearDownModule():
    take_what_others_run()
    left = [block for document in DOCUMENTS.values() for block in document.left()]
    forgotten = [str(block) for block in left if block.page not in EXCUSED]
    assert not forgotten, "no test runs these blocks:\n" + "\n".join(forgotten)
    pages = {block.page for block in left}
    assert pages == set(EXCUSED), f"nothing to excuse in {set(EXCUSED) - pages}"


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
