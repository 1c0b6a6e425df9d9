"""`make up`: run Pilar on this machine until Ctrl-C.

FRESH=1 starts with empty databases, TRANSPORT=kafka uses a real broker, PORT sets the first port, FOLDER the data folder.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from typing import NoReturn

from deploy.local.data_folder import TRANSPORTS, DataFolder, State, Transport, shown
from deploy.local.deployment import (
    METRICS,
    WORKERS,
    CannotRunHere,
    Deployment,
    KafkaUnusable,
    PostgresUnusable,
)
from deploy.local.environment import refusals
from deploy.local.issuer import DEMO_ROLES, NEEDS_ID
from deploy.services import SERVICES

REFUSALS = (CannotRunHere, PostgresUnusable, KafkaUnusable)
CHECK_SECONDS = 0.5


def main() -> int:
    end_on_signals()
    try:
        deployment = configured(os.environ)
        state = deployment.start(fresh=os.environ.get("FRESH", "") not in {"", "0"}, report=report)
    except REFUSALS as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except SystemExit as ended:
        return int(ended.code or 0)
    return watch(deployment, state)


def configured(environment: Mapping[str, str]) -> Deployment:
    """Return the deployment of FOLDER, TRANSPORT and PORT.

    Raises:
        CannotRunHere: a value is invalid.
    """
    transport, port = environment.get("TRANSPORT") or "local", environment.get("PORT") or "8100"
    if refused := refusals(environment):
        raise CannotRunHere(" ".join(refused))
    if transport not in TRANSPORTS:
        raise CannotRunHere(f"TRANSPORT must be local or kafka, not {transport}.")
    if not port.isdigit() or not 1024 <= int(port) <= 65_000:
        raise CannotRunHere(
            f"PORT must be the first of ten free ports (fourteen on Kafka), from 1024 to 65000, not {port}."
        )
    data_folder = DataFolder.of(environment.get("FOLDER") or ".pilar")
    return Deployment(data_folder, transport=as_transport(transport), base_port=int(port))


def as_transport(word: str) -> Transport:
    return "kafka" if word == "kafka" else "local"


def end_on_signals(status: int = 0) -> None:
    """Raise SystemExit on Ctrl-C and SIGTERM, so that everything started is stopped."""

    def exit_once(_number: int, _frame: object) -> NoReturn:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise SystemExit(status)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, exit_once)


def watch(deployment: Deployment, state: State) -> int:
    """Report restarted processes until a stop signal (0), or until one cannot run (1)."""
    try:
        print(table(deployment, state), flush=True)
        while (ended := deployment.ended()) is None:
            if reports := deployment.unread_reports():
                report(reports)
            time.sleep(CHECK_SECONDS)
    except SystemExit as signalled:
        report("Stopping")
        return int(signalled.code or 0)
    else:
        print(f"{ended[0].upper()}{ended[1:]}. Everything is stopped.", file=sys.stderr)
        return 1
    finally:
        deployment.stop()


def table(deployment: Deployment, state: State) -> str:
    """Return the printed summary: addresses, tokens, next command, data and logs."""
    issuer, people = deployment.issuer, deployment.data_folder.people()
    accounts = [name for name in DEMO_ROLES if name in people or name not in NEEDS_ID]
    tokens = [f"  {name:20} {issuer.demo_token(name, **people.get(name, {}))}" for name in accounts]
    durations = ", ".join(
        f"{step} {seconds:.1f} s" for step, seconds in deployment.seconds.items() if step != "ready"
    )
    lines = [
        *(
            "",
            f"Demo tokens, valid for eight hours (a new one: curl -X POST {state.url('start')}/tokens/NAME):",
            *tokens,
        ),
        *("", f"Pilar is ready after {deployment.seconds['ready']:.1f} s ({durations}).", ""),
        f"  start page   {state.url('start')}",
        *(f"  {name:12} {state.url(name)}/docs" for name in SERVICES),
        f"  metrics      {', '.join(metrics(state))}",
        f"  data         {shown(deployment.data_folder.folder)}, transport {state.transport}",
        f"  logs         {shown(deployment.data_folder.logs)}",
        f"  ports        {ports(deployment)}",
        *([f"  kafka        {state.bootstrap} (bootstrap address)"] if state.bootstrap else []),
        *("", "Next: make demo, in another terminal. Ctrl-C stops everything and keeps the data.", ""),
    ]
    return "\n".join(lines)


def ports(deployment: Deployment) -> str:
    """Return the ports that the deployment takes."""
    taken = sorted(deployment.ports.values())
    stores = [f"{port} {store}" for store, port in deployment.store_ports.items()]
    return ", ".join((f"{taken[0]} to {taken[-1]}", *stores))


def metrics(state: State) -> list[str]:
    """Return the addresses of /metrics of the APIs and of delivery."""
    delivering = WORKERS if state.transport == "kafka" else ("delivery",)
    return [f"{state.url(name)}/metrics" for name in (*METRICS, *delivering)]


def report(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
