"""The issuer's public keys, cached for the time that the issuer is unavailable."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from shared.access.json_web import Malformed, decode_object
from shared.errors import DomainError
from shared.remedies import WAIT
from shared.setting_faults import is_loopback
from shared.settings import Settings

FRESH_SECONDS = 600
STALE_SECONDS = 24 * 3600
PAUSE_SECONDS = 30
MAX_BYTES = 262_144
MAX_KEYS = 64
MIN_RSA_BITS = 2048
FETCH_SECONDS = 5
ALGORITHMS = {"EC": frozenset({"ES256"}), "RSA": frozenset({"RS256", "PS256"})}

log = logging.getLogger(__name__)


class KeysUnavailable(DomainError):
    """503: no keys are known, or all are a day old."""

    status: ClassVar[int] = 503
    en = "Sign-in cannot be checked at the moment. Try again shortly."
    id = "Masuk tidak dapat diperiksa saat ini. Coba lagi sebentar."
    remedy = WAIT
    retry_after = 5


class VerifyingKey:
    """A public key and the algorithms that may be used with it."""

    __slots__ = ("algorithms", "key")

    def __init__(self, raw: dict[str, Any]) -> None:
        """Read a JWK.

        Raises:
            Malformed: it is not a signing key of an accepted type.
        """
        algorithms = ALGORITHMS.get(raw.get("kty", ""))
        if algorithms is None or raw.get("use", "sig") != "sig" or "d" in raw:
            msg = "not a public signing key"
            raise Malformed(msg)
        self.key = import_key(raw)
        declared = raw.get("alg")
        self.algorithms = algorithms if declared is None else algorithms & {declared}


def import_key(raw: dict[str, Any]) -> ECKey | RSAKey:
    """Return the key.

    Raises:
        Malformed: another curve than P-256, or an RSA modulus below 2048 bits.
    """
    try:
        if raw["kty"] == "RSA":
            key = RSAKey.import_key({name: raw[name] for name in ("kty", "n", "e")})
            strong = key.raw_value.key_size >= MIN_RSA_BITS
        else:
            key = ECKey.import_key({name: raw[name] for name in ("kty", "crv", "x", "y")})
            strong = raw["crv"] == "P-256"
    except (JoseError, KeyError, ValueError, TypeError) as error:
        msg = "a key that cannot be read"
        raise Malformed(msg) from error
    if not strong:
        msg = "a key that is too weak"
        raise Malformed(msg)
    return key


def read_key_set(raw: bytes) -> dict[str, VerifyingKey]:
    """Return the usable keys by `kid`.

    Raises:
        Malformed: there is none.
    """
    listed = decode_object(raw).get("keys")
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        msg = "not a key set"
        raise Malformed(msg)
    keys: dict[str, VerifyingKey] = {}
    for item in listed:
        if isinstance(item, dict) and isinstance(item.get("kid"), str):
            try:
                keys[item["kid"]] = VerifyingKey(item)
            except (Malformed, TypeError):
                log.warning("a key of the issuer is not usable")
    if not keys:
        msg = "a key set without a usable key"
        raise Malformed(msg)
    return keys


class KeySource:
    """The key set from a file or an address.

    Keys are refreshed after 10 minutes, and used for up to 24 hours while refreshing fails. An unknown `kid`
    causes at most one refresh in 30 seconds.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Set where the keys are. They are read with the first token."""
        self._file, self._url, self._clock = settings.jwks_file, settings.jwks_url, clock
        self._keys: dict[str, VerifyingKey] = {}
        self._read_at = self._tried_at = float("-inf")
        self._lock = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> VerifyingKey | None:
        """Return the key, or None if the issuer does not have it.

        Raises:
            KeysUnavailable
        """
        age = self._clock() - self._read_at
        if not self._keys or age > STALE_SECONDS:
            await self._refresh(pause=1)
            if not self._keys or self._clock() - self._read_at > STALE_SECONDS:
                raise KeysUnavailable
        elif age > FRESH_SECONDS:
            self._refresh_in_background()
        if kid not in self._keys:
            await self._refresh(pause=PAUSE_SECONDS)
        return self._keys.get(kid)

    async def aclose(self) -> None:
        """Cancel a running refresh."""
        task, self._refreshing = self._refreshing, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _refresh_in_background(self) -> None:
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh(pause=PAUSE_SECONDS))

    async def _refresh(self, pause: float) -> None:
        """Read the keys once, unless the last try is less than `pause` seconds ago."""
        async with self._lock:
            if self._clock() - self._tried_at < pause:
                return
            self._tried_at = self._clock()
            try:
                self._keys = read_key_set(await self._read())
            except (OSError, httpx.HTTPError, Malformed) as error:
                log.warning("the issuer's keys could not be read: %s", type(error).__name__)
            else:
                self._read_at = self._clock()

    async def _read(self) -> bytes:
        if self._file is not None:
            return await asyncio.to_thread(read_file, self._file)
        if self._url is None:
            msg = "no key set is configured"
            raise Malformed(msg)
        async with asyncio.timeout(FETCH_SECONDS):
            return await fetch(self._url)


def read_file(path: Path) -> bytes:
    """Return the file, at most one byte more than the limit, which then fails."""
    with path.open("rb") as stream:
        return refuse_long(stream.read(MAX_BYTES + 1))


async def fetch(url: str) -> bytes:
    """Return at most 256 KiB from the address, without following a redirect."""
    client = httpx.AsyncClient(follow_redirects=False, timeout=FETCH_SECONDS, trust_env=not is_loopback(url))
    body = bytearray()
    async with client, client.stream("GET", url) as response:
        if response.status_code != httpx.codes.OK:
            msg = "the issuer did not answer with keys"
            raise Malformed(msg)
        async for part in response.aiter_bytes():
            body += part
            refuse_long(bytes(body[: MAX_BYTES + 1]))
    return bytes(body)


def refuse_long(body: bytes) -> bytes:
    """Return the body.

    Raises:
        Malformed: it is longer than a key set can be.
    """
    if len(body) > MAX_BYTES:
        msg = "a key set that is too long"
        raise Malformed(msg)
    return body
