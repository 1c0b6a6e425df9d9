"""The data folder of a one-machine deployment: transport, keys, logs and state."""

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
    """The deployment cannot start. The message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class State:
    """The processes of a running deployment: ports and database addresses."""

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
        """Return the address of a service, or of the start page for "start"."""
        return f"http://127.0.0.1:{self.ports[name]}"


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A data folder that is kept between runs.

    PostgreSQL and the broker have their own parts in it.
    """

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
        """Whether an earlier run has left its data here."""
        return (self.folder / "transport").exists()

    def keys(self, service: str) -> Path:
        return self.folder / "keys" / service

    def prepare(self, transport: Transport) -> None:
        """Create the folder, or check that its data uses this transport.

        Raises:
            CannotRunHere: the events of an earlier run are in the other transport.
        """
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        transport_file = self.folder / "transport"
        if not transport_file.exists():
            transport_file.write_text(f"{transport}\n")
        elif (earlier := transport_file.read_text().strip()) != transport:
            command = "make up TRANSPORT=kafka" if earlier == "kafka" else "make up"
            raise CannotRunHere(
                f"The events in {self.folder} are in the transport {earlier} and cannot be read by the other. "
                f"Run `{command}`, or start with empty databases: `make up FRESH=1 TRANSPORT={transport}`."
            )

    def clear(self) -> None:
        """Delete everything except what PostgreSQL has deleted itself."""
        for part in ("keys", "issuer", "logs", "kafka", "files"):
            shutil.rmtree(self.folder / part, ignore_errors=True)
        for name in ("transport", "running.json", "people.json", "scenarios.json"):
            (self.folder / name).unlink(missing_ok=True)

    def make_keys(self) -> None:
        """Create each service's keys, and give caseload referral's public key for sealing."""
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
        """Return the state of the running deployment, or None."""
        state = self._read("running.json")
        running = State(**state) if state else None
        return running if running and running.alive else None

    def delete_state(self) -> None:
        """Delete the state file, unless another process wrote it."""
        state = self.read()
        if state is None or state.pid == os.getpid():
            (self.folder / "running.json").unlink(missing_ok=True)

    def save_person(self, name: str, **claims: str) -> None:
        """Save the id of a pendamping's or partner's account, for its tokens."""
        write_private(self.folder / "people.json", json.dumps(self.people() | {name: claims}))

    def people(self) -> dict[str, dict[str, str]]:
        return self._read("people.json") or {}

    def save_scenario(self, number: int, **ids: list[str]) -> None:
        """Save the families and pendamping of a scenario, over which its counts are made."""
        scenarios = self.scenarios() | {str(number): ids}
        write_private(self.folder / "scenarios.json", json.dumps(scenarios))

    def scenarios(self) -> dict[str, dict[str, list[str]]]:
        return self._read("scenarios.json") or {}

    def _read(self, name: str) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            return json.loads((self.folder / name).read_text())
        return {}


def shown(path: Path) -> str:
    """Return the path as one would type it in the checkout."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
