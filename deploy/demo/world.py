"""What the demonstration works with: the four services over HTTP, tokens of named people, the clock, the screen."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import httpx
from rich.console import Console
from rich.markup import escape

from deploy.demo.outboxes import Outboxes, Told
from deploy.invariants import Command
from deploy.local.issuer import DevelopmentIssuer
from deploy.local.place import Place, State
from deploy.services import SERVICES
from shared.dates import JAKARTA

Found = TypeVar("Found")
PATIENCE_SECONDS = 60.0
ASK_EVERY_SECONDS = 0.04
RETRIES_SECONDS = (0.1, 0.5, 2.0)
MORNING = 10
UNSURE = 503
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
QUESTIONS = ("/files", "/numbers", "/look-up", "/preview")


class NotAsExpected(Exception):
    """The demonstration cannot go on; the message says what was wanted and what came."""


@dataclass(slots=True)
class World:
    """One run. `failed` collects the assertions that did not hold; the run goes on, so that all are seen."""

    place: Place
    state: State
    console: Console
    outboxes: Outboxes
    ended: Callable[[], str | None]
    issuer: DevelopmentIssuer
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=30, trust_env=False))
    failed: list[str] = field(default_factory=list[str])
    # Every command with its key and what was answered, for I1 of the checker.
    history: list[Command] = field(default_factory=list[Command])
    shown_on: date | None = None
    # How long to wait before asking again where a connection broke; processes that are killed come back in seconds.
    retries: Sequence[float] = RETRIES_SECONDS

    def token(self, who: str) -> str:
        return self.issuer.demo_token(who, **self.place.people().get(who, {}), ttl=600)

    async def get(self, service: str, path: str, who: str) -> Any:
        return await self._ask("GET", service, path, who)

    async def post(self, service: str, path: str, body: Any, who: str, *, version: int | None = None) -> Any:
        """A command; `version` is the one that the caller read of what is edited."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return await self._ask("POST", service, path, who, json=body, headers=headers)

    async def put_file(self, service: str, content: bytes, who: str) -> str:
        headers = {"Content-Type": "application/octet-stream"}
        stored = await self._ask("POST", service, "/v1/files", who, content=content, headers=headers)
        return stored["sha256"]

    async def _ask(self, method: str, service: str, path: str, who: str, **more: Any) -> Any:
        answer = await self.tried(method, service, path, who, **more)
        if answer.is_success:
            return answer.json()
        raise NotAsExpected(
            f"{who}: {method} {path} at {service} answered {answer.status_code}: {answer.text[:600]}"
        )

    async def tried(self, method: str, service: str, path: str, who: str, **more: Any) -> httpx.Response:
        """Ask, and return whatever is answered; a command goes into the history."""
        headers = {"Authorization": f"Bearer {self.token(who)}", **more.pop("headers", {})}
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(8)
        url = self.state.url(service) + path
        try:
            answer = await self._send(method, url, headers=headers, **more)
        except httpx.TransportError:
            self.remember(service, who, path, headers.get("Idempotency-Key"), None, more.get("json"))
            raise
        self.remember(service, who, path, headers.get("Idempotency-Key"), answer, more.get("json"))
        return answer

    def remember(
        self, service: str, who: str, path: str, key: str | None, answer: httpx.Response | None, body: Any
    ) -> None:
        """A file is stored under its own hash, and a question changes nothing: neither is a command."""
        if key is None or path.endswith(QUESTIONS):
            return
        named = body.get("graduasi_ids") if isinstance(body, dict) else None
        kept = answer.headers if answer is not None else {}
        self.history.append(
            Command(
                service,
                who,
                path,
                key,
                # 503 may have come after the commit: as unknown as no answer.
                status=None if answer is None or answer.status_code == UNSURE else answer.status_code,
                request_id=kept.get("x-request-id", ""),
                replayed="idempotency-replayed" in kept,
                things=len(named) if named else 1,
                problem="" if answer is None or answer.is_success else answer.json().get("title", ""),
            )
        )

    async def refused(self, service: str, path: str, body: Any, who: str) -> dict[str, Any]:
        """What must not be done: return the problem that is answered, or {} when it was done."""
        answer = await self.tried("POST", service, path, who, json=body)
        return {} if answer.is_success else {"status": answer.status_code, **answer.json()}

    async def pages(self, service: str, path: str, who: str) -> list[Any]:
        """Every item of a list, page by page."""
        found: list[Any] = []
        after: str | None = f"{path}{'&' if '?' in path else '?'}limit=200"
        while after:
            page = await self.get(service, after, who)
            found += page["items"]
            after = page["next"]
        return found

    async def _send(self, method: str, url: str, **more: Any) -> httpx.Response:
        """A connection that breaks leaves the outcome unknown; the same key asked again tells it (promise 3)."""
        for wait in self.retries:
            try:
                return await self.http.request(method, url, **more)
            except httpx.TransportError:
                await asyncio.sleep(wait)
        return await self.http.request(method, url, **more)

    async def act(
        self, sentence: str, service: str, path: str, body: Any, who: str, *, version: int | None = None
    ) -> Any:
        """A hop: somebody does something over HTTP; what it told is printed as it travels, until all have heard it."""
        return (await self.acts(sentence, service, [(path, body)], who, version=version))[0]

    async def acts(
        self,
        sentence: str,
        service: str,
        asked: Sequence[tuple[str, Any]],
        who: str,
        *,
        version: int | None = None,
    ) -> list[Any]:
        """Many hops of one kind, printed as one: each is a command of its own, and all are heard in the end."""
        path = IDS.sub("…", asked[0][0])
        times = f", {len(asked)} times" if len(asked) > 1 else ""
        self.console.print(
            f"  [bold]{escape(who)}[/] {escape(sentence)}  [dim]{service} POST {escape(path)}{times}[/]"
        )
        done = [await self.post(service, where, body, who, version=version) for where, body in asked]
        await self.heard()
        return done

    async def heard(self) -> None:
        """Wait until every subscription has come to the end of what was told, and print it."""
        await self.until("every service to hear what was told", self._all_heard)
        self.print_facts(await self.outboxes.new())

    async def _all_heard(self) -> bool:
        if parked := await self.outboxes.parked():
            raise NotAsExpected("; ".join(parked))
        return not await self.outboxes.unheard()

    def print_facts(self, facts: list[Told]) -> None:
        """Each fact, who caused it and who acts on it; many of one kind in one line."""
        counts = Counter(fact.wire for fact in facts)
        for wire, count in counts.items():
            hearers = ", ".join(self.outboxes.hearers(wire)) or "nobody yet"
            times = f", {count} times" if count > 1 else ""
            self.console.print(f"    [cyan]→ {wire}{times}[/] [dim]→ {hearers}[/]")

    async def until(
        self, what: str, ask: Callable[[], Awaitable[Found | None]], *, seconds: float = PATIENCE_SECONDS
    ) -> Found:
        """Ask again and again, at most `seconds`; a wait that a person notices says what it waits for."""
        began, said = time.monotonic(), False
        while not (found := await ask()):
            waited = time.monotonic() - began
            if waited > seconds:
                raise NotAsExpected(f"Waited {seconds:.0f} s for {what}, in vain.")
            if ended := self.ended():
                raise NotAsExpected(f"While waiting for {what}: {ended}")
            if waited > 2 and not said:
                self.console.print(f"    [dim]waiting for {escape(what)} …[/]")
                said = True
            await asyncio.sleep(ASK_EVERY_SECONDS)
        return found

    async def day(self, day: str, *, hour: int = MORNING) -> None:
        """Move the business clock of all four services to a day in Jakarta; where it stands already, nothing."""
        if self.shown_on == date.fromisoformat(day):
            return
        wanted = date.fromisoformat(day)
        at = datetime(wanted.year, wanted.month, wanted.day, hour, tzinfo=JAKARTA)
        for service in SERVICES:
            await self.post(service, "/v1/clock", {"now": at.astimezone(UTC).isoformat()}, "operator-1")
        self.shown_on = wanted
        self.console.rule(f"[bold]{wanted:%A %d %B %Y}", align="left")

    def check(self, sentence: str, found: object, wanted: object = True) -> None:
        """An assertion of the scenario, printed either way."""
        if found == wanted:
            self.console.print(f"    [green]✓[/] {escape(sentence)}")
            return
        self.failed.append(sentence)
        self.console.print(
            f"    [bold red]✗ {escape(sentence)}[/]: wanted {escape(repr(wanted))}, found {escape(repr(found))}"
        )
