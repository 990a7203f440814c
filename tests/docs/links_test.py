#!/usr/bin/env python3
"""Every link of README.md, python/README.md and docs/ leads to a file and a heading that exist, and
every file of the sources that they name is there.

    links_test.py [FOLDER]

With a folder the links are those of the pages that are installed there.
"""

import pathlib
import re
import sys
import unittest

from document import SOURCES, all_pages

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
# A path within code, as `tests/vtab/hostile_*_test.cc`: relative to the sources.
FOLDERS = "bench|capi|cmake|docs|engine|planner|python|scripts|shell|sql|tests|vtab"
NAMED = re.compile(rf"`((?:{FOLDERS})/[\w.*/-]*)[^`\n]*`")


FOLDER = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else SOURCES


def text_of(page):
    """A page without its blocks of code."""
    text = (FOLDER / page).read_text()
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def anchors(path):
    """The headings of a page, as a link names them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", one).strip().lower().replace(" ", "-") for one in headings}


class LinksTest(unittest.TestCase):
    def check_link(self, page, link):
        path, _, anchor = link.partition("#")
        target = (FOLDER / page).parent / path if path else FOLDER / page
        self.assertTrue(target.exists(), f"{page} links to {link}, which is not there")
        self.assertTrue(target.resolve().is_relative_to(FOLDER), f"{page}: {link} leads out")
        if anchor:
            self.assertIn(anchor, anchors(target), f"{page} links to {link}")

    def test_links_lead_somewhere(self):
        count = 0
        for page in all_pages(FOLDER):
            for link in LINK.findall(text_of(page)):
                if not re.match(r"\w+:", link):
                    self.check_link(page, link)
                    count += 1
        self.assertGreater(count, 20)

    @unittest.skipIf(FOLDER != SOURCES, "they are not installed")
    def test_files_that_are_named_exist(self):
        count = 0
        for page in all_pages():
            for name in NAMED.findall(text_of(page)):
                with self.subTest(page=page):
                    self.assertTrue(list(SOURCES.glob(name.rstrip("/."))), f"no {name}")
                count += 1
        self.assertGreater(count, 40)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
