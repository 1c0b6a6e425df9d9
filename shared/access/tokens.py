"""Verify a bearer token and return its Actor, or refuse it with a sentence."""

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, NoReturn
from uuid import UUID

from joserfc import jws
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jwt import JWTClaimsRegistry

from shared.access.actor import NATIONAL, SYSTEM, Actor
from shared.access.claims import LEEWAY_SECONDS, MAX_LIFETIME_HOURS, MAX_LIST, MAX_TEXT, read_claims
from shared.access.json_web import Malformed, decode_object, decode_part
from shared.access.keys import KeySource
from shared.access.permissions import Role
from shared.errors import DomainError
from shared.remedies import CORRECT_REQUEST
from shared.settings import Settings

MAX_TOKEN = 8192
MAX_LIFETIME_SECONDS = MAX_LIFETIME_HOURS * 3600
CACHE_SECONDS = 60
# Of the services, only registry has rows of a ditjen. In the others the ministry acts in its areas.
SERVICE_OF_DITJEN = "registry"
CACHED_TOKENS = 4096
ALGORITHMS = ("ES256", "RS256", "PS256")
PARTIES = {"iss": "it comes from another issuer", "aud": "it was made for another service"}
# In the order of the checks. Only these claims go through JWTClaimsRegistry.
REGISTERED = (*PARTIES, "exp", "nbf", "iat")
HEADER = frozenset({"alg", "typ", "kid", "x5t"})
TYPES = frozenset({"at+jwt", "application/at+jwt"})
ROLES = {role.value: role for role in Role}
KID = re.compile(r"[A-Za-z0-9._=-]{1,128}")
AREA = re.compile(r"\d{2}(\.\d{2}(\.\d{2}(\.\d{4})?)?)?", re.ASCII)
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class TokenMissing(DomainError):
    """401: the request has no bearer token."""

    status = 401
    en = "Send a bearer token."
    id = "Sertakan bearer token."
    remedy = CORRECT_REQUEST


class InvalidToken(DomainError):
    """401: the bearer token is missing or not valid for this service."""

    status: ClassVar[int] = 401
    en = "Sign in again: {reason}."
    id = "Masuk kembali: token tidak dapat diterima."
    remedy = CORRECT_REQUEST

    def __init__(self, reason: str = "the token is missing") -> None:
        """Set what is wrong with the token, never what it contains."""
        super().__init__(reason=reason)


class TokenVerifier:
    """Verifies bearer tokens for one service. Create one per process, and close it.

    A verified token is accepted again without checking its signature for at most 60 seconds, and never past
    its expiry.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        """Read issuer, audience and the location of the keys from the settings."""
        self._parties = frozenset(settings.authorized_parties)
        self._reads_ditjen = settings.service == SERVICE_OF_DITJEN
        self._clock = clock
        self._registered = JWTClaimsRegistry(
            lambda: int(clock()),
            LEEWAY_SECONDS,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.audience},
            exp={"essential": True},
            iat={"essential": True},
        )
        self._cache: OrderedDict[bytes, tuple[float, Actor]] = OrderedDict()
        self.keys = KeySource(settings)

    async def verify(self, token: str) -> Actor:
        """Return the actor of a token.

        Raises:
            InvalidToken
            KeysUnavailable: no key of the issuer is known.
        """
        if len(token) > MAX_TOKEN:
            raise InvalidToken("it is too long")
        fingerprint = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        ends_at, actor = self._cache.get(fingerprint, (0.0, None))
        if actor is not None and self._clock() < ends_at:
            return actor
        try:
            claims = await self._signed_claims(token)
            actor = self._actor(claims)
        except Malformed as error:
            raise InvalidToken(str(error)) from None
        self._cache_actor(fingerprint, min(self._clock() + CACHE_SECONDS, claims["exp"]), actor)
        return actor

    async def aclose(self) -> None:
        """Close the source of the keys."""
        await self.keys.aclose()

    def _cache_actor(self, fingerprint: bytes, ends_at: float, actor: Actor) -> None:
        self._cache[fingerprint] = (ends_at, actor)
        while len(self._cache) > CACHED_TOKENS:
            self._cache.popitem(last=False)

    async def _signed_claims(self, token: str) -> dict[str, Any]:
        """Return the claims of a token whose signature is valid."""
        parts = token.split(".")
        if len(parts) != 3:  # header, claims, signature; five parts would be encrypted
            fail("it is not a signed token")
        header = decode_object(decode_part(parts[0]))
        kid = check_header(header)
        key = await self.keys.find(kid)
        if key is None or header["alg"] not in key.algorithms:
            fail("it is signed with a key that the issuer does not have")
        try:
            jws.deserialize_compact(token, key.key, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError) as error:
            msg = "its signature does not hold"
            raise Malformed(msg) from error
        claims = read_claims(decode_object(decode_part(parts[1])))
        check_type(header["typ"], claims.get("typ"))
        return claims

    def _actor(self, claims: dict[str, Any]) -> Actor:
        """Check issuer, audience, times and application, and return the actor."""
        self._check_registered(claims)
        # Not through JWTClaimsRegistry, which also accepts a list that contains the application.
        if self._parties and read_text(claims, "azp") not in self._parties:
            fail("it was given to another application")
        actor = read_actor(claims)
        return actor if self._reads_ditjen else replace(actor, ditjen=None)

    def _check_registered(self, claims: dict[str, Any]) -> None:
        """Check issuer, audience, times, and a lifetime of at most a day."""
        registered = {name: claims[name] for name in REGISTERED if name in claims}
        try:
            self._registered.validate(registered)
        except ClaimError as error:
            fail(reason_of(error, registered))
        if registered.get("nbf", 0) < 0:
            fail("its nbf is missing or is no time")
        # JWTClaimsRegistry does not limit the lifetime. Compared without subtraction, which may overflow a float.
        if not registered["iat"] < registered["exp"] <= registered["iat"] + MAX_LIFETIME_SECONDS:
            fail("it is valid for longer than a day")


def fail(reason: str) -> NoReturn:
    """Raise Malformed with the sentence."""
    raise Malformed(reason)


def check_header(header: dict[str, Any]) -> str:
    """Return the `kid`.

    Raises:
        Malformed: an algorithm or header parameter is not accepted.
    """
    if header.get("alg") not in ALGORITHMS:
        fail("its algorithm is not accepted")
    if not HEADER.issuperset(header):
        fail("its header asks for something that is not accepted")
    kid, typ = header.get("kid"), header.get("typ")
    if not isinstance(kid, str) or not KID.fullmatch(kid):
        fail("it does not name its key")
    if not isinstance(typ, str) or (typ.lower() not in TYPES and typ != "JWT"):
        fail("it is not an access token")
    return kid


def check_type(header_type: str, claim_type: object) -> None:
    """Refuse ID and refresh tokens.

    An access token says so in its header, or has the claim `typ` `Bearer`.
    """
    accepted_types = ("Bearer",) if header_type == "JWT" else ("Bearer", None)
    if claim_type not in accepted_types:
        fail("it is not an access token")


def reason_of(error: ClaimError, claims: dict[str, Any]) -> str:
    """Return the sentence of a refused claim."""
    name = next(name for name in REGISTERED if name in error.claim.split(","))
    if name in PARTIES:
        return PARTIES[name]
    if isinstance(error, ExpiredTokenError):
        return "it has expired"
    is_number = isinstance(claims.get(name), int | float) and not isinstance(claims[name], bool)
    return "it is not valid yet" if is_number else f"its {name} is missing or is no time"


def read_actor(claims: dict[str, Any]) -> Actor:
    """Return the actor of docs/architecture.md#permission-and-scope, without roles unknown to this release."""
    roles = frozenset(ROLES[name] for name in read_list(claims, "roles") if name in ROLES)
    actor = Actor(
        sub=read_subject(claims),
        roles=roles,
        areas=tuple(dict.fromkeys(check_area(code) for code in read_list(claims, "kode_wilayah"))),
        ditjen=read_text(claims, "ditjen"),
        pendamping_id=read_uuid(claims, "pendamping_id"),
        partner_id=read_uuid(claims, "partner_id"),
    )
    if Role.AUDITOR in roles:
        check_audit_end(claims)
    if Role.PENDAMPING in roles and actor.pendamping_id is None:
        fail("a pendamping's token must name its pendamping_id")
    if Role.PARTNER in roles and actor.partner_id is None:
        fail("a partner's token must name its partner_id")
    return actor


def check_audit_end(claims: dict[str, Any]) -> None:
    """Refuse an auditor's token that outlives the audit.

    `audit_ends_at` is when the audit ends, in seconds since 1970 like `exp`.
    """
    ends_at = claims.get("audit_ends_at")
    # Written so that a value that is no number of seconds, such as NaN, is refused too.
    if not isinstance(ends_at, int | float) or isinstance(ends_at, bool) or not ends_at >= claims["exp"]:
        fail("an auditor's token must end with the audit")


def read_subject(claims: dict[str, Any]) -> str:
    """Return the `sub`. The names of the workers are refused."""
    sub = read_text(claims, "sub")
    if not sub or sub.lower().startswith(SYSTEM):
        fail("its subject is missing or not a person's")
    return sub


def read_text(claims: dict[str, Any], name: str) -> str | None:
    """Return a printable text of at most 255 characters, or None if absent."""
    value = claims.get(name)
    if value is not None and not (
        isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()
    ):
        fail(f"its {name} cannot be read")
    return value


def read_list(claims: dict[str, Any], name: str) -> list[str]:
    """Return a list of texts, empty if absent.

    Raises:
        Malformed: it is anything else.
    """
    value = claims.get(name, [])
    if (
        not isinstance(value, list)
        or len(value) > MAX_LIST
        or not all(isinstance(item, str) for item in value)
    ):
        fail(f"its {name} is not a list of texts")
    return value


def check_area(code: str) -> str:
    """Return a dotted Kemendagri code, or "*" for the whole country."""
    if code != NATIONAL and not AREA.fullmatch(code):
        fail("its kode_wilayah is not an area code")
    return code


def read_uuid(claims: dict[str, Any], name: str) -> UUID | None:
    """Return a UUID in its canonical form, or None if absent."""
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not UUID_TEXT.fullmatch(value):
        fail(f"its {name} is not an id")
    return UUID(value)
