"""The claims of an access token that Pilar reads. It ignores all others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_TEXT = 255
MAX_LIST = 512
LEEWAY_SECONDS = 30
MAX_LIFETIME_HOURS = 24


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, as docs/api-machine.md#tokens shows it."""

    name: str
    form: str
    required: str
    meaning: str


TEXT, LIST = f"text, up to {MAX_TEXT} characters", f"list of up to {MAX_LIST} texts"
CLAIMS = (
    Claim("iss", "text", "yes", "The issuer, as in `PILAR_ISSUER`."),
    Claim("aud", "text or list", "yes", "Contains `PILAR_AUDIENCE`, by default `pilar-<service>`."),
    Claim("exp", "seconds since 1970", "yes", f"At most {MAX_LIFETIME_HOURS} hours after `iat`."),
    Claim("iat", "seconds since 1970", "yes", f"{LEEWAY_SECONDS} seconds of leeway, as for `exp` and `nbf`."),
    Claim("nbf", "seconds since 1970", "no", "Before it the token is not valid yet."),
    Claim("typ", "text", "if the header's `typ` is `JWT`", "`Bearer`. Other kinds of tokens are refused."),
    Claim("sub", TEXT, "yes", "The account. It does not begin with `system:`."),
    Claim("azp", TEXT, "if `PILAR_AUTHORIZED_PARTIES` is set", "The application, one of those."),
    Claim(
        "roles", LIST, "for any permission", "[Roles](domain.md#actors-and-roles). Unknown ones are ignored."
    ),
    Claim(
        "kode_wilayah", LIST, "for roles with an area", "Area codes in dotted form, or `*` for the country."
    ),
    Claim(
        "pendamping_id",
        "UUID",
        "with the role PENDAMPING",
        "Part of every token of a person who ever had a placement, whatever the role.",
    ),
    Claim("partner_id", "UUID", "with the role PARTNER", "The partner whose offers the account sees."),
    Claim(
        "ditjen",
        TEXT,
        "no",
        "Of KEMENSOS: in registry only the pendamping of this ditjen. Other services ignore it.",
    ),
    Claim(
        "audit_ends_at",
        "seconds since 1970",
        "with the role AUDITOR",
        "When the audit ends. It is not before `exp`.",
    ),
)
NAMES = frozenset(claim.name for claim in CLAIMS)


def read_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims that Pilar reads, so that no other is used by mistake."""
    return {name: value for name, value in claims.items() if name in NAMES}
