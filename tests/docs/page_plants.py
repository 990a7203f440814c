"""The plants that the sessions of a page go on from."""

import re

from document import SOURCES, Document
from program_plant import write_plant


def readme(console, steps):
    """Begins as a newcomer does, in the folder that the page has made."""
    if not (console.folder / "shell").exists() and console.folder.name != "try":
        (console.folder / "shell").symlink_to(SOURCES / "shell")
        console.run(Document("README.md").take("console", "mkdir try"))
        console.folder /= "try"


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


def make_operations_plant(console):
    made = Document("docs/operations.md").take("sql")
    console.run("sqlite3 plant.db '.load build/xtdb' '.read /dev/stdin'", made)


def operations(console, steps):
    """Shows the container that its first block of SQL makes, later with a damaged vector."""
    if not (console.folder / "plant.xtdb").exists():
        make_operations_plant(console)
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
