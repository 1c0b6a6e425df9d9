"""Forged access tokens, and those for other services, are refused."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwe, jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from deploy.local.issuer import DevelopmentIssuer
from shared.access import InvalidToken, KeysUnavailable, Role, TokenVerifier
from shared.access.permissions import PERMISSIONS, Permission
from shared.settings import DEVELOPMENT_ISSUER, Settings

NOW = 1_800_000_000
PERSON = "0198a0de-0000-7000-8000-000000000001"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path_factory.mktemp("issuer"), "development")


@pytest.fixture
def settings(issuer: DevelopmentIssuer) -> Settings:
    return Settings.load_for("caseload", mode="development", jwks_file=issuer.key_set_file)


@pytest.fixture
def verifier(settings: Settings) -> TokenVerifier:
    return TokenVerifier(settings, clock=lambda: NOW)


def build_claims(**changed: Any) -> dict[str, Any]:
    """Return the claims of a valid token with changes. None removes a claim."""
    good = {
        "iss": DEVELOPMENT_ISSUER,
        "aud": ["pilar-caseload"],
        "sub": "dinsos-kendal-1",
        "roles": ["DINSOS_KABKOTA"],
        "kode_wilayah": ["33.24"],
        "iat": NOW - 10,
        "exp": NOW + 290,
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def encode_parts(*parts: bytes | str) -> str:
    """Return the parts of a token in base64, joined by dots."""
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in raw)


def sign_texts(issuer: DevelopmentIssuer, head: str, body: str) -> str:
    """Return a correctly signed token of exactly these texts, as a careless library would."""
    key = issuer._key
    signing_input = encode_parts(head, body)
    algorithm = jws.JWSRegistry.algorithms["ES256"]
    return f"{signing_input}.{encode_parts(algorithm.sign(signing_input.encode(), key))}"


def build_header(issuer: DevelopmentIssuer, **changed: Any) -> str:
    good = {"alg": "ES256", "typ": "at+jwt", "kid": issuer._key.kid} | changed
    return json.dumps({name: value for name, value in good.items() if value is not None})


def sign_with(key: Any, algorithm: str, kid: str, **changed: Any) -> str:
    header = {"alg": algorithm, "typ": "at+jwt", "kid": kid}
    return jwt.encode(header, build_claims(**changed), key, algorithms=[algorithm], default_type=None)


def public_text(issuer: DevelopmentIssuer) -> bytes:
    return issuer._key.as_pem(private=False)


def confuse_keys(issuer: DevelopmentIssuer) -> str:
    body = encode_parts(build_header(issuer, alg="HS256"), json.dumps(build_claims()))
    return f"{body}.{encode_parts(hmac.new(public_text(issuer), body.encode(), hashlib.sha256).digest())}"


def build_unsigned(issuer: DevelopmentIssuer, alg: str) -> str:
    return f"{encode_parts(build_header(issuer, alg=alg), json.dumps(build_claims()))}."


def build_encrypted(issuer: DevelopmentIssuer) -> str:
    key = OctKey.generate_key(256)
    bomb = b"0" * 100_000
    return jwe.encrypt_compact(
        {"alg": "dir", "enc": "A256GCM", "zip": "DEF"}, bomb, key, algorithms=["dir", "A256GCM", "DEF"]
    )


def tamper(issuer: DevelopmentIssuer, part: int) -> str:
    parts = issuer.sign(build_claims()).split(".")
    other = "B" if parts[part][5] != "B" else "C"
    parts[part] = parts[part][:5] + other + parts[part][6:]
    return ".".join(parts)


def swap_bodies(issuer: DevelopmentIssuer) -> str:
    one, other = (
        issuer.sign(build_claims()).split("."),
        issuer.sign(build_claims(roles=["KEMENSOS"])).split("."),
    )
    return ".".join((one[0], other[1], one[2]))


Make = Callable[[DevelopmentIssuer], str]
WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "no exp": {"exp": None},
    "no iat": {"iat": None},
    "no iss": {"iss": None},
    "no aud": {"aud": None},
    "no sub": {"sub": None},
    "aud of the realm": {"aud": "account"},
    "aud of another service": {"aud": ["pilar-registry", "pilar-referral"]},
    "aud that only begins alike": {"aud": "pilar-caseload-test"},
    "aud as an object": {"aud": {"pilar-caseload": True}},
    "issuer of another realm": {"iss": DEVELOPMENT_ISSUER + "/other"},
    "issuer with a slash more": {"iss": DEVELOPMENT_ISSUER + "/"},
    "issuer as a list": {"iss": [DEVELOPMENT_ISSUER]},
    "expired 61 s ago": {"iat": NOW - 400, "exp": NOW - 61},
    "expired 31 s ago": {"iat": NOW - 400, "exp": NOW - 31},
    "not before the future": {"nbf": NOW + 3600},
    "issued in the future": {"iat": NOW + 3600, "exp": NOW + 7200},
    "exp as a text": {"exp": str(NOW + 290)},
    "exp as a boolean": {"exp": True},
    "exp longer than a float": {"exp": 10**400},
    "exp longer than a float, below zero": {"exp": -(10**400)},
    "iat longer than a float": {"iat": 10**400},
    "nbf longer than a float": {"nbf": 10**400},
    "nbf longer than a float, below zero": {"nbf": -(10**400)},
    "nbf as a text": {"nbf": "soon"},
    "a life of a year": {"exp": NOW + 365 * 86_400},
    "an end before its begin": {"iat": NOW + 20, "exp": NOW + 10},
    "ID token": {"typ": "ID"},
    "refresh token": {"typ": "Refresh"},
    "offline token": {"typ": "Offline"},
    "sub of a worker": {"sub": "system:caseload"},
    "sub with a NUL": {"sub": "a\x00b"},
    "sub too long": {"sub": "a" * 256},
    "sub as a number": {"sub": 7},
    "roles as a text": {"roles": "KEMENSOS"},
    "roles of objects": {"roles": [{"name": "KEMENSOS"}]},
    "areas as a text": {"kode_wilayah": "33.24"},
    "area undotted": {"kode_wilayah": ["3324"]},
    "area as a pattern": {"kode_wilayah": ["33.%"]},
    "area empty": {"kode_wilayah": [""]},
    "area with a newline": {"kode_wilayah": ["33.24\n"]},
    "a thousand areas": {"kode_wilayah": ["33.24"] * 1000},
    "pendamping without its id": {"roles": ["PENDAMPING"]},
    "partner without its id": {"roles": ["PARTNER"]},
    "pendamping_id that is none": {"pendamping_id": "1"},
    "partner_id in braces": {"partner_id": "{" + PERSON + "}"},
    "ditjen as a list": {"ditjen": ["LINJAMSOS"]},
}
FORGED_TOKENS: dict[str, Make] = {
    "empty": lambda _: "",
    "one part": lambda _: "abc",
    "two parts": lambda i: i.sign(build_claims()).rpartition(".")[0],
    "four parts": lambda i: i.sign(build_claims()) + ".abc",
    "with a blank": lambda i: i.sign(build_claims()) + " ",
    "padded": lambda i: i.sign(build_claims()) + "==",
    "alg none": lambda i: build_unsigned(i, "none"),
    "alg NONE": lambda i: build_unsigned(i, "NONE"),
    "no signature": lambda i: build_unsigned(i, "ES256"),
    "HS256 with the public key": confuse_keys,
    "encrypted bomb": build_encrypted,
    "ten megabytes": lambda i: i.sign(build_claims()) + "A" * 10_000_000,
    "lone surrogate": lambda i: i.sign(build_claims()) + "\ud800",
    "header tampered": lambda i: tamper(i, 0),
    "claims tampered": lambda i: tamper(i, 1),
    "signature tampered": lambda i: tamper(i, 2),
    "claims of another token": swap_bodies,
    "unknown crit": lambda i: sign_texts(i, build_header(i, crit=["exp"], exp=1), json.dumps(build_claims())),
    "b64 false": lambda i: sign_texts(
        i, build_header(i, b64=False, crit=["b64"]), json.dumps(build_claims())
    ),
    "jku": lambda i: sign_texts(
        i, build_header(i, jku="https://evil.example/jwks"), json.dumps(build_claims())
    ),
    "x5u": lambda i: sign_texts(i, build_header(i, x5u="https://evil.example/x"), json.dumps(build_claims())),
    "jwk": lambda i: sign_texts(
        i, build_header(i, jwk=i._key.as_dict(private=False)), json.dumps(build_claims())
    ),
    "kid a path": lambda i: sign_texts(
        i, build_header(i, kid="../../etc/passwd"), json.dumps(build_claims())
    ),
    "kid SQL": lambda i: sign_texts(i, build_header(i, kid="' OR 1=1 --"), json.dumps(build_claims())),
    "kid unknown": lambda i: sign_texts(i, build_header(i, kid="another"), json.dumps(build_claims())),
    "kid missing": lambda i: sign_texts(i, build_header(i, kid=None), json.dumps(build_claims())),
    "kid of a megabyte": lambda i: sign_texts(
        i, build_header(i, kid="k" * 1_000_000), json.dumps(build_claims())
    ),
    "kid a number": lambda i: sign_texts(i, build_header(i, kid=1), json.dumps(build_claims())),
    "typ missing": lambda i: sign_texts(i, build_header(i, typ=None), json.dumps(build_claims())),
    "typ of a logout": lambda i: sign_texts(i, build_header(i, typ="logout+jwt"), json.dumps(build_claims())),
    "JWT without typ claim": lambda i: i.sign(build_claims(), typ="JWT"),
    "JWT that is an ID token": lambda i: i.sign(build_claims(typ="ID"), typ="JWT"),
    "claim twice": lambda i: sign_texts(
        i, build_header(i), json.dumps(build_claims())[:-1] + ',"roles":["KEMENSOS"]}'
    ),
    "header twice": lambda i: sign_texts(
        i, build_header(i)[:-1] + ',"alg":"ES256"}', json.dumps(build_claims())
    ),
    "exp Infinity": lambda i: sign_texts(i, build_header(i), json.dumps(build_claims(exp=float("inf")))),
    "exp NaN": lambda i: sign_texts(i, build_header(i), json.dumps(build_claims(exp=float("nan")))),
    "claims a list": lambda i: sign_texts(i, build_header(i), "[1]"),
    "claims nested deep": lambda i: sign_texts(i, build_header(i), '{"a":' + "[" * 3000 + "]" * 3000 + "}"),
    "claims no JSON": lambda i: sign_texts(i, build_header(i), "hello"),
    "another's EC key under our kid": lambda i: sign_with(ECKey.generate_key("P-256"), "ES256", i._key.kid),
    "RSA key under our kid": lambda i: sign_with(RSAKey.generate_key(2048), "RS256", i._key.kid),
    "ES384": lambda i: sign_with(ECKey.generate_key("P-384"), "ES384", i._key.kid),
}


@pytest.mark.parametrize("changed", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS.keys())
async def test_refuses_claims(
    issuer: DevelopmentIssuer, verifier: TokenVerifier, changed: dict[str, Any]
) -> None:
    with pytest.raises(InvalidToken):
        await verifier.verify(issuer.sign(build_claims(**changed)))


@pytest.mark.parametrize("make", FORGED_TOKENS.values(), ids=FORGED_TOKENS.keys())
async def test_refuses_the_forged(issuer: DevelopmentIssuer, verifier: TokenVerifier, make: Make) -> None:
    token = make(issuer)
    with pytest.raises(InvalidToken) as refusal:
        await verifier.verify(token)
    assert refusal.value.status == 401
    assert "dinsos" not in str(refusal.value)


async def test_a_valid_token_gives_actor_and_areas(
    issuer: DevelopmentIssuer, verifier: TokenVerifier
) -> None:
    token = issuer.sign(
        build_claims(roles=["PENDAMPING", "default-roles-pilar"], pendamping_id=PERSON, ditjen="LINJAMSOS")
    )
    actor = await verifier.verify(token)
    assert (actor.sub, actor.roles, actor.areas) == ("dinsos-kendal-1", {Role.PENDAMPING}, ("33.24",))
    assert (actor.pendamping_id, actor.ditjen, actor.person) == (UUID(PERSON), "LINJAMSOS", PERSON)


async def test_a_token_of_keycloak_is_a_bearer_by_its_claim(
    issuer: DevelopmentIssuer, verifier: TokenVerifier
) -> None:
    assert (await verifier.verify(issuer.sign(build_claims(typ="Bearer", azp="field"), typ="JWT"))).sub


async def test_thirty_seconds_of_leeway(issuer: DevelopmentIssuer, verifier: TokenVerifier) -> None:
    await verifier.verify(issuer.sign(build_claims(iat=NOW - 100, exp=NOW - 29)))
    await verifier.verify(issuer.sign(build_claims(iat=NOW + 29, nbf=NOW + 29)))


async def test_only_the_applications_that_are_listed(issuer: DevelopmentIssuer, settings: Settings) -> None:
    verifier = TokenVerifier(settings.model_copy(update={"authorized_parties": ["field"]}), clock=lambda: NOW)
    await verifier.verify(issuer.sign(build_claims(azp="field")))
    for azp in ("other", None, ["field"], {"field": True}):
        with pytest.raises(InvalidToken):
            await verifier.verify(issuer.sign(build_claims(azp=azp)))


async def test_a_remembered_token_ends_with_its_time(issuer: DevelopmentIssuer, settings: Settings) -> None:
    time_ = [NOW]
    verifier = TokenVerifier(settings, clock=lambda: time_[0])
    token = issuer.sign(build_claims(exp=NOW + 20))
    await verifier.verify(token)
    time_[0] = NOW + 10
    await verifier.verify(token)
    time_[0] = NOW + 51
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # the weak key is the point
@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
async def test_rsa_keys_are_taken_from_2048_bits(algorithm: str, tmp_path: Path) -> None:
    strong, weak = RSAKey.generate_key(2048), RSAKey.generate_key(1024)
    listed = [key.as_dict(private=False, kid=kid) for key, kid in ((strong, "strong"), (weak, "weak"))]
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": listed}))
    verifier = TokenVerifier(
        Settings.load_for("caseload", mode="development", jwks_file=file), clock=lambda: NOW
    )
    assert (await verifier.verify(sign_with(strong, algorithm, "strong"))).sub
    with pytest.raises(InvalidToken):
        await verifier.verify(sign_with(weak, algorithm, "weak"))


async def test_a_secret_or_private_key_in_the_key_set_is_ignored(tmp_path: Path) -> None:
    file, leaked = tmp_path / "jwks.json", ECKey.generate_key("P-256")
    secret = OctKey.generate_key(256)
    listed = [secret.as_dict(kid="secret"), leaked.as_dict(private=True, kid="leaked")]
    listed += [{"kid": "odd", "kty": []}, {"kid": "odd too", "kty": "EC", "alg": []}]
    file.write_text(json.dumps({"keys": listed}))
    verifier = TokenVerifier(
        Settings.load_for("caseload", mode="development", jwks_file=file), clock=lambda: NOW
    )
    with pytest.raises(KeysUnavailable):
        await verifier.verify(sign_with(leaked, "ES256", "leaked"))


def test_every_permission_has_a_line_and_every_line_a_role() -> None:
    assert set(PERMISSIONS) == set(Permission)
    assert all(PERMISSIONS.values())


def test_no_role_holds_two_of_the_four_acts_on_one_case() -> None:
    acts = ("PROPOSE", "VERIFY", "MUSYAWARAH", "APPROVE", "DETERMINE")
    holders = [PERMISSIONS[Permission[f"GRADUASI_{act}"]] for act in acts]
    assert sum(map(len, holders)) == len(frozenset().union(*holders))


def test_the_operator_sees_no_family() -> None:
    operators = {name for name, roles in PERMISSIONS.items() if Role.OPERATOR in roles}
    assert {name.partition(".")[0] for name in operators} == {"job", "clock", "parked", "numbers", "breaker"}


async def test_verification_of_a_cached_token_is_fast(
    issuer: DevelopmentIssuer, verifier: TokenVerifier
) -> None:
    token = issuer.sign(build_claims())
    await verifier.verify(token)
    begun = time.process_time()
    for _ in range(200):
        await verifier.verify(token)
    assert (time.process_time() - begun) / 200 < 0.001
