#!/usr/bin/env python3
"""What README.md and docs/*.md show on a console is what the programs print.

    console_test.py BUILD [--update]

Sessions of `xtdb` and sqlite3 are typed in again, page by page in one folder each; figures that are
measured are not compared. With --update the pages get what was printed.
"""

import pathlib
import re
import sys
import tempfile

from console import Console
from console_page import is_runnable, sessions
from document import SOURCES, Document
from page_plants import PAGES

BUILD = pathlib.Path(sys.argv[1]).resolve()
UPDATE = "--update" in sys.argv
MEASURED = re.compile(
    r"\d+\.\d+ s\b|[\d,]+ rows/s|\d+\.\d [KM]iB|bytes/point +[\d.]+|\d+ B\b|\s+\d+\.\d\d$", re.M
)
# Of these, every figure is one of the machine, and so is what stands in front of xtdb's version;
# where there is no terminal, lines of progress come before the answer.
OF_THIS_MACHINE = {"xtdb bench /var/tmp", "xtdb record machine.xtdb --duration 2s"}
FIGURE = re.compile(r"^.*(?=, xtdb )|\d[\d,.]*( [KM]iB)?", re.M)
PROGRESS = re.compile(r"^.* with the log, .*\n", re.M)


def without_figures(command, text):
    if command not in OF_THIS_MACHINE:
        return MEASURED.sub("#", text)
    return FIGURE.sub("#", PROGRESS.sub("", text))


def check(page, prepare):
    """Types in a page; returns how many answers there were, and how many differed."""
    document = Document(page)
    count, changes = 0, []
    with tempfile.TemporaryDirectory() as name:
        console = Console(pathlib.Path(name), BUILD)
        for _, steps in sessions(document):
            if not is_runnable(steps):
                continue
            prepare(console, steps)
            for step, answer in zip(steps, console.answers(steps), strict=True):
                count += 1
                wanted = step.answer(document.lines)
                shown, printed = (without_figures(step.command, t) for t in (wanted, answer))
                if shown == printed:
                    continue
                changes.append((step, answer))
                print(f"{page}:{step.begin}: {step.command}")
                print(f"--- shown\n{wanted}--- printed\n{answer}")
    if UPDATE:
        write(SOURCES / page, document.lines, changes)
    return count, len(changes)


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
