#!/usr/bin/env python3
"""What README.md and docs/*.md show on a console is what the programs print.

    console_test.py SOURCES BUILD [--update]

Sessions of `xtdb` and sqlite3 are typed in again, page by page in one folder each; figures that are
measured are not compared. With --update the pages get what was printed.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

from console_page import SHELL, SQL, sessions
from program_plant import write_plant

SOURCES, BUILD = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
UPDATE = "--update" in sys.argv
RUNNABLE = ("xtdb ", "sqlite3 ", "echo ")
OF_THIS_MACHINE = {"xtdb bench /var/tmp", "xtdb record machine.xtdb --duration 2s"}
MEASURED = re.compile(
    r"\d+\.\d+ s\b|[\d,]+ rows/s|\d+\.\d [KM]iB|bytes/point +[\d.]+|\d+ B\b|\s+\d+\.\d\d$", re.M
)


class Console:
    """A folder in which commands are typed."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "build").symlink_to(BUILD)
        self.environment = dict(os.environ, PATH=f"{BUILD}:{os.environ['PATH']}", LC_ALL="C.UTF-8")

    def run(self, script, given=""):
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            input=given.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
        )
        return done.stdout.decode()

    def type_commands(self, commands):
        """The answers of one shell to its commands, each with the exit code of the one before."""
        typed = "".join(f"{command}\ncode=$?; printf '\\0'; (exit $code)\n" for command in commands)
        return self.run(typed).split("\0")[:-1]

    def type_sql(self, statements, start):
        """The answers of one sqlite3 session to its lines."""
        typed = "".join(f"{statement}\n.print @@\n" for statement in statements)
        return self.run(start, typed).split("@@\n")[:-1]

    def answers(self, steps):
        shell = [step.command for step in steps if step.prompt == SHELL]
        sql = [step.command for step in steps if step.prompt == SQL]
        if not sql:
            return self.type_commands(shell)
        load = " -cmd '.load build/xtdb'" if not shell else ""
        start = f"sqlite3 -batch plant.db{load}"
        return [""] * len(shell) + self.type_sql(sql, start)


def readme(console, steps):
    """Shows the demo's plant."""
    command = steps[0].command
    if "xtdb_chart" in command:
        console.run(f"rm -f plant.*; {SOURCES}/shell/demo_plant.sh plant >plant.csv")
        console.run("xtdb import plant.xtdb plant.csv")
        create = "CREATE VIRTUAL TABLE plant USING xtdb(path='plant.xtdb')"
        console.run(f'sqlite3 plant.db ".load build/xtdb" "{create}"')
    elif command.startswith("xtdb import"):
        console.run("rm -f plant.xtdb plant.db")


def damage(console):
    """Turns a byte of a vector of boiler.temp that the page tells of."""
    path = console.folder / "plant.xtdb"
    whole = path.read_bytes()
    for offset in range(16384, len(whole), 1000):
        path.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1 :])
        told = console.run("xtdb check plant.xtdb")
        if re.search(r"'boiler\.temp'.*vector 3: checksum\n1 problem:", told):
            return
    raise AssertionError("no byte belongs to vector 3 of boiler.temp")


def operations(console, steps):
    """Shows the container that its first block of SQL makes, later with a damaged vector."""
    if not (console.folder / "plant.xtdb").exists():
        page = (SOURCES / "docs/operations.md").read_text()
        made = re.search(r"^```sql\n(.*?)^```$", page, re.M | re.S)[1]
        console.run("sqlite3 plant.db '.load build/xtdb' '.read /dev/stdin'", made)
    if [step.command for step in steps] == ["xtdb check plant.xtdb", "echo $?"]:
        damage(console)


def program(console, steps):
    """Shows a small plant in all forms that import reads."""
    command = steps[0].command
    if not (console.folder / "plant.csv.gz").exists():
        write_plant(console.folder)
    if command == "xtdb tags plant.xtdb":
        console.run("xtdb import plant.xtdb air.lp")
    elif command.startswith("xtdb compact"):
        add = "INSERT INTO plant(tag, time, value) VALUES ('pump.state', '2026-01-02', 'idle')"
        drop = "DELETE FROM plant WHERE time = '2026-01-02'"
        for change in (add, drop):
            console.run(f"""xtdb sql plant.xtdb "{change}" "SELECT xtdb_seal('plant')" """)


PAGES = {
    "README.md": readme,
    "docs/operations.md": operations,
    "docs/program.md": program,
}


def is_runnable(steps):
    typed = [step.command for step in steps if step.prompt == SHELL]
    return all(command.startswith(RUNNABLE) and command not in OF_THIS_MACHINE for command in typed)


def check(page, prepare):
    """Types in a page; returns how many answers there were, and how many differed."""
    path = SOURCES / page
    lines, found = sessions(path.read_text())
    count, wrong, changes = 0, 0, []
    with tempfile.TemporaryDirectory() as name:
        console = Console(pathlib.Path(name))
        for steps in filter(is_runnable, found):
            prepare(console, steps)
            for step, answer in zip(steps, console.answers(steps), strict=True):
                count += 1
                wanted = step.answer(lines)
                if MEASURED.sub("#", answer) == MEASURED.sub("#", wanted):
                    continue
                wrong += 1
                changes.append((step, answer))
                print(f"{page}:{step.begin}: {step.command}")
                print(f"--- shown\n{wanted}--- printed\n{answer}")
    if UPDATE:
        write(path, lines, changes)
    return count, wrong


def write(path, lines, changes):
    for step, answer in reversed(changes):
        shown = [(step.indent + line).rstrip() for line in answer.split("\n")[:-1]]
        lines[step.begin : step.end] = shown
    path.write_text("\n".join(lines))


def main():
    total = 0
    for page, prepare in PAGES.items():
        count, wrong = check(page, prepare)
        print(f"{page}: {count} commands, {wrong} answers differ")
        total += wrong
        assert count > 5, f"{page} has lost its sessions"
    return 1 if total and not UPDATE else 0


if __name__ == "__main__":
    sys.exit(main())
