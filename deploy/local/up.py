"""`make up`: all of Pilar on this machine until Ctrl-C. FRESH=1 begins anew, TRANSPORT=kafka takes a real broker,
PORT moves the ports, FOLDER the data.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from typing import NoReturn

from deploy.local.deployment import (
    METRICS,
    WORKERS,
    CannotRunHere,
    Deployment,
    KafkaUnusable,
    PostgresUnusable,
)
from deploy.local.issuer import DEMO_ROLES, NEEDS_ID
from deploy.local.place import TRANSPORTS, Place, State, Transport, shown
from deploy.services import SERVICES

REFUSALS = (CannotRunHere, PostgresUnusable, KafkaUnusable)
LOOK_EVERY_SECONDS = 0.5


def main() -> int:
    end_on_signals()
    try:
        deployment = configured(os.environ)
        state = deployment.start(fresh=os.environ.get("FRESH", "") not in {"", "0"}, say=say)
    except REFUSALS as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except SystemExit as ended:
        return int(ended.code or 0)
    return keep(deployment, state)


def configured(environment: Mapping[str, str]) -> Deployment:
    """The deployment that FOLDER, TRANSPORT and PORT ask for; CannotRunHere for what cannot be meant."""
    transport, port = environment.get("TRANSPORT") or "local", environment.get("PORT") or "8100"
    if transport not in TRANSPORTS:
        raise CannotRunHere(f"TRANSPORT is local or kafka, not {transport}.")
    if not port.isdigit() or not 1024 <= int(port) <= 65_000:
        raise CannotRunHere(
            f"PORT is the first of ten free ports (fourteen on Kafka), from 1024 to 65000, not {port}."
        )
    place = Place.of(environment.get("FOLDER") or ".pilar")
    return Deployment(place, transport=as_transport(transport), base_port=int(port))


def as_transport(word: str) -> Transport:
    return "kafka" if word == "kafka" else "local"


def end_on_signals(status: int = 0) -> None:
    """Ctrl-C and SIGTERM unwind this process, wherever it is, so that everything it started is stopped."""

    def leave(_number: int, _frame: object) -> NoReturn:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise SystemExit(status)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)


def keep(deployment: Deployment, state: State) -> int:
    """Watch until asked to stop (0), or until a part ends unasked (1, with its last words)."""
    try:
        print(table(deployment, state), flush=True)
        while (ended := deployment.ended()) is None:
            time.sleep(LOOK_EVERY_SECONDS)
    except SystemExit as asked:
        say("Stopping")
        return int(asked.code or 0)
    else:
        print(f"{ended[0].upper()}{ended[1:]}. Everything is stopped.", file=sys.stderr)
        return 1
    finally:
        deployment.stop()


def table(deployment: Deployment, state: State) -> str:
    """What one needs to go on: addresses, tokens, the next command, where data and logs are."""
    issuer, people = deployment.issuer, deployment.place.people()
    known = [name for name in DEMO_ROLES if name in people or name not in NEEDS_ID]
    tokens = [f"  {name:20} {issuer.demo_token(name, **people.get(name, {}))}" for name in known]
    took = ", ".join(
        f"{what} {seconds:.1f} s" for what, seconds in deployment.seconds.items() if what != "ready"
    )
    lines = [
        *(
            "",
            f"Demo tokens, for eight hours (a new one: curl -X POST {state.url('start')}/tokens/NAME):",
            *tokens,
        ),
        *("", f"Pilar is ready after {deployment.seconds['ready']:.1f} s ({took}).", ""),
        f"  start here   {state.url('start')}",
        *(f"  {name:12} {state.url(name)}/docs" for name in SERVICES),
        f"  metrics      {', '.join(metrics(state))}",
        f"  data         {shown(deployment.place.folder)}, by the transport {state.transport}",
        f"  logs         {shown(deployment.place.logs)}",
        *("", "Next: make demo, in another terminal. Ctrl-C stops everything; data is kept.", ""),
    ]
    return "\n".join(lines)


def metrics(state: State) -> list[str]:
    """The addresses of /metrics: of each API, and of what delivers."""
    delivering = WORKERS if state.transport == "kafka" else ("delivery",)
    return [f"{state.url(name)}/metrics" for name in (*METRICS, *delivering)]


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
