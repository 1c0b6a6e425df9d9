"""The folder of a one-machine deployment: which transport it speaks, its keys, its logs, and what runs in it."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from deploy.folder import write_private
from deploy.services import SERVICES

ROOT = Path(__file__).resolve().parents[2]
Transport = Literal["local", "kafka"]
TRANSPORTS: tuple[Transport, ...] = ("local", "kafka")


class CannotRunHere(Exception):
    """The deployment cannot start; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class State:
    """What runs in a folder: enough to find it, and to read its outboxes under the worker roles."""

    pid: int
    transport: Transport
    ports: dict[str, int]
    workers: dict[str, str]
    ready: bool = False
    bootstrap: str = ""

    @property
    def alive(self) -> bool:
        with suppress(OSError):
            os.kill(self.pid, 0)
            return True
        return False

    def url(self, name: str) -> str:
        """The address of a service, or of the page at "start"."""
        return f"http://127.0.0.1:{self.ports[name]}"


@dataclass(frozen=True, slots=True)
class Place:
    """A data folder, kept between runs; the PostgreSQL and the broker in it keep their own parts."""

    folder: Path

    @classmethod
    def of(cls, folder: Path | str) -> Self:
        return cls(Path(folder).resolve())

    @property
    def issuer(self) -> Path:
        return self.folder / "issuer"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def kafka(self) -> Path:
        return self.folder / "kafka"

    @property
    def used(self) -> bool:
        """Whether an earlier run left its data here."""
        return (self.folder / "transport").exists()

    def keys(self, service: str) -> Path:
        return self.folder / "keys" / service

    def settle(self, transport: Transport) -> None:
        """Make the folder, or take it up again. CannotRunHere when its facts travelled by the other transport."""
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        remembered = self.folder / "transport"
        if not remembered.exists():
            remembered.write_text(f"{transport}\n")
        elif (before := remembered.read_text().strip()) != transport:
            again = "make up TRANSPORT=kafka" if before == "kafka" else "make up"
            raise CannotRunHere(
                f"The data in {self.folder} has travelled by the transport {before}, and facts sent by one are "
                f"not in the other: run `{again}`, or begin anew with `make up FRESH=1 TRANSPORT={transport}`."
            )

    def forget(self) -> None:
        """Everything but what PostgreSQL itself wiped."""
        for part in ("keys", "issuer", "logs", "kafka", "files"):
            shutil.rmtree(self.folder / part, ignore_errors=True)
        for name in ("transport", "running.json", "people.json", "scenarios.json"):
            (self.folder / name).unlink(missing_ok=True)

    def make_keys(self) -> None:
        """Each service its own; referral's public key goes to caseload, which seals identities to it."""
        from shared.privacy import SealingKey, make_keys

        for service in SERVICES:
            make_keys(self.keys(service))
        if not (public := self.keys("referral") / "sealing.pub").exists():
            SealingKey.make(self.keys("referral"))
        recipients = self.keys("caseload") / "recipients"
        recipients.mkdir(mode=0o700, exist_ok=True)
        (recipients / "referral.pub").write_bytes(public.read_bytes())

    def write(self, state: State) -> None:
        write_private(self.folder / "running.json", json.dumps(asdict(state)))

    def read(self) -> State | None:
        """What runs here now, or None."""
        state = self._read("running.json")
        found = State(**state) if state else None
        return found if found and found.alive else None

    def stopped(self) -> None:
        """What this process ran here no longer runs; what another runs is left alone."""
        state = self.read()
        if state is None or state.pid == os.getpid():
            (self.folder / "running.json").unlink(missing_ok=True)

    def remember_person(self, name: str, **claims: str) -> None:
        """A pendamping or a partner gets an id at run time; the start page signs tokens with it."""
        write_private(self.folder / "people.json", json.dumps(self.people() | {name: claims}))

    def people(self) -> dict[str, dict[str, str]]:
        return self._read("people.json") or {}

    def remember_scenario(self, number: int, **ids: list[str]) -> None:
        """Whose families and pendamping a scenario is counted over; its numbers are compared again by them."""
        scenarios = self.scenarios() | {str(number): ids}
        write_private(self.folder / "scenarios.json", json.dumps(scenarios))

    def scenarios(self) -> dict[str, dict[str, list[str]]]:
        return self._read("scenarios.json") or {}

    def _read(self, name: str) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            return json.loads((self.folder / name).read_text())
        return {}


def shown(path: Path) -> str:
    """As one would type it in the checkout."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
