"""A PostgreSQL server for a test, in a folder of its own, where PostgreSQL is installed."""

import getpass
import pathlib
import shutil
import subprocess

FOLDERS = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))


class PostgresServer:
    def __init__(self, folder):
        self.folder = folder
        self.folder.mkdir()
        # It refuses to be root's.
        self.prefix = []
        if getpass.getuser() == "root":
            self.prefix = ["runuser", "-u", "postgres", "--"]
            shutil.chown(folder, "postgres")
            for parent in (folder, folder.parent):
                parent.chmod(0o755)
        self.run("initdb", "-D", f"{folder}/data", "-N", "-A", "trust", "-U", "xtdb", "-E", "UTF8")
        settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        self.run("pg_ctl", "-D", f"{folder}/data", "-w", "-o", settings, "start")
        self.environment = {"PGHOST": str(folder), "PGUSER": "xtdb"}

    def run(self, program, *arguments):
        with open(self.folder / "log.of.test", "ab") as log:
            subprocess.run(
                [*self.prefix, str(FOLDERS[-1].parent / program), *arguments],
                cwd=self.folder,
                check=True,
                stdout=log,
                stderr=log,
            )

    def stop(self):
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")
