"""A partner of the simulator's own: a small real HTTP server that checks what it is sent, and answers back.

It can be down (503), slow, silent, hold the next call, refuse with a reason code, answer twice, take a withdrawal,
and, with `pulls`, ask the inbox instead of listening. Tests and the demonstration use it alike, each with a `call_back`
of its own: the demonstration's goes over HTTP (`over_http`).
"""

import asyncio
import hashlib
import hmac
import json
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

OLDEST_SECONDS = 300
CallBack = Callable[[str, dict[str, Any], str], Awaitable[httpx.Response]]
Ask = Callable[[str], Awaitable[httpx.Response]]


@dataclass(slots=True)
class Received:
    """One POST as it came, and whether its signature was good."""

    headers: dict[str, str]
    body: dict[str, Any]
    signed: bool


@dataclass(slots=True)
class PartnerSimulator:
    """One partner. `secret` is what referral showed when the partner was registered."""

    secret: str = ""
    name: str = "SIM"
    call_back: CallBack | None = None
    pulls: bool = False
    down: bool = False
    slow_seconds: float = 0
    hold: asyncio.Event | None = None
    refuse_with: str | None = None
    reply_status: int = 202
    answers: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    answer_times: int = 1
    received: list[Received] = field(default_factory=list[Received])
    rujukan: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    withdrawn: set[str] = field(default_factory=set[str])
    notices: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    ask: Ask | None = None
    tries: int = 0
    port: int = 0
    _server: uvicorn.Server | None = None
    _serving: asyncio.Task[None] | None = None
    _talking: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    @property
    def url(self) -> str:
        """The webhook's address, on this machine."""
        return f"http://127.0.0.1:{self.port}/pilar/rujukan"

    async def __aenter__(self) -> Self:
        """Serve on a free port, or on the one served before."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        app = Starlette(routes=[Route("/pilar/rujukan", self._take, methods=["POST"])])
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", ws="none", timeout_keep_alive=30
        )
        self._server = uvicorn.Server(config)
        # Not `serve`, which takes over the process's signals.
        self._serving = asyncio.create_task(self._server._serve(sockets=[listening]))  # noqa: SLF001
        while not self._server.started:  # noqa: ASYNC110 (the server tells nobody when it listens)
            await asyncio.sleep(0.005)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish what is being said, and stop."""
        await self.finish_talking()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving

    async def finish_talking(self) -> None:
        """Wait until every answer that was begun has been given."""
        while self._talking:
            await asyncio.gather(*self._talking)

    def checks(self, headers: dict[str, str], body: bytes) -> bool:
        """Whether HMAC-SHA256 over `timestamp.body` is right and the timestamp fresh."""
        stamp = headers.get("pilar-timestamp", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > OLDEST_SECONDS:
            return False
        wanted = hmac.new(self.secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(f"v1={wanted}", headers.get("pilar-signature", ""))

    async def _take(self, request: Request) -> Response:
        self.tries += 1
        content = await request.body()
        held, self.hold = self.hold, None
        if held is not None:
            await held.wait()
        if self.slow_seconds:
            await asyncio.sleep(self.slow_seconds)
        if self.down:
            return JSONResponse({"error": "down for maintenance"}, 503)
        headers = dict(request.headers)
        signed = self.checks(headers, content)
        body = json.loads(content)
        self.received.append(Received(headers, body, signed))
        if not signed:
            return JSONResponse({"error": "bad signature"}, 401)
        return self._handle(body)

    def _handle(self, body: dict[str, Any]) -> Response:
        subject = body["rujukan_program_id"]
        if body["notice"] != "RUJUKAN":
            self.hear(body)
            return JSONResponse({"taken": subject})
        if self.refuse_with:
            return JSONResponse({"reason_code": self.refuse_with}, 422)
        first = subject not in self.rujukan
        self.rujukan[subject] = body
        if first and self.answers:
            talk = asyncio.create_task(self._talk(subject))
            self._talking.add(talk)
            talk.add_done_callback(self._talking.discard)
        return JSONResponse({"taken": subject}, self.reply_status)

    def hear(self, body: dict[str, Any]) -> None:
        """Take what names no person: a withdrawal and an end drop the rujukan, a reminder is kept; again is nothing."""
        if body not in self.notices:
            self.notices.append(body)
        if body["notice"] in {"DICABUT", "KEDALUWARSA"}:
            self.rujukan.pop(body["rujukan_program_id"], None)
        if body["notice"] == "DICABUT":
            self.withdrawn.add(body["rujukan_program_id"])

    async def pull(self, *, receipts: bool = True) -> list[dict[str, Any]]:
        """Ask the inbox for what is new, page by page, and say that it was taken; return the notices as they came."""
        if self.ask is None:
            msg = "the simulator was not told how to ask referral"
            raise RuntimeError(msg)
        path: str | None = "/v1/inbox?limit=50"
        found: list[dict[str, Any]] = []
        while path:
            page = await self.ask(path)
            page.raise_for_status()
            found += page.json()["items"]
            path = page.json()["next"]
        for item in found:
            self._keep(item["body"])
            if receipts:
                await self.receive(item)
        return found

    def _keep(self, body: dict[str, Any]) -> None:
        if body["notice"] == "RUJUKAN":
            self.rujukan[body["rujukan_program_id"]] = body
        else:
            self.hear(body)

    async def receive(self, item: dict[str, Any]) -> httpx.Response:
        """Give the receipt of one notice of the inbox."""
        path, notice = f"/v1/rujukan-program/{item['rujukan_program_id']}/receipt", item["notice_id"]
        return await self._say(path, {"notice_id": notice}, f"{self.name}:{notice}")

    async def _talk(self, subject: str) -> None:
        for number, answer in enumerate(self.answers, 1):
            for _ in range(self.answer_times):
                await self.answer(subject, answer_id=f"{self.name}-{number}", **answer)

    async def answer(
        self, subject: str, *, answer_id: str, key: str | None = None, **fields: Any
    ) -> httpx.Response:
        """Answer a rujukan; the key is the answer's own, so that saying it twice is saying it once."""
        body = {"answer_id": answer_id, **fields}
        return await self._say(
            f"/v1/rujukan-program/{subject}/answer", body, key or f"{self.name}:{subject}:{answer_id}"
        )

    async def deliver(
        self, subject: str, *, delivery_id: str, key: str | None = None, **fields: Any
    ) -> httpx.Response:
        """Say that the aid has reached the family."""
        body = {"delivery_id": delivery_id, **fields}
        return await self._say(
            f"/v1/rujukan-program/{subject}/delivery", body, key or f"{self.name}:{subject}:{delivery_id}"
        )

    async def _say(self, path: str, body: dict[str, Any], key: str) -> httpx.Response:
        if self.call_back is None:
            msg = "the simulator was not told how to reach referral"
            raise RuntimeError(msg)
        return await self.call_back(path, body, key)


def over_http(referral_url: str, token: Callable[[], str]) -> CallBack:
    """Return a call back to a running referral, with a fresh token each time."""

    async def call(path: str, body: dict[str, Any], key: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token()}", "Idempotency-Key": key}
        async with httpx.AsyncClient(base_url=referral_url, timeout=30, trust_env=False) as client:
            return await client.post(path, json=body, headers=headers)

    return call
