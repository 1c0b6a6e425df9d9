"""A wrong NIK is corrected, and a wrong registration is cancelled."""

from typing import Any

import httpx
import pytest

from tests.factories.registry import commands
from tests.factories.services import Running, expect_refusal

RIGHT_NIK = "3324075211879002"
OTHER_NIK = "3324070101909001"


async def correct_nik(
    registry: Running, pendamping: dict[str, Any], nik: str = RIGHT_NIK, as_: str = "", **more: Any
) -> httpx.Response:
    token = commands.ministry_token(registry)
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    version = (await registry.get(path, as_=token)).json()["version"]
    scan = await registry.put_file(b"ktp", as_=token)
    body = {"nik": nik, "reason": "SALAH_KETIK", "evidence_sha256": scan} | more
    return await registry.post(f"{path}/nik", body, as_=as_ or token, headers={"If-Match": f'"{version}"'})


async def cancel(registry: Running, pendamping: dict[str, Any], **more: Any) -> httpx.Response:
    return await commands.change_status(registry, pendamping, "DIBATALKAN", reason="TERDAFTAR_GANDA", **more)


async def look_up(registry: Running, nik: str) -> httpx.Response:
    return await registry.post("/v1/pendamping/look-up", {"nik": nik}, as_=commands.ministry_token(registry))


async def read_pendamping(registry: Running, pendamping: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    return commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))


async def register(registry: Running, nik: str, name: str = "Siti Rahayu") -> httpx.Response:
    body = {"subject": "PERSON", "nik": nik, "name": name}
    return await registry.post("/v1/pendamping", body, as_=commands.ministry_token(registry))


async def test_corrected_nik_keeps_the_pendamping_and_the_former_number(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    count = len(await registry.read_envelopes())
    corrected = commands.expect_ok(await correct_nik(registry, pendamping))
    assert (corrected["pendamping_id"], corrected["version"]) == (pendamping["pendamping_id"], 3)
    assert len(await registry.read_envelopes()) == count
    for nik in (RIGHT_NIK, commands.NIK):
        shown = commands.expect_ok(await look_up(registry, nik))
        assert shown["pendamping_id"] == pendamping["pendamping_id"]
    (before,) = (await read_pendamping(registry, pendamping))["contact_history"]
    assert (before["nik"], before["evidence_sha256"] is None) == ("3324************", False)
    stored = await registry.sql("SELECT to_jsonb(h)::text AS row FROM contact_history h")
    assert commands.NIK not in stored[0]["row"]
    commands.expect_ok(await correct_nik(registry, pendamping))
    assert len((await read_pendamping(registry, pendamping))["contact_history"]) == 1


async def test_nik_that_was_corrected_in_error_is_corrected_back(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    commands.expect_ok(await correct_nik(registry, pendamping))
    commands.expect_ok(await correct_nik(registry, pendamping, commands.NIK))
    assert len((await read_pendamping(registry, pendamping))["contact_history"]) == 2
    commands.expect_ok(await register(registry, RIGHT_NIK, "Orang Lain"))


async def test_person_is_not_registered_again_with_the_former_nik(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    commands.expect_ok(await correct_nik(registry, pendamping))
    expect_refusal(await register(registry, commands.NIK, "SITI  RAHAYU"), "NikAlreadyRegistered")
    owner = commands.expect_ok(await register(registry, commands.NIK, "Pemilik Nomor"))
    shown = commands.expect_ok(await look_up(registry, commands.NIK))
    assert shown["pendamping_id"] == owner["pendamping_id"]


async def test_nik_of_another_pendamping_is_refused(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    commands.expect_ok(await register(registry, RIGHT_NIK, "Orang Lain"))
    expect_refusal(await correct_nik(registry, pendamping), "NikAlreadyRegistered")


async def test_exchanged_nik_are_put_right_at_once(registry: Running) -> None:
    first, _ = await commands.register_placed_pendamping(registry)
    second, _ = await commands.register_placed_pendamping(registry, OTHER_NIK)
    expect_refusal(await correct_nik(registry, first, OTHER_NIK), "NikAlreadyRegistered")
    stranger = await correct_nik(registry, first, RIGHT_NIK, exchange_with=second["pendamping_id"])
    expect_refusal(stranger, "NotFound", 404)
    swap = await correct_nik(registry, first, OTHER_NIK, exchange_with=second["pendamping_id"])
    commands.expect_ok(swap)
    for nik, owner in ((OTHER_NIK, first), (commands.NIK, second)):
        shown = commands.expect_ok(await look_up(registry, nik))
        assert shown["pendamping_id"] == owner["pendamping_id"]
        assert len((await read_pendamping(registry, owner))["contact_history"]) == 1
    expect_refusal(await register(registry, OTHER_NIK, "Orang Lain"), "NikAlreadyRegistered")


async def test_nik_is_corrected_with_evidence_by_the_ministry(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    expect_refusal(await correct_nik(registry, pendamping, evidence_sha256="0" * 64), "FileNotUploaded", 422)
    regional = registry.token("KEMENSOS", "kemensos-33", ["33"])
    own = registry.token("PENDAMPING", areas=["33.24"], pendamping_id=pendamping["pendamping_id"])
    expect_refusal(await correct_nik(registry, pendamping, as_=regional), "NotFound", 404)
    expect_refusal(await correct_nik(registry, pendamping, as_=own), "NotAllowed", 403)
    organisation = await commands.register_pendamping(registry, None, subject="LEMBAGA")
    expect_refusal(await correct_nik(registry, organisation), "NikNeedsPerson", 422)


@pytest.mark.parametrize("status", ["CALON", "AKTIF", "CUTI"])
async def test_second_registration_of_a_person_is_cancelled(registry: Running, status: str) -> None:
    second = await commands.register_pendamping(registry, from_on="2026-01-01")
    for step in {"CALON": [], "AKTIF": ["AKTIF"], "CUTI": ["AKTIF", "CUTI"]}[status]:
        commands.expect_ok(await commands.change_status(registry, second, step))
    assert commands.expect_ok(await cancel(registry, second))["status"] == "DIBATALKAN"
    assert (await registry.read_envelopes())[-1]["data"]["status"] == "DIBATALKAN"
    expect_refusal(await cancel(registry, second), "IllegalTransition")
    expect_refusal(await commands.start_penugasan(registry, second), "PendampingHasLeft")
    first = commands.expect_ok(await register(registry, commands.NIK))
    shown = commands.expect_ok(await look_up(registry, commands.NIK))
    assert shown["pendamping_id"] == first["pendamping_id"]


async def test_registration_with_a_placement_is_not_cancelled(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    expect_refusal(await cancel(registry, pendamping), "RegistrationHasPlacements")
    id_ = penugasan["penugasan_id"]
    never = {"valid_to": penugasan["valid_from"], "reason": "SALAH_CATAT"}
    commands.expect_ok(await commands.end_range(registry, "penugasan", id_, **never))
    commands.expect_ok(await cancel(registry, pendamping))
    expect_refusal(await commands.restore_range(registry, "penugasan", id_), "PendampingHasLeft")


async def test_cancellation_is_not_recorded_ahead(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_pendamping(registry, from_on="2026-01-01")
    expect_refusal(await cancel(registry, pendamping, from_on="2026-03-02"), "DateInTheFuture", 422)


async def test_cancellation_in_error_is_reversed(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_pendamping(registry, from_on="2026-01-01")
    commands.expect_ok(await cancel(registry, pendamping, from_on="2026-02-01"))
    commands.expect_ok(await commands.reverse_status(registry, pendamping, "DIBATALKAN", "2026-02-01"))
    assert (await read_pendamping(registry, pendamping))["status"] == "CALON"
    expect_refusal(await register(registry, commands.NIK, "Orang Lain"), "NikAlreadyRegistered")


async def test_cancellation_is_not_reversed_after_a_new_registration(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_pendamping(registry, from_on="2026-01-01")
    commands.expect_ok(await cancel(registry, pendamping, from_on="2026-02-01"))
    again = commands.expect_ok(await register(registry, commands.NIK))
    answer = await commands.reverse_status(registry, pendamping, "DIBATALKAN", "2026-02-01")
    expect_refusal(answer, "NikAlreadyRegistered")
    commands.expect_ok(await cancel(registry, again))
    (request,) = (await registry.get("/v1/approval-request", as_=commands.ministry_token(registry))).json()[
        "items"
    ]
    assert request["state"] == "REQUESTED"
