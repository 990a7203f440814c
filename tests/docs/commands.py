"""Whether a command that a page names is one that there is: its program, and its options."""

import functools
import json
import re
import subprocess

from document import SOURCES

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
BENCHMARK_FILTER = re.compile(r"--benchmark_filter=([\w|.$:*]+|'[^']+')")


def sources_of(name):
    """The text of the sources of build/bench/NAME."""
    files = [SOURCES / f"bench/{name}.cc", *SOURCES.glob(f"bench/{name}/*.cc")]
    return "".join(path.read_text() for path in files)


def complaints_of_bench(name, arguments):
    if not (SOURCES / f"bench/{name}.cc").exists():
        return [f"there is no bench/{name}.cc"]
    text = sources_of(name)
    found = [
        f"build/bench/{name} has no {option}"
        for option in OPTION.findall(arguments)
        if not option.startswith("--benchmark") and f'"{option}"' not in text
    ]
    for option in BENCHMARK_FILTER.findall(arguments):
        for word in re.findall(r"[A-Za-z]\w+(?=[^:\w]|$)", option.strip("'")):
            if word not in text:
                found.append(f"build/bench/{name} measures no {word}")
    for work in re.findall(r"--only ([a-z][a-z,]*)", arguments):
        found += [
            f"build/bench/{name} has no work {one}"
            for one in work.split(",")
            if f'"{one}"' not in text
        ]
    return found


@functools.lru_cache(None)
def help_of(program, command):
    done = subprocess.run([program, command, "--help"], capture_output=True, text=True)
    # Of a word that is no command the program tells about itself.
    return done.stdout if f"Usage: xtdb {command} " in done.stdout else None


def complaints_of_xtdb(program, arguments):
    command = arguments.split()[0] if arguments.split() else ""
    if not re.fullmatch("[a-z]+", command):
        return []
    told = help_of(program, command)
    if told is None:
        return [f"xtdb has no command {command}"]
    # Behind the container the arguments of `sql` are those of sqlite3.
    own = "" if command == "sql" else arguments
    return [f"xtdb {command} has no {o}" for o in OPTION.findall(own) if o not in told]


def complaints_of_cmake(arguments):
    presets = json.loads((SOURCES / "CMakePresets.json").read_text())["configurePresets"]
    found = []
    for preset in re.findall(r"--preset (\w+)", arguments):
        if preset not in [one["name"] for one in presets]:
            found.append(f"there is no preset {preset}")
    for name in re.findall(r"\bbench_(\w+)", arguments):
        if name != "all" and not (SOURCES / f"bench/{name}.cc").exists():
            found.append(f"there is no target bench_{name}")
    return found


def complaints_of_script(path, arguments):
    if not (SOURCES / path).exists():
        return [f"there is no {path}"]
    if path == "bench/compare.sh":
        return complaints_of_bench("compare", arguments)
    text = (SOURCES / path).read_text()
    return [f"{path} has no {o}" for o in OPTION.findall(arguments) if o not in text]


def complaints_of_test(name, arguments):
    """Of a program of tests/: its options, or the suites that a filter names."""
    files = (SOURCES / "tests").glob("**/*.cc")
    text = "".join(path.read_text() for path in files)
    found = [
        f"{name} has no {option}"
        for option in OPTION.findall(arguments)
        if not option.startswith("--gtest") and f'"{option}"' not in text
    ]
    for suite in re.findall(r"--gtest_filter='?(\w+)", arguments):
        if not re.search(rf"\bTEST(_F|_P)?\({suite}\b", text):
            found.append(f"{name} has no suite {suite}")
    return found


def complaints(command, program):
    """What is wrong with a command; program: the path of xtdb. Other programs are not judged."""
    command = re.sub(r"^(?:\w+=\S+ +|time +|\$ +)*", "", command)
    name, _, arguments = command.partition(" ")
    if match := re.fullmatch(r"build/bench/(\w+)", name):
        return complaints_of_bench(match[1], arguments)
    if name in ("xtdb", "build/xtdb"):
        return complaints_of_xtdb(program, arguments)
    if re.fullmatch(r"(?:build/)?(?:\w+_tests|process_stress)", name):
        return complaints_of_test(name, arguments)
    if name == "cmake":
        return complaints_of_cmake(arguments)
    if re.fullmatch(r"(?:bench|scripts|shell|tests)/[\w/]+\.(?:sh|py)", name):
        return complaints_of_script(name, arguments)
    return []
