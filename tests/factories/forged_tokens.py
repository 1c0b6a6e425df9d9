"""Claims that are refused, and tokens that the issuer did not sign."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from joserfc import jwe, jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from deploy.local.issuer import DevelopmentIssuer
from shared.settings import DEVELOPMENT_ISSUER

NOW = 1_800_000_000
PERSON = "0198a0de-0000-7000-8000-000000000001"


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
