#!/usr/bin/env python3
"""Prints where a Python installed under a prefix looks for packages, relative to the prefix.

    python_folder.py PREFIX

Debian has its own folder for what its packages bring (/usr) and another one for what its users
install (/usr/local). Everywhere else, in a virtual environment too, it is site-packages.
"""

import os
import sys
import sysconfig

OF_DEBIAN = {"/usr": "deb_system", "/usr/local": "posix_local"}


def main():
    prefix = os.path.abspath(sys.argv[1])
    scheme, base = OF_DEBIAN.get(prefix), "/usr"
    if scheme not in sysconfig.get_scheme_names():
        scheme, base = "posix_prefix", prefix
    folder = sysconfig.get_path("purelib", scheme, {"base": base})
    print(os.path.relpath(folder, prefix))


if __name__ == "__main__":
    main()
