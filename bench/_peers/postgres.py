"""A private PostgreSQL on a Unix socket in a temporary folder, with its default durability (fsync on)."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOW_TO_INSTALL = "PostgreSQL's server is not on this machine; `apt-get install postgresql` brings it."


def binaries() -> Path | None:
    """Return the folder of ``initdb`` and ``postgres``, or ``None``."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


@contextmanager
def postgres() -> Iterator[str]:
    """Yield the connection string of a fresh server; it and its folder are gone afterwards."""
    programs = binaries()
    if programs is None:
        raise FileNotFoundError(HOW_TO_INSTALL)
    folder = Path(tempfile.mkdtemp(prefix="peer-postgres-"))
    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    if os.getuid() == 0:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)

    def run(*command: str) -> None:
        as_user = ["runuser", "-u", user, "--"] if os.getuid() == 0 else []
        subprocess.run([*as_user, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL)

    data = str(folder / "data")
    settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c shared_buffers=256MB -c max_wal_size=2GB"
    try:
        run(str(programs / "initdb"), "-D", data, "-U", "peer", "--auth=trust", "--encoding=UTF8")
        run(str(programs / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", settings, "start")
        try:
            yield f"host={folder} user=peer dbname=postgres"
        finally:
            run(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
