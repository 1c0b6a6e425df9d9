"""The data folder of the embedded PostgreSQL, and clean-up after a killed launcher."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import time
from pathlib import Path

from deploy.postgres.binaries import ROOT_HOME


def home_of(folder: Path) -> Path:
    """Return the server's folder: in `folder`, or for root in /var/lib.

    The unprivileged account that runs the server for root may not be able to enter `folder`.
    """
    if os.geteuid() != 0:
        return folder / "postgres"
    return ROOT_HOME / f"pilar-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"


def adopt(folder: Path, home: Path) -> None:
    """Link root's server folder into `folder`.

    If the link is missing, `folder` was removed, so the old data is deleted.
    """
    link = folder / "postgres"
    if home == link or (link.is_symlink() and link.readlink() == home):
        return
    end_orphaned_server(home / "data")
    for name in ("data", "data.making"):
        shutil.rmtree(home / name, ignore_errors=True)
    for name in ("passwords.json", "superuser.json", "postgres.log"):
        (home / name).unlink(missing_ok=True)
    unlink(folder)
    link.symlink_to(home)


def unlink(folder: Path) -> None:
    if (link := folder / "postgres").is_symlink():
        link.unlink()


def end_orphaned_server(data: Path, *, timeout: float = 15.0) -> None:
    """Wait for a server whose launcher was killed, and delete its pid file.

    The process is recognised by its working folder, because its id may belong to another process by now.
    """
    file = data / "postmaster.pid"
    try:
        pid = int(file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    deadline = time.monotonic() + timeout
    while _has_working_folder(pid, data):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGQUIT)
            deadline += timeout
        time.sleep(0.05)
    if Path("/proc/self").exists():
        file.unlink(missing_ok=True)


def _has_working_folder(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False
