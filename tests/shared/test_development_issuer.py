import json
import stat
from pathlib import Path

import pytest

from deploy.local.issuer import DEMO_ROLES, DevelopmentIssuer, NotInProduction, main
from shared.access import InvalidToken, Role, TokenVerifier
from shared.settings import Settings

ID = "0198a0de-0000-7000-8000-000000000001"


def test_does_not_exist_in_production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotInProduction):
        DevelopmentIssuer(tmp_path, "production")
    monkeypatch.setenv("PILAR_MODE", "production")
    with pytest.raises(NotInProduction):
        DevelopmentIssuer(tmp_path, "development")
    with pytest.raises(SystemExit):
        main(["kemensos-1", "--folder", str(tmp_path)])
    assert not list(tmp_path.iterdir())


def test_stores_its_key_for_this_user_and_later_runs(tmp_path: Path) -> None:
    first, second = (DevelopmentIssuer(tmp_path / "issuer", "development") for _ in range(2))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "issuer").iterdir()}
    assert modes == {"issuer-key.json": 0o600, "jwks.json": 0o600}
    assert first._key.kid == second._key.kid
    assert '"d"' not in first.key_set_file.read_text()


@pytest.mark.parametrize("service", ["registry", "caseload", "graduation", "referral"])
async def test_signs_for_each_named_role_and_every_service(tmp_path: Path, service: str) -> None:
    issuer = DevelopmentIssuer(tmp_path, "development")
    verifier = TokenVerifier(Settings.load_for(service, mode="development", jwks_file=issuer.key_set_file))
    for name, known in DEMO_ROLES.items():
        ids = {Role.PENDAMPING: {"pendamping_id": ID}, Role.PARTNER: {"partner_id": ID}}.get(known.role, {})
        actor = await verifier.verify(issuer.demo_token(name, **ids))
        assert (actor.sub, actor.roles, actor.areas) == (name, {known.role}, known.areas)
    assert {known.role for known in DEMO_ROLES.values()} == set(Role)


async def test_prints_a_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["PARTNER", "--partner-id", ID, "--area", "33", "--sub", "bank", "--folder", str(tmp_path)]) == 0
    )
    settings = Settings.load_for("referral", mode="development", jwks_file=tmp_path / "jwks.json")
    actor = await TokenVerifier(settings).verify(capsys.readouterr().out.strip())
    assert (actor.sub, actor.areas, str(actor.partner_id)) == ("bank", ("33",), ID)


@pytest.mark.parametrize("name", ["ketua-tim-kendal-1", "dinsos-kendal-1", "kemensos-1"])
async def test_signs_the_pendamping_id_of_an_official_who_had_a_placement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "people.json").write_text(json.dumps({name: {"pendamping_id": ID}}), "utf-8")
    assert main([name, "--folder", str(tmp_path / "issuer")]) == 0
    settings = Settings.load_for(
        "graduation", mode="development", jwks_file=tmp_path / "issuer" / "jwks.json"
    )
    actor = await TokenVerifier(settings).verify(capsys.readouterr().out.strip())
    assert (actor.roles, str(actor.pendamping_id)) == ({DEMO_ROLES[name].role}, ID)


async def test_signs_the_ids_of_the_demonstration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "people.json").write_text(json.dumps({"pendamping-1": {"pendamping_id": ID}}), "utf-8")
    assert main(["pendamping-1", "--folder", str(tmp_path / "issuer")]) == 0
    settings = Settings.load_for("caseload", mode="development", jwks_file=tmp_path / "issuer" / "jwks.json")
    actor = await TokenVerifier(settings).verify(capsys.readouterr().out.strip())
    assert (actor.sub, str(actor.pendamping_id)) == ("pendamping-1", ID)


@pytest.mark.parametrize("arguments", [["nobody"], ["pendamping-1"], ["PARTNER"]])
def test_names_what_a_token_lacks(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*arguments, "--folder", str(tmp_path)])
    assert "error" in capsys.readouterr().err


async def test_is_refused_by_a_production_service(tmp_path: Path) -> None:
    issuer = DevelopmentIssuer(tmp_path, "development")
    settings = Settings.load_for(
        "registry",
        mode="production",
        issuer="https://id.example",
        jwks_file=issuer.key_set_file,
        keys_folder=tmp_path,
    )
    with pytest.raises(InvalidToken):
        await TokenVerifier(settings).verify(issuer.demo_token("kemensos-1"))
