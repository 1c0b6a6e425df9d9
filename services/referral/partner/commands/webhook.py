"""Telling a partner outside: a signed POST to an address that is checked each time, and a reply that is never trusted.

The signature is HMAC-SHA256 over `timestamp.body` (interop.md 1.2). No redirect is followed, no proxy of the
environment is used, and the connection goes to the very address that was checked, so that a name which answers
differently the second time changes nothing.
"""

import asyncio
import hashlib
import hmac
import secrets
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import orjson

from services.referral.partner.commands.address import check_form, port_of, resolve
from services.referral.partner.errors import AddressRefused

CONNECT_SECONDS = 3.0
WHOLE_SECONDS = 10.0
LONGEST_WAIT = 3600
LARGEST_REPLY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One POST, ready to go. Its repr shows neither body nor secret."""

    url: str
    body: bytes
    secret: bytes
    notice_id: str
    key: str

    def __repr__(self) -> str:
        """Name the notice, nothing of its content."""
        return f"Call({self.notice_id})"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of it: a status, or the name of the fault. `content` is the reply where it was small JSON.

    `called` is False where nobody was called, since what was to be said could not be read here.
    """

    status: int | None
    fault: str | None
    milliseconds: int
    content: object = None
    called: bool = True

    @property
    def taken(self) -> bool:
        """Whether the partner says that it has it."""
        return self.status is not None and 200 <= self.status < 300


def sign(secret: bytes, timestamp: str, body: bytes) -> str:
    """Return the value of `Pilar-Signature`: "v1=" and the HMAC-SHA256 of `timestamp.body` in hexadecimal."""
    return "v1=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def backoff(attempt: int) -> timedelta:
    """Return the wait before a try: twice as long each time, at most an hour, half to one and a half of it."""
    if attempt == 0:
        return timedelta()
    jitter = 0.5 + secrets.randbelow(1001) / 1000
    return timedelta(seconds=min(LONGEST_WAIT, 2 ** min(attempt, 20)) * jitter)


async def reach(wanted: Call | Reply) -> Reply:
    """Tell the partner; where there is nothing that could be said, that is what came of it."""
    return wanted if isinstance(wanted, Reply) else await post(wanted)


async def post(call: Call) -> Reply:
    """Tell the partner, and return what came of it; a fault outside is a reply too, never an exception."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            status, content = await _post(call)
        fault = None
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        OSError,
        TimeoutError,
        ssl.SSLError,
        AddressRefused,
        ValueError,
    ) as error:
        status, content, fault = None, None, type(error).__name__
    return Reply(status, fault, int((time.perf_counter() - started) * 1000), content)


async def _post(call: Call) -> tuple[int, object]:
    parts = check_form(call.url)
    address = await resolve(parts)
    timestamp = str(int(datetime.now(UTC).timestamp()))
    headers = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "User-Agent": "Pilar",
        "Idempotency-Key": call.key,
        "Pilar-Id": call.notice_id,
        "Pilar-Timestamp": timestamp,
        "Pilar-Signature": sign(call.secret, timestamp, call.body),
    }
    url = httpx.URL(call.url).copy_with(host=address, port=port_of(parts))
    timeout = httpx.Timeout(WHOLE_SECONDS, connect=CONNECT_SECONDS)
    async with (
        httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False) as client,
        client.stream(
            "POST", url, content=call.body, headers=headers, extensions={"sni_hostname": parts.hostname}
        ) as response,
    ):
        return response.status_code, await _read(response)


async def _read(response: httpx.Response) -> object:
    """Read at most LARGEST_REPLY bytes; what is longer, or no JSON, is passed over."""
    content = bytearray()
    async for part in response.aiter_raw():
        content += part
        if len(content) > LARGEST_REPLY:
            return None
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
