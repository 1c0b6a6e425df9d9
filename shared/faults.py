"""Places at which a test may stop or kill a process; nothing anywhere else."""

import asyncio
import os
import signal
from pathlib import Path

POINT = "PILAR_FAULTPOINT"


async def faultpoint(name: str) -> None:
    """Do nothing, unless PILAR_FAULTPOINT is `name=kill`, `name=pause:SECONDS` or `name=fail` (once per process).

    `name=kill:FILE` kills only while FILE is there, and removes it first, so that a restarted process lives.
    """
    wanted = os.environ.get(POINT)
    if not wanted:
        return
    point, _, act = wanted.partition("=")
    if point != name:
        return
    verb, _, argument = act.partition(":")
    if verb == "kill" and _armed(argument):
        os.kill(os.getpid(), signal.SIGKILL)
    if verb == "pause":
        await asyncio.sleep(float(argument))
    if verb == "fail" and _armed(argument):
        message = f"fault injected at {name}"
        raise ConnectionError(message)


def _armed(token: str) -> bool:
    if not token:
        return True
    path = Path(token)
    if not path.exists():
        return False
    path.unlink()
    return True


def refuse_in_production(production: bool) -> None:
    """Raise when a fault point is set in production (ASVS 15.2.3)."""
    if production and os.environ.get(POINT):
        message = "PILAR_FAULTPOINT is set; a production process does not start with it"
        raise RuntimeError(message)
