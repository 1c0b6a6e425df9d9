"""A token of the ministry with a ditjen opens only the pendamping of that ditjen."""

from typing import Any
from uuid import uuid4

import pytest

from tests.factories.registry import commands
from tests.factories.services import Running, expect_refusal

OTHER_NIK, THIRD_NIK = "3324070101909002", "3324070101909003"


@pytest.fixture
async def placed(registry: Running) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    return await commands.register_one_of_each_ditjen(registry, OTHER_NIK)


async def test_a_ditjen_lists_its_own_pendamping_and_those_without_a_placement(
    registry: Running, placed: Any
) -> None:
    unplaced = await commands.register_pendamping(registry, THIRD_NIK)
    for ditjen, expected in (("LINJAMSOS", 2), ("DAYASOS", 2), ("REHSOS", 1)):
        items = (await registry.get("/v1/pendamping", as_=commands.ditjen_token(registry, ditjen))).json()[
            "items"
        ]
        ids = {row["pendamping_id"] for row in items}
        assert unplaced["pendamping_id"] in ids
        assert len(ids) == expected, ditjen
    items = (await registry.get("/v1/pendamping", as_=commands.ministry_token(registry))).json()["items"]
    assert len(items) == 3


async def test_a_ditjen_reads_the_whole_of_its_own_pendamping(registry: Running, placed: Any) -> None:
    path = f"/v1/pendamping/{placed['LINJAMSOS'][0]['pendamping_id']}"
    ours = await registry.get(path, as_=commands.ditjen_token(registry, "LINJAMSOS"))
    everything = await registry.get(path, as_=commands.ministry_token(registry))
    assert ours.json() == everything.json()
    scorecard = f"{path}/scorecard?year=2026"
    own = await registry.get(scorecard, as_=commands.ditjen_token(registry, "LINJAMSOS"))
    assert own.json() == (await registry.get(scorecard, as_=commands.ministry_token(registry))).json()


async def test_a_pendamping_of_another_ditjen_does_not_exist_for_a_ditjen(
    registry: Running, placed: Any
) -> None:
    pendamping, penugasan = placed["DAYASOS"]
    ditjen, status = commands.ditjen_token(registry, "LINJAMSOS"), {"status": "CUTI", "reason": "SAKIT"}
    end = {"valid_to": "2026-12-31", "reason": "PINDAH_TUGAS"}
    for pendamping_id, penugasan_id in (
        (pendamping["pendamping_id"], penugasan["penugasan_id"]),
        (str(uuid4()), str(uuid4())),
    ):
        path = f"/v1/pendamping/{pendamping_id}"
        for read in (path, f"{path}/scorecard?year=2026"):
            expect_refusal(await registry.get(read, as_=ditjen), "NotFound", 404)
        expect_refusal(await registry.post(f"{path}/status", status, as_=ditjen), "NotFound", 404)
        ended = await registry.post(f"/v1/penugasan/{penugasan_id}/end", end, as_=ditjen)
        expect_refusal(ended, "NotFound", 404)
        correction = await commands.correct_penugasan(
            registry, {"penugasan_id": penugasan_id}, ditjen, sk_no="2/SK"
        )
        expect_refusal(correction, "NotFound", 404)
    looked_up = await registry.post("/v1/pendamping/look-up", {"nik": OTHER_NIK}, as_=ditjen)
    expect_refusal(looked_up, "NotFound", 404)


async def test_a_ditjen_registers_and_places_for_itself_only(registry: Running) -> None:
    ditjen = commands.ditjen_token(registry, "LINJAMSOS")
    body = {"subject": "PERSON", "nik": commands.NIK, "name": "Siti Rahayu"}
    pendamping = commands.expect_ok(await registry.post("/v1/pendamping", body, as_=ditjen))
    terms = {
        "pendamping_id": pendamping["pendamping_id"],
        "kind": "PKH_PENDAMPING",
        "ditjen": "REHSOS",
        "employer_status": "PPPK",
        "sk_no": "1/SK/2025",
        "sk_on": "2025-10-03",
        "valid_from": "2025-10-03",
    }
    refused = await registry.post("/v1/penugasan", terms, as_=ditjen)
    expect_refusal(refused, "NotAllowed", 403)
    assert refused.json()["errors"][0]["pointer"] == "/body/ditjen"
    placement = commands.expect_ok(
        await registry.post("/v1/penugasan", terms | {"ditjen": "LINJAMSOS"}, as_=ditjen)
    )
    area = {
        "penugasan_id": placement["penugasan_id"],
        "kode_wilayah": "33.24.09",
        "valid_from": "2025-10-03",
    }
    commands.expect_ok(await registry.post("/v1/wilayah-tugas", area, as_=ditjen))
    corrected = await commands.correct_penugasan(registry, placement, ditjen, ditjen="DAYASOS")
    expect_refusal(corrected, "NotAllowed", 403)
    assert corrected.json()["errors"][0]["pointer"] == "/body/ditjen"
    commands.expect_ok(await commands.correct_penugasan(registry, placement, ditjen, sk_no="2/SK/2025"))
    version = (await registry.get(f"/v1/pendamping/{pendamping['pendamping_id']}", as_=ditjen)).headers[
        "ETag"
    ]
    renamed = await registry.post(
        f"/v1/pendamping/{pendamping['pendamping_id']}/contact",
        {"name": "Siti Rahayu M.", "reason": "SALAH_KETIK"},
        as_=ditjen,
        headers={"If-Match": version},
    )
    assert commands.expect_ok(renamed)["name"] == "Siti Rahayu M."


async def test_a_placement_by_another_ditjen_still_conflicts_and_is_not_changed(registry: Running) -> None:
    pendamping = await commands.register_active_pendamping(registry)
    mine = {"kind": "PSM", "ditjen": "LINJAMSOS", "employer_status": "RELAWAN"}
    commands.expect_ok(await commands.start_penugasan(registry, pendamping, **mine))
    theirs = {"kind": "TKSK", "ditjen": "DAYASOS", "employer_status": "RELAWAN"}
    placement = commands.expect_ok(await commands.start_penugasan(registry, pendamping, **theirs))
    pair = {"kind": "TKSK", "other_kind": "TAGANA", "paid_only": False, "source": "Permensos 28/2018"}
    pair |= {"reason_en": "no second post", "reason_id": "tidak boleh rangkap", "valid_from": "2025-01-01"}
    commands.expect_ok(await registry.post("/v1/role-conflict", pair, as_=commands.ministry_token(registry)))
    ditjen = commands.ditjen_token(registry, "LINJAMSOS")
    terms = {
        "pendamping_id": pendamping["pendamping_id"],
        "kind": "TAGANA",
        "ditjen": "LINJAMSOS",
        "employer_status": "RELAWAN",
        "sk_no": "3/SK/2025",
        "sk_on": "2025-10-03",
        "valid_from": "2025-10-03",
    }
    expect_refusal(await registry.post("/v1/penugasan", terms, as_=ditjen), "RolesConflict")
    end = {"valid_to": "2026-12-31", "reason": "PINDAH_TUGAS"}
    path = f"/v1/penugasan/{placement['penugasan_id']}/end"
    expect_refusal(await registry.post(path, end, as_=ditjen), "NotAllowed", 403)


async def test_a_former_nik_of_another_ditjen_still_refuses_a_second_registration(
    registry: Running, placed: Any
) -> None:
    ministry = commands.ministry_token(registry)
    path = f"/v1/pendamping/{placed['DAYASOS'][0]['pendamping_id']}"
    scan = await registry.put_file(b"ktp", as_=ministry)
    nik = {"nik": THIRD_NIK, "reason": "SALAH_KETIK", "evidence_sha256": scan}
    match = {"If-Match": (await registry.get(path, as_=ministry)).headers["ETag"]}
    commands.expect_ok(await registry.post(f"{path}/nik", nik, as_=ministry, headers=match))
    body = {"subject": "PERSON", "nik": OTHER_NIK, "name": "Siti Rahayu"}
    again = await registry.post("/v1/pendamping", body, as_=commands.ditjen_token(registry, "LINJAMSOS"))
    expect_refusal(again, "NikAlreadyRegistered")


async def test_a_supervisor_of_another_ditjen_is_unknown_like_an_absent_one(
    registry: Running, placed: Any
) -> None:
    ditjen, foreign = commands.ditjen_token(registry, "LINJAMSOS"), placed["DAYASOS"][0]["pendamping_id"]
    for supervisor_id in (foreign, str(uuid4())):
        answer = await commands.correct_penugasan(
            registry, placed["LINJAMSOS"][1], ditjen, supervisor_id=supervisor_id
        )
        expect_refusal(answer, "SupervisorUnknown", 422)


async def test_a_ditjen_requests_a_dismissal_and_records_a_death(registry: Running, placed: Any) -> None:
    ditjen, pendamping = commands.ditjen_token(registry, "LINJAMSOS"), placed["LINJAMSOS"][0]
    path = f"/v1/pendamping/{pendamping['pendamping_id']}/status"
    scan = await registry.put_file(b"sk", as_=ditjen)
    dismissal = {"status": "DIBERHENTIKAN", "reason": "PELANGGARAN", "evidence_sha256": scan}
    assert (await registry.post(path, dismissal, as_=ditjen)).status_code == 202
    death = {"status": "MENINGGAL", "reason": "MENINGGAL"}
    assert commands.expect_ok(await registry.post(path, death, as_=ditjen))["status"] == "MENINGGAL"
