"""Forged access tokens, and those for other services, are refused."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from deploy.local.issuer import DevelopmentIssuer
from shared.access import InvalidToken, KeysUnavailable, Role, TokenVerifier
from shared.access.permissions import PERMISSIONS, Permission
from shared.settings import Settings
from tests.factories.forged_tokens import (
    FORGED_TOKENS,
    NOW,
    PERSON,
    WRONG_CLAIMS,
    Make,
    build_claims,
    sign_with,
)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path_factory.mktemp("issuer"), "development")


@pytest.fixture
def settings(issuer: DevelopmentIssuer) -> Settings:
    return Settings.load_for("caseload", mode="development", jwks_file=issuer.key_set_file)


@pytest.fixture
def verifier(settings: Settings) -> TokenVerifier:
    return TokenVerifier(settings, clock=lambda: NOW)


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
    token = issuer.sign(build_claims(roles=["PENDAMPING", "default-roles-pilar"], pendamping_id=PERSON))
    actor = await verifier.verify(token)
    assert (actor.sub, actor.roles, actor.areas) == ("dinsos-kendal-1", {Role.PENDAMPING}, ("33.24",))
    assert (actor.pendamping_id, actor.person) == (UUID(PERSON), PERSON)


async def test_only_registry_reads_the_ditjen(issuer: DevelopmentIssuer) -> None:
    for service, ditjen in (("registry", "LINJAMSOS"), ("caseload", None)):
        settings = Settings.load_for(service, mode="development", jwks_file=issuer.key_set_file)
        token = issuer.sign(build_claims(aud=settings.audience, ditjen="LINJAMSOS"))
        actor = await TokenVerifier(settings, clock=lambda: NOW).verify(token)
        assert actor.ditjen == ditjen


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
    operators = {name.partition(".")[0] for name, roles in PERMISSIONS.items() if Role.OPERATOR in roles}
    # Of what is overdue they see the ids of subjects whose scheduled work did not run, of accounts only their own.
    assert operators == {"account", "job", "clock", "parked", "numbers", "breaker", "overdue"}


async def test_verification_of_a_cached_token_is_fast(
    issuer: DevelopmentIssuer, verifier: TokenVerifier
) -> None:
    token = issuer.sign(build_claims())
    await verifier.verify(token)
    begun = time.process_time()
    for _ in range(200):
        await verifier.verify(token)
    assert (time.process_time() - begun) / 200 < 0.001
