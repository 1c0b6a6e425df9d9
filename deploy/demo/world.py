"""The context of a run: HTTP clients, tokens, business clock, console and checks."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
from rich.console import Console
from rich.markup import escape

from deploy.demo.outboxes import Outboxes, RecordedEvent
from deploy.demo.papers import PaperKind, draw_paper
from deploy.invariants import Command
from deploy.local.data_folder import DataFolder, State
from deploy.local.issuer import DevelopmentIssuer
from deploy.services import SERVICES
from shared.dates import JAKARTA

Value = TypeVar("Value")
TIMEOUT_SECONDS = 60.0
POLL_SECONDS = 0.04
RETRIES_SECONDS = (0.1, 0.5, 2.0)
MORNING = 10
OUTCOME_UNKNOWN = 503
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
QUERY_PATHS = ("/files", "/numbers", "/look-up", "/preview")


class NotAsExpected(Exception):
    """The run cannot continue. The message has the expected and the actual value."""


def count_things(path: str, body: Any, answer: httpx.Response | None) -> int | None:
    """Return how many subjects a command has, None if only the service knows it."""
    if answer is not None and answer.is_success and path == "/v1/sk":
        return len(answer.json()["determined"])
    if answer is not None and answer.status_code == HTTPStatus.OK and path.endswith("/sanggah"):
        return 0  # Another scan of a recorded sanggah emits nothing.
    if not isinstance(body, dict):
        return 1
    # An accepted sanggah may end others that are undecided.
    return None if body.get("exit_reason") == "MENINGGAL" or body.get("outcome") == "DITERIMA" else 1


@dataclass(slots=True)
class World:
    """The context of one run. `failed` collects failed checks without stopping the run."""

    data_folder: DataFolder
    state: State
    console: Console
    outboxes: Outboxes
    ended: Callable[[], str | None]
    issuer: DevelopmentIssuer
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=30, trust_env=False))
    failed: list[str] = field(default_factory=list[str])
    # Every command with its key and its answer, for invariant I1.
    history: list[Command] = field(default_factory=list[Command])
    shown_on: date | None = None
    # Waiting times in seconds before each retry of a broken connection. Killed processes are restarted in seconds.
    retries: Sequence[float] = RETRIES_SECONDS

    def token(self, who: str) -> str:
        return self.issuer.demo_token(who, **self.data_folder.people().get(who, {}), ttl=600)

    async def get(self, service: str, path: str, who: str) -> Any:
        return await self._ask("GET", service, path, who)

    async def post(self, service: str, path: str, body: Any, who: str, *, version: int | None = None) -> Any:
        """Send a command. `version` is the version that the caller has read."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return await self._ask("POST", service, path, who, json=body, headers=headers)

    async def put_paper(self, service: str, text: str, who: str, kind: PaperKind = PaperKind.PDF) -> str:
        """Upload a photograph or a scan with a text, and return its SHA-256."""
        return await self.put_file(service, draw_paper(text, kind), who, kind)

    async def put_file(
        self, service: str, content: bytes, who: str, media_type: str = "application/octet-stream"
    ) -> str:
        headers = {"Content-Type": media_type}
        stored = await self._ask("POST", service, "/v1/files", who, content=content, headers=headers)
        return stored["sha256"]

    async def _ask(self, method: str, service: str, path: str, who: str, **more: Any) -> Any:
        answer = await self.send(method, service, path, who, **more)
        if answer.is_success:
            return answer.json()
        raise NotAsExpected(
            f"{who}: {method} {path} at {service} answered {answer.status_code}: {answer.text[:600]}"
        )

    async def send(self, method: str, service: str, path: str, who: str, **more: Any) -> httpx.Response:
        """Send a request and return any answer. A command is added to the history."""
        headers = {
            "Authorization": f"Bearer {self.token(who)}",
            "X-Purpose": "VERIFIKASI",
            **more.pop("headers", {}),
        }
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(8)
        url = self.state.url(service) + path
        try:
            answer = await self._send_with_retries(method, url, headers=headers, **more)
        except httpx.TransportError:
            self.add_to_history(service, who, path, headers.get("Idempotency-Key"), None, more.get("json"))
            raise
        self.add_to_history(service, who, path, headers.get("Idempotency-Key"), answer, more.get("json"))
        return answer

    def add_to_history(
        self, service: str, who: str, path: str, key: str | None, answer: httpx.Response | None, body: Any
    ) -> None:
        """Add a command to the history.

        Uploads and questions are no commands: they have no effect that could be repeated.
        """
        if key is None or path.endswith(QUERY_PATHS):
            return
        answer_headers = answer.headers if answer is not None else {}
        self.history.append(
            Command(
                service,
                who,
                path,
                key,
                # A 503 may come after the commit, so the outcome is unknown.
                status=None
                if answer is None or answer.status_code == OUTCOME_UNKNOWN
                else answer.status_code,
                request_id=answer_headers.get("x-request-id", ""),
                replayed="idempotency-replayed" in answer_headers,
                things=count_things(path, body, answer),
                problem="" if answer is None or answer.is_success else answer.json().get("title", ""),
            )
        )

    async def post_refused(self, service: str, path: str, body: Any, who: str) -> dict[str, Any]:
        """Send a command that must be refused, and return the problem.

        Return {} if the command was accepted.
        """
        answer = await self.send("POST", service, path, who, json=body)
        return {} if answer.is_success else {"status": answer.status_code, **answer.json()}

    async def pages(self, service: str, path: str, who: str) -> list[Any]:
        """Return every item of a list, page by page."""
        items: list[Any] = []
        after: str | None = f"{path}{'&' if '?' in path else '?'}limit=200"
        while after:
            page = await self.get(service, after, who)
            items += page["items"]
            after = page["next"]
        return items

    async def _send_with_retries(self, method: str, url: str, **more: Any) -> httpx.Response:
        """Send a request and retry if the connection breaks.

        The outcome is then unknown, and the same idempotency key returns it (promise 3).
        """
        for wait in self.retries:
            try:
                return await self.http.request(method, url, **more)
            except httpx.TransportError:
                await asyncio.sleep(wait)
        return await self.http.request(method, url, **more)

    async def act(
        self, sentence: str, service: str, path: str, body: Any, who: str, *, version: int | None = None
    ) -> Any:
        """Send one command, wait until its events are delivered, and print both."""
        return (await self.act_many(sentence, service, [(path, body)], who, version=version))[0]

    async def act_many(
        self,
        sentence: str,
        service: str,
        commands: Sequence[tuple[str, Any]],
        who: str,
        *,
        version: int | None = None,
    ) -> list[Any]:
        """Send several commands of one kind, wait until their events are delivered, and print both."""
        shown_path = IDS.sub("…", commands[0][0])
        times = f", {len(commands)} times" if len(commands) > 1 else ""
        self.console.print(
            f"  [bold]{escape(who)}[/] {escape(sentence)}  [dim]{service} POST {escape(shown_path)}{times}[/]"
        )
        answers = [await self.post(service, path, body, who, version=version) for path, body in commands]
        await self.wait_until_delivered()
        return answers

    async def wait_until_delivered(self) -> None:
        """Wait until every subscription has read all events, and print the new events."""
        await self.wait_for("all events to be delivered", self._are_delivered)
        self.print_events(await self.outboxes.new())

    async def _are_delivered(self) -> bool:
        if parked := await self.outboxes.parked():
            raise NotAsExpected("; ".join(parked))
        return not await self.outboxes.undelivered()

    def print_events(self, events: list[RecordedEvent]) -> None:
        """Print each kind of event once, with its count and its subscriptions."""
        counts = Counter(event.wire for event in events)
        for wire, count in counts.items():
            names = ", ".join(self.outboxes.subscribers_of(wire)) or "no subscription"
            times = f", {count} times" if count > 1 else ""
            self.console.print(f"    [cyan]→ {wire}{times}[/] [dim]→ {names}[/]")

    async def wait_for(
        self, name: str, poll: Callable[[], Awaitable[Value | None]], *, seconds: float = TIMEOUT_SECONDS
    ) -> Value:
        """Poll `ask` until it returns a value.

        A wait of more than two seconds is printed.

        Raises:
            NotAsExpected: `seconds` have passed, or a process has ended.
        """
        began, printed = time.monotonic(), False
        while not (value := await poll()):
            waited = time.monotonic() - began
            if waited > seconds:
                raise NotAsExpected(f"Waited {seconds:.0f} s for {name} without success.")
            if ended := self.ended():
                raise NotAsExpected(f"While waiting for {name}: {ended}")
            if waited > 2 and not printed:
                self.console.print(f"    [dim]waiting for {escape(name)} …[/]")
                printed = True
            await asyncio.sleep(POLL_SECONDS)
        return value

    async def day(self, day: str, *, hour: int = MORNING) -> None:
        """Set the business clock of all four services to a day in Jakarta."""
        if self.shown_on == date.fromisoformat(day):
            return
        target_date = date.fromisoformat(day)
        at = datetime(target_date.year, target_date.month, target_date.day, hour, tzinfo=JAKARTA)
        for service in SERVICES:
            await self.post(service, "/v1/clock", {"now": at.astimezone(UTC).isoformat()}, "operator-1")
        self.shown_on = target_date
        self.console.rule(f"[bold]{target_date:%A %d %B %Y}", align="left")

    def check(self, sentence: str, actual: object, expected: object = True) -> None:
        """Compare two values and print the result."""
        if actual == expected:
            self.console.print(f"    [green]✓[/] {escape(sentence)}")
            return
        self.failed.append(sentence)
        self.console.print(
            f"    [bold red]✗ {escape(sentence)}[/]: expected {escape(repr(expected))}, got {escape(repr(actual))}"
        )
