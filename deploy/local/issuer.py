"""A development issuer of tokens for named accounts on one machine.

`python -m deploy.local.issuer kemensos-1` prints a token, `--list` prints the accounts. It refuses to run in production.
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
    """A development issuer was requested in production."""


@dataclass(frozen=True, slots=True)
class DemoRole:
    """A named account of the demonstration."""

    role: Role
    areas: tuple[str, ...]


DEMO_ROLES = {
    "kemensos-1": DemoRole(Role.KEMENSOS, ("*",)),
    "kemensos-2": DemoRole(Role.KEMENSOS, ("*",)),
    "kemensos-3": DemoRole(Role.KEMENSOS, ("*",)),
    "dinsos-kendal-1": DemoRole(Role.DINSOS_KABKOTA, ("33.24",)),
    "dinsos-kendal-2": DemoRole(Role.DINSOS_KABKOTA, ("33.24",)),
    "ketua-tim-kendal-1": DemoRole(Role.KETUA_TIM_KABKOTA, ("33.24",)),
    "operator-desa-1": DemoRole(Role.OPERATOR_DESA, ("33.24.09.2011",)),
    "operator-desa-2": DemoRole(Role.OPERATOR_DESA, ("33.24.15.1001", "33.24.15.1002", "33.24.15.1003")),
    "kepala-desa-1": DemoRole(Role.KEPALA_DESA, ("33.24.09.2011",)),
    "pendamping-desa-1": DemoRole(Role.PENDAMPING_DESA, ("33.24.09.2011",)),
    "ketua-tim-kecamatan-1": DemoRole(Role.KETUA_TIM_KECAMATAN, ("33.24.09",)),
    "ketua-tim-provinsi-1": DemoRole(Role.KETUA_TIM_PROVINSI, ("33",)),
    "dinsos-provinsi-1": DemoRole(Role.DINSOS_PROVINSI, ("33",)),
    "auditor-1": DemoRole(Role.AUDITOR, ("*",)),
    "payer-1": DemoRole(Role.PAYER, ("*",)),
    "pendamping-1": DemoRole(Role.PENDAMPING, ("33.24",)),
    "pendamping-2": DemoRole(Role.PENDAMPING, ("33.24",)),
    "pendamping-3": DemoRole(Role.PENDAMPING, ("33.24",)),
    "pendamping-4": DemoRole(Role.PENDAMPING, ("33.24",)),
    "partner-1": DemoRole(Role.PARTNER, ("*",)),
    "operator-1": DemoRole(Role.OPERATOR, ("*",)),
}

# Accounts whose tokens need an id that registry or referral assigns.
NEEDS_ID = frozenset({"pendamping-1", "pendamping-2", "pendamping-3", "pendamping-4", "partner-1"})


class DevelopmentIssuer:
    """An ES256 key in a folder (mode 0600), its `jwks.json`, and tokens signed with it."""

    def __init__(self, folder: Path, mode: Literal["development", "production"]) -> None:
        """Read the key or generate it.

        Raises:
            NotInProduction: the mode is not development.
        """
        if mode != "development" or os.environ.get("PILAR_MODE") == "production":
            message = "the development issuer does not run in production"
            raise NotInProduction(message)
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
        """Return a signed access token that is valid for `ttl` seconds."""
        roles = [str(Role(name)) for name in ([role] if isinstance(role, str) else role)]
        ids = {"pendamping_id": pendamping_id, "partner_id": partner_id, "ditjen": ditjen}
        claims: dict[str, Any] = {"sub": sub, "roles": roles, "kode_wilayah": list(areas)}
        claims |= {name: str(value) for name, value in ids.items() if value is not None}
        now = int(time.time())
        claims |= {"audit_ends_at": now + ttl} if Role.AUDITOR in roles else {}
        claims |= {"iss": DEVELOPMENT_ISSUER, "aud": list(audience), "iat": now, "exp": now + ttl}
        return self.sign(claims | {"jti": secrets.token_hex(8)})

    def demo_token(self, name: str, **claims: Any) -> str:
        """Return a token of a named account. A pendamping or partner also needs its id."""
        account = DEMO_ROLES[name]
        return self.token(account.role, name, account.areas, **claims)

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """Return exactly these claims, signed. For tests of refusals."""
        head = {"alg": "ES256", "typ": "at+jwt", "kid": self._key.kid} | header
        return jwt.encode(head, claims, self._key, algorithms=[head["alg"]], default_type=None)


def read_or_make_key(path: Path) -> ECKey:
    """Return the key in the file, after generating it if the file does not exist."""
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
    parser.add_argument("--list", action="store_true", help="print the demo accounts")
    parser.add_argument(
        "--folder", type=Path, default=Path(os.environ.get("PILAR_ISSUER_FOLDER", ".pilar/issuer"))
    )
    parser.add_argument("--sub")
    parser.add_argument("--area", action="append", default=[])
    parser.add_argument("--pendamping-id", type=UUID)
    parser.add_argument("--partner-id", type=UUID)
    parser.add_argument("--ditjen", help="of KEMENSOS, such as LINJAMSOS")
    parser.add_argument("--ttl", type=int, default=EIGHT_HOURS, help="seconds")
    options = parser.parse_args(arguments)
    if options.list or not options.name:
        for name, account in DEMO_ROLES.items():
            sys.stdout.write(f"{name}\t{account.role}\t{','.join(account.areas)}\n")
        return 0
    sys.stdout.write(token_for(options, parser) + "\n")
    return 0


def people_of(folder: Path) -> dict[str, dict[str, str]]:
    """Return the ids of the demonstration's accounts, saved in the issuer's parent folder."""
    try:
        return json.loads((folder.parent / "people.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}


def token_for(options: argparse.Namespace, parser: argparse.ArgumentParser) -> str:
    """Return the token for the command's options."""
    account = DEMO_ROLES.get(options.name)
    if account is None and options.name not in set(Role):
        parser.error(f"{options.name} is neither a demo account nor a role")
    role = account.role if account else Role(options.name)
    saved = people_of(options.folder).get(options.name, {})
    ids: dict[str, Any] = {
        "pendamping_id": options.pendamping_id or saved.get("pendamping_id"),
        "partner_id": options.partner_id or saved.get("partner_id"),
        "ditjen": options.ditjen,
    }
    if role is Role.PENDAMPING and ids["pendamping_id"] is None:
        parser.error("a pendamping needs an id: run `make demo` first, or use --pendamping-id")
    if role is Role.PARTNER and ids["partner_id"] is None:
        parser.error("a partner needs an id: run `make demo` first, or use --partner-id")
    try:
        issuer = DevelopmentIssuer(options.folder, mode="development")
    except NotInProduction as error:
        parser.error(str(error))
    areas = options.area or (account.areas if account else ())
    return issuer.token(role, options.sub or options.name.lower(), areas, ttl=options.ttl, **ids)


if __name__ == "__main__":
    sys.exit(main())
