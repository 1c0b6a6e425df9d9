"""A client that sends any bytes, for requests that no HTTP library sends."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's value."""
        return orjson.loads(self.body)


@dataclass(slots=True)
class Connection:
    """One connection to a server on this machine."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, content: bytes) -> None:
        """Send bytes unchanged."""
        self.writer.write(content)

    async def read_answer(self) -> Answer:
        """Return the next answer."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            status = int((await self.reader.readline()).split()[1])
            headers: dict[str, str] = {}
            while line := (await self.reader.readline()).strip():
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
            return Answer(status, headers, body)

    async def wait_for_end(self) -> bool:
        """Wait until the server has closed the connection, and drop what it still sends."""
        with suppress(ConnectionError):
            async with asyncio.timeout(TIMEOUT_SECONDS):
                while await self.reader.read(65_536):
                    pass
        return True


@asynccontextmanager
async def open_connection(port: int) -> AsyncIterator[Connection]:
    """Connect, and disconnect at the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that has no event."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def build_head(method: str, path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """Return a complete request head."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode()
