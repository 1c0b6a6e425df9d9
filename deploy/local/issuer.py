"""Signs tokens for named demonstration roles on one machine; it refuses to exist in production.

`python -m deploy.local.issuer kemensos-1` prints one; `--list` names the rest.
"""

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import ECKey

from deploy.folder import write_private
from deploy.services import SERVICES
from shared.access import Role
from shared.settings import DEVELOPMENT_ISSUER

AUDIENCES = tuple(f"pilar-{service}" for service in SERVICES)
EIGHT_HOURS = 8 * 3600
KEY_NAME, KEY_SET_NAME = "issuer-key.json", "jwks.json"


class NotInProduction(RuntimeError):
    """A development issuer was asked for where real families are."""


@dataclass(frozen=True, slots=True)
class DemoRole:
    """A named account of the demonstration."""

    role: Role
    areas: tuple[str, ...]


DEMO_ROLES = {
    "kemensos-1": DemoRole(Role.KEMENSOS, ("*",)),
    "kemensos-2": DemoRole(Role.KEMENSOS, ("*",)),
    "dinsos-kendal-1": DemoRole(Role.DINSOS_KABKOTA, ("33.24",)),
    "dinsos-kendal-2": DemoRole(Role.DINSOS_KABKOTA, ("33.24",)),
    "ketua-tim-kendal-1": DemoRole(Role.KETUA_TIM_KABKOTA, ("33.24",)),
    "operator-desa-1": DemoRole(Role.OPERATOR_DESA, ("33.24.09.2011",)),
    "operator-desa-2": DemoRole(Role.OPERATOR_DESA, ("33.24.15.1001", "33.24.15.1002", "33.24.15.1003")),
    "pendamping-1": DemoRole(Role.PENDAMPING, ("33.24",)),
    "pendamping-2": DemoRole(Role.PENDAMPING, ("33.24",)),
    "pendamping-3": DemoRole(Role.PENDAMPING, ("33.24",)),
    "pendamping-4": DemoRole(Role.PENDAMPING, ("33.24",)),
    "partner-1": DemoRole(Role.PARTNER, ("*",)),
    "operator-1": DemoRole(Role.OPERATOR, ("*",)),
}

# Accounts that say nothing until registry or referral has given them an id.
NEEDS_ID = frozenset({"pendamping-1", "pendamping-2", "pendamping-3", "pendamping-4", "partner-1"})


class DevelopmentIssuer:
    """An ES256 key of its own in a folder (mode 0600), its `jwks.json` beside it, and tokens signed with it."""

    def __init__(self, folder: Path, mode: Literal["development", "production"]) -> None:
        """Make the key on the first use; raise NotInProduction outside development."""
        if mode != "development" or os.environ.get("PILAR_MODE") == "production":
            msg = "the development issuer does not exist in production"
            raise NotInProduction(msg)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.key_set_file = folder / KEY_SET_NAME
        self._key = read_or_make_key(folder / KEY_NAME)
        public = self._key.as_dict(private=False) | {"use": "sig", "alg": "ES256"}
        write_private(self.key_set_file, json.dumps({"keys": [public]}))

    def token(  # each is one claim
        self,
        role: Role | str | Collection[Role],
        sub: str,
        areas: Sequence[str] = (),
        *,
        pendamping_id: UUID | str | None = None,
        partner_id: UUID | str | None = None,
        ditjen: str | None = None,
        ttl: int = EIGHT_HOURS,
        audience: Sequence[str] = AUDIENCES,
    ) -> str:
        """Return a signed access token that lives `ttl` seconds."""
        roles = [str(Role(one)) for one in ([role] if isinstance(role, str) else role)]
        ids = {"pendamping_id": pendamping_id, "partner_id": partner_id, "ditjen": ditjen}
        claims: dict[str, Any] = {"sub": sub, "roles": roles, "kode_wilayah": list(areas)}
        claims |= {name: str(value) for name, value in ids.items() if value is not None}
        now = int(time.time())
        claims |= {"iss": DEVELOPMENT_ISSUER, "aud": list(audience), "iat": now, "exp": now + ttl}
        return self.sign(claims | {"jti": secrets.token_hex(8)})

    def demo_token(self, name: str, **claims: Any) -> str:
        """Return a token of a named account; a pendamping or partner also needs its id."""
        known = DEMO_ROLES[name]
        return self.token(known.role, name, known.areas, **claims)

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """Return exactly these claims, signed; for tests of what is refused."""
        head = {"alg": "ES256", "typ": "at+jwt", "kid": self._key.kid} | header
        return jwt.encode(head, claims, self._key, algorithms=[head["alg"]], default_type=None)


def read_or_make_key(path: Path) -> ECKey:
    """Return the key in the file, making one that only this user can read."""
    if not path.exists():
        key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(8)})
        write_private(path, json.dumps(key.as_dict(private=True)))
    return ECKey.import_key(json.loads(path.read_text("utf-8")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one token."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.issuer", description="Print a development token."
    )
    parser.add_argument(
        "name", nargs="?", metavar="ROLE", help="a demo account, or a role with --sub and --area"
    )
    parser.add_argument("--list", action="store_true", help="name the demo accounts")
    parser.add_argument(
        "--folder", type=Path, default=Path(os.environ.get("PILAR_ISSUER_FOLDER", ".pilar/issuer"))
    )
    parser.add_argument("--sub")
    parser.add_argument("--area", action="append", default=[])
    parser.add_argument("--pendamping-id", type=UUID)
    parser.add_argument("--partner-id", type=UUID)
    parser.add_argument("--ttl", type=int, default=EIGHT_HOURS, help="seconds")
    told = parser.parse_args(arguments)
    if told.list or not told.name:
        for name, known in DEMO_ROLES.items():
            sys.stdout.write(f"{name}\t{known.role}\t{','.join(known.areas)}\n")
        return 0
    sys.stdout.write(print_token(told, parser) + "\n")
    return 0


def people_of(folder: Path) -> dict[str, dict[str, str]]:
    """Return the ids that the demonstration's accounts were given, from beside the issuer's folder."""
    try:
        return json.loads((folder.parent / "people.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}


def print_token(told: argparse.Namespace, parser: argparse.ArgumentParser) -> str:
    """Return the token that the command line asks for."""
    known = DEMO_ROLES.get(told.name)
    if known is None and told.name not in set(Role):
        parser.error(f"{told.name} is neither a demo account nor a role")
    role = known.role if known else Role(told.name)
    given = people_of(told.folder).get(told.name, {})
    ids: dict[str, Any] = {
        "pendamping_id": told.pendamping_id or given.get("pendamping_id"),
        "partner_id": told.partner_id or given.get("partner_id"),
    }
    if role is Role.PENDAMPING and ids["pendamping_id"] is None:
        parser.error(
            "a pendamping has an id once `make demo` or registry has given one; then, or by --pendamping-id"
        )
    if role is Role.PARTNER and ids["partner_id"] is None:
        parser.error(
            "a partner has an id once `make demo` or referral has given one; then, or by --partner-id"
        )
    try:
        issuer = DevelopmentIssuer(told.folder, mode="development")
    except NotInProduction as error:
        parser.error(str(error))
    areas = told.area or (known.areas if known else ())
    return issuer.token(role, told.sub or told.name.lower(), areas, ttl=told.ttl, **ids)


if __name__ == "__main__":
    sys.exit(main())
