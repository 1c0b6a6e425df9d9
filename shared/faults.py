"""Fault injection: points at which a test may stop or kill a process."""

import asyncio
import os
import signal
from pathlib import Path

POINT = "PILAR_FAULTPOINT"


async def faultpoint(name: str) -> None:
    """Do nothing unless PILAR_FAULTPOINT names this point.

    Its value is `name=kill`, `name=pause:SECONDS` or `name=fail` (once per process). `name=kill:FILE` kills
    only while FILE exists and removes it first, so that a restarted process continues.
    """
    setting = os.environ.get(POINT)
    if not setting:
        return
    point, _, act = setting.partition("=")
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
    """Refuse to start in production with a fault point set (ASVS 15.2.3).

    Raises:
        RuntimeError
    """
    if production and os.environ.get(POINT):
        message = "PILAR_FAULTPOINT is set; a production process does not start with it"
        raise RuntimeError(message)
