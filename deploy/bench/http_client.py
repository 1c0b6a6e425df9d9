"""A minimal HTTP client, so that a figure measures the server and not the client."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import Any

from deploy.loopback import LOOPBACK

# Less than the server's keep-alive timeout.
KEEP_ALIVE_SECONDS = 10
HEAD_END = b"\r\n\r\n"


class Refused(Exception):
    """An answer with an error status, which a figure must not count."""


class HttpClient:
    """A client of one API process, with one connection and one request at a time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used_at = 0.0

    def clone(self) -> HttpClient:
        """Return a client of the same process with its own connection."""
        return HttpClient(self.port)

    async def get(self, path: str, token: str = "") -> bytes:
        return await self._exchange(self._head("GET", path, token), b"")

    async def post(self, path: str, body: Any, token: str = "") -> Any:
        """Send JSON with a new Idempotency-Key and return the decoded answer."""
        content = json.dumps(body).encode()
        head = self._head("POST", path, token) + (
            f"Content-Type: application/json\r\nIdempotency-Key: {secrets.token_hex(8)}\r\n"
            f"Content-Length: {len(content)}\r\n"
        )
        return json.loads(await self._exchange(head, content))

    async def put_file(self, content: bytes, token: str) -> str:
        """Upload a file and return its SHA-256."""
        head = self._head("POST", "/v1/files", token) + (
            f"Content-Type: application/octet-stream\r\nContent-Length: {len(content)}\r\n"
        )
        return json.loads(await self._exchange(head, content))["sha256"]

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    def _head(self, method: str, path: str, token: str) -> str:
        bearer = f"Authorization: Bearer {token}\r\nX-Purpose: VERIFIKASI\r\n" if token else ""
        return f"{method} {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\n{bearer}"

    async def _exchange(self, head: str, content: bytes) -> bytes:
        if time.monotonic() - self._used_at > KEEP_ALIVE_SECONDS:
            await self.close()
        self._used_at = time.monotonic()
        if self._streams is None:
            self._streams = await asyncio.open_connection(LOOPBACK, self.port)
        reader, writer = self._streams
        writer.write(head.encode() + b"\r\n" + content)
        answer = await reader.readuntil(HEAD_END)
        body = await reader.readexactly(length_of(answer))
        status = int(answer[9:12])
        if status >= 300:
            message = f"{head.partition(' HTTP')[0]}: {status} {body[:500].decode('utf-8', 'replace')}"
            raise Refused(message)
        return body


def length_of(head: bytes) -> int:
    """Return the Content-Length of an answer's head."""
    lowered = head.lower()
    at = lowered.index(b"content-length:") + len(b"content-length:")
    return int(lowered[at : lowered.index(b"\r\n", at)])
