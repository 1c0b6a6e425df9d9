"""A simulated partner: an HTTP server that verifies and stores notices, and answers.

It can be down (503), slow or silent, block the next call, refuse with a reason code, answer twice, accept a withdrawal,
and, with `pulls`, poll the inbox instead of receiving calls. `call_back` sends its answers: `over_http` in the
demonstration.
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
    """A received POST, and whether its signature was valid."""

    headers: dict[str, str]
    content: bytes
    body: dict[str, Any]
    signed: bool


@dataclass(slots=True)
class PartnerSimulator:
    """One partner. `secret` is the webhook secret of its registration."""

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
    _answer_tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    @property
    def url(self) -> str:
        """The webhook's address on this machine."""
        return f"http://127.0.0.1:{self.port}/pilar/rujukan"

    async def __aenter__(self) -> Self:
        """Serve on a free port, or on the same port as before."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        app = Starlette(routes=[Route("/pilar/rujukan", self._receive_post, methods=["POST"])])
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", ws="none", timeout_keep_alive=30
        )
        self._server = uvicorn.Server(config)
        # Not `serve`, which takes over the process's signals.
        self._serving = asyncio.create_task(self._server._serve(sockets=[listening]))  # noqa: SLF001
        while not self._server.started:  # noqa: ASYNC110 (the server has no event for it)
            await asyncio.sleep(0.005)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send the pending answers and stop."""
        await self.finish_answers()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving

    async def finish_answers(self) -> None:
        """Wait until all pending answers are sent."""
        while self._answer_tasks:
            await asyncio.gather(*self._answer_tasks)

    def is_signed(self, headers: dict[str, str], body: bytes) -> bool:
        """Return whether the HMAC-SHA256 over `timestamp.body` is valid and the timestamp recent."""
        stamp = headers.get("pilar-timestamp", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > OLDEST_SECONDS:
            return False
        expected = hmac.new(self.secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        signatures = headers.get("pilar-signature", "").split(",")
        return any(hmac.compare_digest(f"v1={expected}", one) for one in signatures)

    async def _receive_post(self, request: Request) -> Response:
        self.tries += 1
        content = await request.body()
        block, self.hold = self.hold, None
        if block is not None:
            await block.wait()
        if self.slow_seconds:
            await asyncio.sleep(self.slow_seconds)
        if self.down:
            return JSONResponse({"error": "down for maintenance"}, 503)
        headers = dict(request.headers)
        signed = self.is_signed(headers, content)
        body = json.loads(content)
        self.received.append(Received(headers, content, body, signed))
        if not signed:
            return JSONResponse({"error": "bad signature"}, 401)
        return self._handle_notice(body)

    def _handle_notice(self, body: dict[str, Any]) -> Response:
        subject = body["rujukan_program_id"]
        if body["notice"] != "RUJUKAN":
            self.store_notice(body)
            return JSONResponse({"taken": subject})
        if self.refuse_with:
            return JSONResponse({"reason_code": self.refuse_with}, 422)
        first = subject not in self.rujukan
        self.rujukan[subject] = body
        if first and self.answers:
            task = asyncio.create_task(self._send_answers(subject))
            self._answer_tasks.add(task)
            task.add_done_callback(self._answer_tasks.discard)
        return JSONResponse({"taken": subject}, self.reply_status)

    def store_notice(self, body: dict[str, Any]) -> None:
        """Store a notice that names no person. A repeated notice has no effect.

        A withdrawal or an expiry deletes the rujukan.
        """
        if body not in self.notices:
            self.notices.append(body)
        if body["notice"] in {"DICABUT", "KEDALUWARSA"}:
            self.rujukan.pop(body["rujukan_program_id"], None)
        if body["notice"] == "DICABUT":
            self.withdrawn.add(body["rujukan_program_id"])

    async def pull(self, *, receipts: bool = True) -> list[dict[str, Any]]:
        """Read the inbox page by page, send receipts, and return the notices."""
        if self.ask is None:
            message = "the simulator has no `ask` function for the inbox"
            raise RuntimeError(message)
        path: str | None = "/v1/inbox?limit=50"
        items: list[dict[str, Any]] = []
        while path:
            page = await self.ask(path)
            page.raise_for_status()
            items += page.json()["items"]
            path = page.json()["next"]
        for item in items:
            self._store(item["body"])
            if receipts:
                await self.receive(item)
        return items

    def _store(self, body: dict[str, Any]) -> None:
        if body["notice"] == "RUJUKAN":
            self.rujukan[body["rujukan_program_id"]] = body
        else:
            self.store_notice(body)

    async def receive(self, item: dict[str, Any]) -> httpx.Response:
        """Send the receipt of one notice of the inbox."""
        path, notice = f"/v1/rujukan-program/{item['rujukan_program_id']}/receipt", item["notice_id"]
        return await self._post(path, {"notice_id": notice}, f"{self.name}:{notice}")

    async def _send_answers(self, subject: str) -> None:
        for number, answer in enumerate(self.answers, 1):
            for _ in range(self.answer_times):
                await self.answer(subject, answer_id=f"{self.name}-{number}", **answer)

    async def answer(
        self, subject: str, *, answer_id: str, key: str | None = None, **fields: Any
    ) -> httpx.Response:
        """Answer a rujukan. The idempotency key is derived from the answer's id."""
        body = {"answer_id": answer_id, **fields}
        return await self._post(
            f"/v1/rujukan-program/{subject}/answer", body, key or f"{self.name}:{subject}:{answer_id}"
        )

    async def deliver(
        self, subject: str, *, delivery_id: str, key: str | None = None, **fields: Any
    ) -> httpx.Response:
        """Report that the aid was delivered."""
        body = {"delivery_id": delivery_id, **fields}
        return await self._post(
            f"/v1/rujukan-program/{subject}/delivery", body, key or f"{self.name}:{subject}:{delivery_id}"
        )

    async def _post(self, path: str, body: dict[str, Any], key: str) -> httpx.Response:
        if self.call_back is None:
            message = "the simulator has no `call_back` function for its answers"
            raise RuntimeError(message)
        return await self.call_back(path, body, key)


def over_http(referral_url: str, token: Callable[[], str]) -> CallBack:
    """Return a `call_back` that posts to referral with a new token each time."""

    async def call(path: str, body: dict[str, Any], key: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token()}", "Idempotency-Key": key}
        async with httpx.AsyncClient(base_url=referral_url, timeout=30, trust_env=False) as client:
            return await client.post(path, json=body, headers=headers)

    return call
