"""A shell in a folder, in which what a page shows is typed."""

import os
import subprocess

from console_page import SHELL, SQL


class Console:
    """A folder in which commands are typed."""

    def __init__(self, folder, build):
        self.folder = folder
        (folder / "build").symlink_to(build)
        self.extension = build / "xtdb"
        self.environment = dict(os.environ, PATH=f"{build}:{os.environ['PATH']}", LC_ALL="C.UTF-8")

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
        load = f" -cmd '.load {self.extension}'" if not shell else ""
        start = f"sqlite3 -batch plant.db{load}"
        return [""] * len(shell) + self.type_sql(sql, start)
