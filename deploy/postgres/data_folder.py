"""Where a PostgreSQL's data lies, to whom it belongs, and what a killed launcher left in it."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import time
from pathlib import Path

from deploy.postgres.binaries import ROOT_HOME


def home_of(folder: Path) -> Path:
    """Inside `folder`; root's lies in /var/lib, where the account that runs the server may walk."""
    if os.geteuid() != 0:
        return folder / "postgres"
    return ROOT_HOME / f"pilar-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"


def adopt(folder: Path, home: Path) -> None:
    """Root's data belongs to the folder that links to it; without the link its folder was removed."""
    link = folder / "postgres"
    if home == link or (link.is_symlink() and link.readlink() == home):
        return
    end_the_orphan(home / "data")
    for left in ("data", "data.making"):
        shutil.rmtree(home / left, ignore_errors=True)
    for left in ("passwords.json", "superuser.json", "postgres.log"):
        (home / left).unlink(missing_ok=True)
    unlink(folder)
    link.symlink_to(home)


def unlink(folder: Path) -> None:
    if (link := folder / "postgres").is_symlink():
        link.unlink()


def end_the_orphan(data: Path, *, patience: float = 15.0) -> None:
    """After kill -9 of a launcher its server needs a moment to end, or, ended itself, left its pid file.

    Only a process whose working folder is this very data is taken for it: its number may be another's by now.
    """
    file = data / "postmaster.pid"
    try:
        pid = int(file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    deadline = time.monotonic() + patience
    while _works_in(pid, data):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGQUIT)
            deadline += patience
        time.sleep(0.05)
    if Path("/proc/self").exists():
        file.unlink(missing_ok=True)


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False
