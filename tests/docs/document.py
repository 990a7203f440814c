"""A page of the documents: its blocks of code, and which of them a test has taken to run."""

import dataclasses
import pathlib

SOURCES = pathlib.Path(__file__).resolve().parents[2]
FENCE, INDENT = "```", "    "


@dataclasses.dataclass(eq=False)
class Block:
    page: str
    info: str  # what stands behind the fence; "" where the block is indented
    begin: int  # the lines of the page, counted from 0, that have its text
    end: int
    indent: str
    text: str
    taken: bool = False

    def __str__(self):
        return f"{self.page}:{self.begin + 1}: {self.text.splitlines()[0]}"


def ranges(lines):
    """Of each block of a page: info, first line and last line (excluded), indent."""
    inside, info, begin = None, "", 0
    for number, line in enumerate(lines + [""]):
        fence = line.startswith(FENCE)
        if inside is None and fence:
            inside, info, begin = "", line.removeprefix(FENCE), number + 1
        elif inside is None and line.startswith(INDENT):
            inside, info, begin = INDENT, "", number
        elif inside == "" and fence or inside == INDENT and not line.startswith(INDENT):
            yield info, begin, number, inside
            inside = None


class Document:
    def __init__(self, page):
        self.page = page
        self.lines = (SOURCES / page).read_text().split("\n")
        self.blocks = [
            Block(page, info, begin, end, indent, self.text(begin, end, indent))
            for info, begin, end, indent in ranges(self.lines)
        ]

    def text(self, begin, end, indent):
        return "".join(line.removeprefix(indent) + "\n" for line in self.lines[begin:end])

    def take(self, info, beginning=""):
        """The text of the first such block that nobody has taken."""
        for block in self.blocks:
            if not block.taken and block.info == info and block.text.startswith(beginning):
                block.taken = True
                return block.text
        raise AssertionError(f"{self.page} has lost a block {info} {beginning}")

    def take_all(self, wanted):
        """The blocks for which wanted(block) holds."""
        found = [block for block in self.blocks if not block.taken and wanted(block)]
        for block in found:
            block.taken = True
        return found

    def left(self):
        return [block for block in self.blocks if not block.taken]


def all_pages(folder=SOURCES):
    """The pages that users read, by their paths in a folder."""
    found = [folder / "README.md", folder / "python/README.md", *folder.glob("docs/**/*.md")]
    return sorted(str(path.relative_to(folder)) for path in found)
