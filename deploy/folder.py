"""Data folders: private files, and a lock that allows one launcher at a time."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import IO


class FolderInUse(Exception):
    """Another process has locked the folder. The message is its process id."""


def lock_folder(folder: Path) -> IO[str]:
    """Lock `folder` until the returned file is closed or this process ends.

    Raises:
        FolderInUse: another process has locked it.
    """
    lock = (folder / "launcher.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        owner = lock.read().strip()
        lock.close()
        raise FolderInUse(owner) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def write_private(path: Path, text: str) -> None:
    """Replace the file atomically by one that only its owner can read."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    temporary.replace(path)
