"""Limits of a server on heads, waiting times and connections, on a real port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from shared.server import Limits, served
from tests.factories.raw_http import Connection, build_head, open_connection, wait_until
from tests.factories.repository import committed_files, name_of

MEGABYTE = 1024 * 1024
LARGEST_READ = 256 * 1024
SHORT = Limits(head_seconds=0.5, linger_seconds=0.5, write_seconds=0.5, connections=20)
PATIENT = Limits(connections=20)
ENDLESS = {
    "a header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ",
    "an address": b"GET /?",
    "a trailer": b"POST /body HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Long: ",
    "a chunk extension": b"POST /body HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1;x=",
}


class Application:
    """Answers at once, after the body, with a large text, or when allowed."""

    def __init__(self) -> None:
        self.release, self.waiting = asyncio.Event(), asyncio.Event()
        paths = {
            "/": self.answer_at_once,
            "/body": self.answer_body,
            "/large": self.answer_large,
            "/later": self.answer_later,
        }
        self.app = Starlette(
            routes=[Route(path, answer, methods=["GET", "POST"]) for path, answer in paths.items()]
        )

    async def answer_at_once(self, _: Request) -> Response:
        return PlainTextResponse("here")

    async def answer_body(self, request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    async def answer_large(self, _: Request) -> Response:
        return PlainTextResponse("x" * 20 * MEGABYTE)

    async def answer_later(self, _: Request) -> Response:
        self.waiting.set()
        await self.release.wait()
        return PlainTextResponse("later")


@asynccontextmanager
async def serve_application(limits: Limits) -> AsyncIterator[tuple[Application, int]]:
    made = Application()
    async with served(made.app, "127.0.0.1", 0, limits) as port:
        yield made, port


async def send_until_ended(connection: Connection, part: bytes, most: int) -> int:
    """Send the part repeatedly until the server ends the connection, and count the bytes."""
    ended = asyncio.create_task(connection.wait_for_end())
    sent = 0
    while not ended.done() and sent < most:
        connection.send(part)
        sent += len(part)
        with suppress(TimeoutError, ConnectionError):
            await asyncio.wait_for(connection.writer.drain(), 0.01)
        await asyncio.sleep(0)
    await ended
    return sent


@pytest.mark.parametrize("beginning", ENDLESS.values(), ids=ENDLESS.keys())
async def test_an_endless_head_is_refused_at_64_kib(beginning: bytes) -> None:
    async with serve_application(PATIENT) as (_, port), open_connection(port) as connection:
        connection.send(beginning)
        sent = 0
        answer = asyncio.create_task(connection.reader.read(12))
        while not answer.done() and sent < 20 * MEGABYTE:
            connection.send(b"x" * 16_384)
            sent += 16_384
            await asyncio.sleep(0.005)
        assert answer.done()
        assert sent <= 64 * 1024 + 2 * LARGEST_READ


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (build_head("GET", "/", {f"X-{n}": "1" for n in range(100)}), 431),
        (build_head("GET", "/", {f"X-{n}": "1" * 7_000 for n in range(10)}), 431),
        (build_head("GET", "/?" + "a" * 9_000), 414),
        (b"nonsense\r\n\r\n", 400),
        (build_head("GET", "/", {f"X-{n}": "1" for n in range(90)}), 200),
        (build_head("GET", "/", {f"X-{n}": "1" * 6_000 for n in range(10)}), 200),
        (build_head("GET", "/?" + "a" * 8_000), 200),
    ],
    ids=["many", "large", "long", "no HTTP", "not too many", "not too large", "not too long"],
)
async def test_a_head_has_limits(request_head: bytes, status: int) -> None:
    async with serve_application(PATIENT) as (_, port), open_connection(port) as connection:
        connection.send(request_head)
        answer = await connection.read_answer()
        assert answer.status == status
        if status != 200:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status


async def test_a_refusal_is_in_the_callers_language() -> None:
    async with serve_application(PATIENT) as (_, port), open_connection(port) as connection:
        connection.send(build_head("GET", "/", {"Accept-Language": "id", "X-Long": "x" * 70_000}))
        assert (await connection.read_answer()).json()["detail"] == (
            "Header permintaan terlalu besar. Kurangi atau pendekkan header."
        )


async def test_a_connection_that_sends_nothing_is_closed() -> None:
    async with serve_application(SHORT) as (_, port), open_connection(port) as connection:
        assert await connection.wait_for_end()


async def test_a_slow_head_is_408() -> None:
    async with serve_application(SHORT) as (_, port), open_connection(port) as connection:
        connection.send(b"GET / HTTP/1.1\r\nX-Slow: ")
        answer = asyncio.create_task(connection.read_answer())
        while not answer.done():
            connection.send(b"x")
            await asyncio.sleep(0.05)
        assert answer.result().status == 408
        assert await connection.wait_for_end()


async def test_blank_lines_keep_no_connection_open() -> None:
    async with serve_application(SHORT) as (_, port), open_connection(port) as connection:
        connection.send(build_head("GET", "/"))
        assert (await connection.read_answer()).status == 200
        began = monotonic()
        await send_until_ended(connection, b"\r\n", MEGABYTE)
        assert monotonic() - began < 10


async def test_a_body_that_nobody_reads_keeps_no_connection_open() -> None:
    async with serve_application(SHORT) as (_, port), open_connection(port) as connection:
        connection.send(build_head("POST", "/", {"Content-Length": str(20 * MEGABYTE)}))
        assert (await connection.read_answer()).status == 200
        began = monotonic()
        await send_until_ended(connection, b"x", MEGABYTE)
        assert monotonic() - began < 10


async def test_a_client_that_does_not_read_its_answer_is_cut_off() -> None:
    async with serve_application(SHORT) as (_, port), open_connection(port) as connection:
        # StreamReader stops at its own limit, and nobody reads from it.
        connection.send(build_head("GET", "/large"))
        await wait_until(lambda: connections(port) == 0)


def connections(port: int) -> int:
    """Return how many connections the kernel reports for this port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


async def test_an_answer_may_take_longer_than_a_head() -> None:
    async with serve_application(SHORT) as (made, port), open_connection(port) as connection:
        connection.send(build_head("GET", "/later"))
        asyncio.get_running_loop().call_later(1.5, made.release.set)
        assert (await connection.read_answer()).body == b"later"
        connection.send(build_head("GET", "/"))
        assert (await connection.read_answer()).body == b"here"


async def test_a_slow_body_is_limited_by_the_application() -> None:
    async with serve_application(SHORT) as (_, port), open_connection(port) as connection:
        connection.send(build_head("POST", "/body", {"Content-Length": "20"}))
        for _ in range(20):
            connection.send(b"x")
            await asyncio.sleep(0.08)
        assert (await connection.read_answer()).body == b"20"


async def test_many_half_open_connections_do_not_block_others() -> None:
    async with serve_application(PATIENT) as (made, port), AsyncExitStack() as stack:
        served_ = await stack.enter_async_context(open_connection(port))
        served_.send(build_head("GET", "/later"))
        await made.waiting.wait()
        half_open = []
        for _ in range(100):
            half_open.append(await stack.enter_async_context(open_connection(port)))
            half_open[-1].send(b"GET / HTTP/1.1\r\n")
        honest = await stack.enter_async_context(open_connection(port))
        honest.send(build_head("GET", "/"))
        assert (await honest.read_answer()).status == 200
        await wait_until(lambda: connections(port) <= PATIENT.connections)
        made.release.set()
        assert (await served_.read_answer()).body == b"later", "a request that is answered is never evicted"


async def test_web_sockets_are_not_opened() -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    async with serve_application(PATIENT) as (_, port), open_connection(port) as connection:
        connection.send(build_head("GET", "/", upgrade))
        assert (await connection.read_answer()).status == 200


def test_every_server_of_the_project_has_these_limits() -> None:
    made: dict[str, Any] = {
        name_of(file): file.read_text("utf-8")
        for file in committed_files(".py")
        if not name_of(file).startswith("tests/")
    }
    own = [name for name, text in made.items() if "uvicorn.run(" in text or "uvicorn.Config(" in text]
    # The bench's floor measures the server as it comes; the simulator is a partner's server, on loopback alone.
    simulated = ["deploy/bench/floor/api.py", "deploy/demo/partner_simulator.py"]
    assert sorted(own) == [*simulated, "shared/server.py"]
    assert [name for name, text in made.items() if "start_http_server" in text or "HTTPServer(" in text] == []
