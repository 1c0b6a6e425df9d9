"""Send a signed POST to a partner, and read its reply without trusting it.

The signature is HMAC-SHA256 over `timestamp.body` (docs/api-partner.md#signature). Redirects are not followed and no proxy
of the environment is used. The connection goes to the IP address that was checked, so a name that resolves
differently the second time has no effect.
"""

import asyncio
import hashlib
import hmac
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import httpx
import orjson

from services.referral.partner.commands.address import Allowed, check_form, port_of, resolve, trust
from services.referral.partner.errors import AddressRefused

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
LONGEST_WAIT = 3600
LARGEST_REPLY = 64 * 1024
# The event of httpcore before it writes the first byte of a request. Without it nothing can have reached the partner.
FIRST_BYTE = "http11.send_request_headers.started"
Trace: TypeAlias = Callable[[str, object], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Call:
    """One POST, ready to send. Its repr shows neither body nor secret."""

    url: str
    body: bytes
    secrets: tuple[bytes, ...]
    notice_id: str
    key: str
    attempt_id: UUID

    def __repr__(self) -> str:
        return f"Call({self.notice_id})"


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a call: a status, or the name of the fault.

    `content` is the reply if it was JSON of at most LARGEST_REPLY bytes. `called` is False if no call was
    made, because the content could not be read here. `left` is False if no byte of it can have reached the partner.
    """

    status: int | None
    fault: str | None
    milliseconds: int
    content: object = None
    called: bool = True
    left: bool = True
    attempt_id: UUID | None = None

    @property
    def accepted(self) -> bool:
        """Whether the partner accepted the notice."""
        return self.status is not None and 200 <= self.status < 300


def sign(keys: Sequence[bytes], timestamp: str, body: bytes) -> str:
    """Return `Pilar-Signature`: for each key "v1=" and the hexadecimal HMAC-SHA256 of `timestamp.body`."""
    text = timestamp.encode() + b"." + body
    return ",".join(f"v1={hmac.new(key, text, hashlib.sha256).hexdigest()}" for key in keys)


def backoff(attempt: int) -> timedelta:
    """Return the wait before an attempt.

    It doubles each time up to an hour, with 50 % jitter.
    """
    if attempt == 0:
        return timedelta()
    jitter = 0.5 + secrets.randbelow(1001) / 1000
    return timedelta(seconds=min(LONGEST_WAIT, 2 ** min(attempt, 20)) * jitter)


async def call_partner(call: Call | Reply) -> Reply:
    """Call the partner.

    A Reply instead of a Call is returned as it is: no call could be made.
    """
    return call if isinstance(call, Reply) else await post(call)


async def post(call: Call) -> Reply:
    """Send the call and return the result.

    A fault is a Reply too, never an exception.
    """
    started, events = time.perf_counter(), set[str]()

    async def trace(event: str, _: object) -> None:  # httpcore awaits it
        events.add(event)

    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            status, content = await _post(call, trace)
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
        status, content, fault = None, None, _name_fault(error)
    milliseconds = int((time.perf_counter() - started) * 1000)
    left = FIRST_BYTE in events
    return Reply(status, fault, milliseconds, content, left=left, attempt_id=call.attempt_id)


def _name_fault(error: BaseException) -> str:
    """Return the class of a fault.

    The client wraps the fault of a TLS handshake, which is the one that helps.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return type(cause or error).__name__


async def _post(call: Call, trace: Trace) -> tuple[int, object]:
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
        "Pilar-Signature": sign(call.secrets, timestamp, call.body),
    }
    url = httpx.URL(call.url).copy_with(host=address, port=port_of(parts))
    timeout = httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS)
    async with (
        httpx.AsyncClient(
            verify=trust(Allowed.ca_file), timeout=timeout, follow_redirects=False, trust_env=False
        ) as client,
        client.stream(
            "POST",
            url,
            content=call.body,
            headers=headers,
            extensions={"sni_hostname": parts.hostname, "trace": trace},
        ) as response,
    ):
        return response.status_code, await _read(response)


async def _read(response: httpx.Response) -> object:
    """Return the JSON of a reply.

    Return None if it is longer than LARGEST_REPLY bytes, or no JSON.
    """
    content = bytearray()
    async for part in response.aiter_raw():
        content += part
        if len(content) > LARGEST_REPLY:
            return None
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
