"""Access to cases depends on the replicated dampingan, penugasan and area (docs/architecture.md#service-boundary)."""

from datetime import date
from typing import Any

import asyncpg
import pytest

from shared.contracts import caseload, registry
from shared.contracts.kinds import PendampingStatus, PilarKind, SubjectKind
from shared.database import uuid7
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import DESA, KENDAL, Field, apply_events, build_rujukan_opened
from tests.factories.services import Running, expect_refusal, open_scope

DAY = date(2026, 4, 6)


async def open_case(driver: CaseDriver, **other: Any) -> Any:
    body = {
        "kpm_id": driver.kpm_id,
        "kepesertaan_id": driver.kepesertaan_id,
        "exit_reason": "SEJAHTERA_MANDIRI",
    }
    values = {name: str(value) for name, value in {**body, **other}.items()}
    return await driver.service.post("/v1/graduasi", values, as_=driver.by["field"])


async def start_case(service: Running, **facts: Any) -> CaseDriver:
    await set_day(service, DAY)
    return await CaseDriver.start(service, **facts)


async def test_unknown_family_is_answered_with_not_yet_known(
    graduation: Running,
) -> None:
    driver = await start_case(graduation)
    answer = await open_case(driver, kpm_id=uuid7())
    assert (answer.status_code, answer.json()["title"]) == (409, "NotYetKnown")
    assert answer.headers["Retry-After"] == "2"
    answer = await open_case(driver, kepesertaan_id=uuid7())
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (409, "/body/kepesertaan_id")


async def test_family_of_another_pendamping_is_refused(graduation: Running) -> None:
    mine, other = await start_case(graduation), await start_case(graduation)
    await mine.open()
    mine.by["field"] = other.by["field"]
    answer = await open_case(mine)
    assert (answer.status_code, answer.json()["title"]) == (409, "NotYetKnown")
    assert (await mine.assess()).status_code == 404
    seen = await graduation.get(f"/v1/graduasi/{mine.graduasi_id}", as_=other.by["field"])
    assert seen.status_code == 404


async def test_case_of_another_area_is_not_found(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    elsewhere = graduation.token("KETUA_TIM_KABKOTA", "ketua-tim-pemalang-1", ["33.27"])
    neighbour = graduation.token("KETUA_TIM_KABKOTA", "ketua-tim-kendal-9", [KENDAL])
    driver.by["verification"] = elsewhere
    assert (await driver.verify()).status_code == 404
    assert (await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=elsewhere)).status_code == 404
    assert expect_ok(await graduation.get("/v1/graduasi", as_=elsewhere), 200)["items"] == []
    assert len(expect_ok(await graduation.get("/v1/graduasi", as_=neighbour), 200)["items"]) == 1


async def test_wrong_role_is_refused(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    for noun, by in (("verification", "approval"), ("approval", "verification"), ("proposal", "sk")):
        answer = await driver.post(noun, {}, by)
        assert (answer.status_code, answer.json()["title"]) == (403, "NotAllowed")


async def test_inactive_pendamping_is_refused(graduation: Running) -> None:
    driver = await start_case(graduation)
    changed = registry.PendampingStatusChanged(
        pendamping_id=driver.field.pendamping_id,
        pendamping_no="PD-1",
        subject=SubjectKind.PERSON,
        status=PendampingStatus.CUTI,
        reason="cuti",
        from_on=DAY,
    )
    await apply_events(graduation, changed)
    answer = await open_case(driver)
    assert (answer.status_code, answer.json()["title"]) == (409, "PendampingInactive")


async def test_unknown_pendamping_is_answered_with_not_yet_known(
    graduation: Running,
) -> None:
    await set_day(graduation, DAY)
    field = Field(graduation)
    driver = CaseDriver(field, *await field.family())
    answer = await open_case(driver)
    assert (answer.status_code, answer.json()["title"]) == (409, "NotYetKnown")
    await field.start()
    expect_ok(await open_case(driver))


@pytest.mark.parametrize("what", ["dampingan", "wilayah", "penugasan"])
async def test_ended_dampingan_area_or_placement_is_refused(graduation: Running, what: str) -> None:
    driver = await start_case(graduation)
    await driver.open()
    field = driver.field
    rows = await graduation.sql(
        "SELECT dampingan_id, wilayah_tugas_id FROM replica_kpm.dampingan, replica_pendamping.wilayah_tugas"
    )
    mine = {"pendamping_id": field.pendamping_id, "penugasan_id": field.penugasan_id}
    since = {"valid_from": date(2025, 1, 1), "valid_to": DAY, "reason": "selesai"}
    ended = {
        "dampingan": caseload.DampinganEnded(
            **field.build_dampingan(driver.kpm_id, dampingan_id=rows[0]["dampingan_id"], **since)
        ),
        "wilayah": registry.WilayahTugasEnded(
            **mine, wilayah_tugas_id=rows[0]["wilayah_tugas_id"], kode_wilayah=DESA, **since
        ),
        "penugasan": registry.PenugasanEnded(
            **mine, kind=PilarKind.PKH_PENDAMPING, ditjen="LINJAMSOS", employer_status="PPPK", **since
        ),
    }
    await apply_events(graduation, ended[what])
    answer = await driver.assess()
    over = what == "dampingan"
    expect_refusal(answer, *(("NotFound", 404) if over else ("FamilyNotAccompanied", 403)))
    # Nor is the case read any more, although one opened it oneself.
    read = await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=field.token)
    assert read.status_code == (404 if over else 200)


async def test_kepesertaan_of_another_family_or_ended_is_refused(
    graduation: Running,
) -> None:
    driver = await start_case(graduation)
    _, of_another = await driver.field.family()
    assert (await open_case(driver, kepesertaan_id=of_another)).json()[
        "title"
    ] == "KepesertaanOfAnotherFamily"
    ended = caseload.KepesertaanEnded(
        kepesertaan_id=driver.kepesertaan_id,
        kpm_id=driver.kpm_id,
        kode_wilayah=DESA,
        bansos=caseload.Bansos.PKH,
        valid_from=date(2019, 1, 1),
        valid_to=DAY,
        exit_reason=caseload.ExitReason.PINDAH,
    )
    await apply_events(graduation, ended)
    assert (await open_case(driver)).json()["title"] == "KepesertaanNotActive"


@pytest.mark.parametrize(
    ("reason", "title"),
    [("MENINGGAL", "ExitProposalRequired"), ("MUSYAWARAH", "PolicyMissing")],
)
async def test_exit_reason_of_exit_proposals_is_refused(graduation: Running, reason: str, title: str) -> None:
    answer = await open_case(await start_case(graduation), exit_reason=reason)
    assert (answer.status_code, answer.json()["title"]) == (409, title)


async def test_api_role_without_a_scope_sees_no_case(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    connection = await asyncpg.connect(graduation.settings.database_url)
    tables = ("graduasi", "graduasi_history", "stage_act", "asesmen", "pernyataan", "usul", "musyawarah")
    try:
        for table in (*tables, "penetapan", "credit"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
            async with connection.transaction():
                await open_scope(connection, areas="33.24")
                assert await connection.fetchval(f"SELECT count(*) FROM {table}") > 0, table
    finally:
        await connection.close()
    assert driver.graduasi_id


async def test_replicas_are_unchanged_by_repeated_events(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await apply_events(graduation, build_rujukan_opened(driver.graduasi_id, driver.kpm_id))
    tables = (
        "kpm.kpm",
        "kpm.usaha",
        "kpm.kepesertaan",
        "kpm.dampingan",
        "pendamping.pendamping_status",
        "rujukan.rujukan",
    )
    before = [await graduation.sql(f"SELECT * FROM replica_{table}") for table in tables]
    await graduation.sql(
        'INSERT INTO platform.local_log SELECT topic, partition, "offset" + 1 + (SELECT max("offset") FROM'
        " platform.local_log m WHERE m.topic = l.topic AND m.partition = l.partition), outbox_id, recorded_at"
        " FROM platform.local_log l"
    )
    await apply_events(graduation)
    assert [await graduation.sql(f"SELECT * FROM replica_{table}") for table in tables] == before
    assert all(len(rows) == 1 for rows in before)
    shown = expect_ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["sk"]), 200)
    assert shown["rujukan_id"] is not None


async def test_sk_shows_a_pendamping_only_their_families(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    sk_id = (await graduation.sql("SELECT sk_id FROM sk"))[0][0]
    other = await Field(graduation).start()
    assert (await graduation.get(f"/v1/sk/{sk_id}", as_=other.token)).status_code == 404
    assert (
        len(expect_ok(await graduation.get(f"/v1/sk/{sk_id}", as_=driver.by["field"]), 200)["penetapan"]) == 1
    )


async def test_new_pendamping_of_a_moved_family_may_continue_its_case(
    graduation: Running,
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("SIAP")
    there = await Field(graduation, "33.24.10.2001").start()
    rows = await graduation.sql("SELECT dampingan_id FROM replica_kpm.dampingan")
    day = date(2026, 5, 18)
    ended = driver.field.build_dampingan(driver.kpm_id, dampingan_id=rows[0][0], valid_to=day)
    start_case = there.build_dampingan(driver.kpm_id, valid_from=day)
    driver.by["field"] = there.token
    await apply_events(graduation, caseload.DampinganEnded(**ended), caseload.DampinganStarted(**start_case))
    assert (await driver.sign("2026-05-18")).json()[
        "title"
    ] == "FamilyNotAccompanied"  # it still lives where it was
    await graduation.sql("UPDATE replica_kpm.kpm SET kode_wilayah = '33.24.10.2001'")
    expect_ok(await driver.sign("2026-05-18"))
    expect_ok(await driver.propose())
