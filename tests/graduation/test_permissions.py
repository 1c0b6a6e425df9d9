"""Rights follow the dampingan and the area as far as caseload and registry have told (chain.md 5)."""

from datetime import date
from typing import Any

import asyncpg
import pytest

from shared.contracts import caseload, registry
from shared.contracts.kinds import PendampingStatus, PilarKind, SubjectKind
from shared.database import uuid7
from tests.factories.graduation.case import Road, at, ok
from tests.factories.graduation.events import DESA, KENDAL, Field, rujukan_opened, tell
from tests.factories.services import Running, open_scope

DAY = date(2026, 4, 6)


async def opening(road: Road, **other: Any) -> Any:
    body = {"kpm_id": road.kpm_id, "kepesertaan_id": road.kepesertaan_id, "exit_reason": "SEJAHTERA_MANDIRI"}
    wanted = {name: str(value) for name, value in {**body, **other}.items()}
    return await road.service.post("/v1/graduasi", wanted, as_=road.by["field"])


async def begun(service: Running, **facts: Any) -> Road:
    await at(service, DAY)
    return await Road.begin(service, **facts)


async def test_on_a_family_that_is_not_yet_known_the_caller_is_asked_to_try_again(
    graduation: Running,
) -> None:
    road = await begun(graduation)
    answer = await opening(road, kpm_id=uuid7())
    assert (answer.status_code, answer.json()["title"]) == (409, "NotYetKnown")
    assert answer.headers["Retry-After"] == "2"
    answer = await opening(road, kepesertaan_id=uuid7())
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (409, "/body/kepesertaan_id")


async def test_on_another_pendampings_family_nobody_else_may(graduation: Running) -> None:
    mine, other = await begun(graduation), await begun(graduation)
    await mine.open()
    mine.by["field"] = other.by["field"]
    answer = await opening(mine)
    assert (answer.status_code, answer.json()["title"]) == (409, "NotYetKnown")
    assert (await mine.assess()).status_code == 404
    seen = await graduation.get(f"/v1/graduasi/{mine.graduasi_id}", as_=other.by["field"])
    assert seen.status_code == 404


async def test_in_another_area_the_case_does_not_exist(graduation: Running) -> None:
    road = await (await Road.begin(graduation)).to("DIUSULKAN")
    elsewhere = graduation.token("KETUA_TIM_KABKOTA", "ketua-tim-pemalang-1", ["33.27"])
    neighbour = graduation.token("KETUA_TIM_KABKOTA", "ketua-tim-kendal-9", [KENDAL])
    road.by["verification"] = elsewhere
    assert (await road.verify()).status_code == 404
    assert (await graduation.get(f"/v1/graduasi/{road.graduasi_id}", as_=elsewhere)).status_code == 404
    assert ok(await graduation.get("/v1/graduasi", as_=elsewhere), 200)["items"] == []
    assert len(ok(await graduation.get("/v1/graduasi", as_=neighbour), 200)["items"]) == 1


async def test_in_the_wrong_role_nobody_may(graduation: Running) -> None:
    road = await (await Road.begin(graduation)).to("DIUSULKAN")
    for noun, by in (("verification", "approval"), ("approval", "verification"), ("proposal", "sk")):
        answer = await road.post(noun, {}, by)
        assert (answer.status_code, answer.json()["title"]) == (403, "NotAllowed")


async def test_when_not_active_a_pendamping_may_not(graduation: Running) -> None:
    road = await begun(graduation)
    changed = registry.PendampingStatusChanged(
        pendamping_id=road.field.pendamping_id,
        pendamping_no="PD-1",
        subject=SubjectKind.PERSON,
        status=PendampingStatus.CUTI,
        reason="cuti",
        from_on=DAY,
    )
    await tell(graduation, changed)
    answer = await opening(road)
    assert (answer.status_code, answer.json()["title"]) == (409, "PendampingInactive")


async def test_before_registry_told_of_the_pendamping_the_caller_is_asked_to_try_again(
    graduation: Running,
) -> None:
    await at(graduation, DAY)
    field = Field(graduation)
    road = Road(field, *await field.family())
    answer = await opening(road)
    assert (answer.status_code, answer.json()["title"]) == (409, "NotYetKnown")
    await field.begin()
    ok(await opening(road))


@pytest.mark.parametrize("what", ["dampingan", "wilayah", "penugasan"])
async def test_after_dampingan_area_or_placement_ended_a_pendamping_may_not(
    graduation: Running, what: str
) -> None:
    road = await begun(graduation)
    await road.open()
    field = road.field
    rows = await graduation.sql(
        "SELECT dampingan_id, wilayah_tugas_id FROM replica_kpm.dampingan, replica_pendamping.wilayah_tugas"
    )
    mine = {"pendamping_id": field.pendamping_id, "penugasan_id": field.penugasan_id}
    since = {"valid_from": date(2025, 1, 1), "valid_to": DAY, "reason": "selesai"}
    ended = {
        "dampingan": caseload.DampinganEnded(
            **field.dampingan(road.kpm_id, dampingan_id=rows[0]["dampingan_id"], **since)
        ),
        "wilayah": registry.WilayahTugasEnded(
            **mine, wilayah_tugas_id=rows[0]["wilayah_tugas_id"], kode_wilayah=DESA, **since
        ),
        "penugasan": registry.PenugasanEnded(
            **mine, kind=PilarKind.PKH_PENDAMPING, ditjen="LINJAMSOS", employer_status="PPPK", **since
        ),
    }
    await tell(graduation, ended[what])
    answer = await road.assess()
    assert (answer.status_code, answer.json()["title"]) == (403, "FamilyNotAccompanied")
    # What one opened oneself stays readable.
    assert (await graduation.get(f"/v1/graduasi/{road.graduasi_id}", as_=field.token)).status_code == 200


async def test_on_a_kepesertaan_of_another_family_or_one_that_ended_no_case_opens(
    graduation: Running,
) -> None:
    road = await begun(graduation)
    _, of_another = await road.field.family()
    assert (await opening(road, kepesertaan_id=of_another)).json()["title"] == "KepesertaanOfAnother"
    ended = caseload.KepesertaanEnded(
        kepesertaan_id=road.kepesertaan_id,
        kpm_id=road.kpm_id,
        kode_wilayah=DESA,
        bansos=caseload.Bansos.PKH,
        valid_from=date(2019, 1, 1),
        valid_to=DAY,
        exit_reason=caseload.ExitReason.PINDAH,
    )
    await tell(graduation, ended)
    assert (await opening(road)).json()["title"] == "KepesertaanNotActive"


@pytest.mark.parametrize(
    ("reason", "title"),
    [("MENINGGAL", "OpenedByExitProposal"), ("MUSYAWARAH", "PolicyMissing"), ("UNKNOWN", "PolicyMissing")],
)
async def test_for_a_reason_without_a_path_from_here_no_case_opens(
    graduation: Running, reason: str, title: str
) -> None:
    answer = await opening(await begun(graduation), exit_reason=reason)
    assert (answer.status_code, answer.json()["title"]) == (409, title)


async def test_without_a_scope_the_api_role_sees_no_case(graduation: Running) -> None:
    road = await (await Road.begin(graduation)).to("MASA_SANGGAH")
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
    assert road.graduasi_id


async def test_replicas_are_the_same_after_everything_was_told_again(graduation: Running) -> None:
    road = await (await Road.begin(graduation)).to("MASA_SANGGAH")
    await tell(graduation, rujukan_opened(road.graduasi_id, road.kpm_id))
    tables = (
        "kpm.kpm",
        "kpm.usaha",
        "kpm.kepesertaan",
        "kpm.dampingan",
        "pendamping.pendamping",
        "rujukan.rujukan",
    )
    before = [await graduation.sql(f"SELECT * FROM replica_{table}") for table in tables]
    await graduation.sql(
        'INSERT INTO platform.local_log SELECT topic, partition, "offset" + 1 + (SELECT max("offset") FROM'
        " platform.local_log m WHERE m.topic = l.topic AND m.partition = l.partition), outbox_id, recorded_at"
        " FROM platform.local_log l"
    )
    await tell(graduation)
    assert [await graduation.sql(f"SELECT * FROM replica_{table}") for table in tables] == before
    assert all(len(rows) == 1 for rows in before)
    shown = ok(await graduation.get(f"/v1/graduasi/{road.graduasi_id}", as_=road.by["sk"]), 200)
    assert shown["rujukan_id"] is not None


async def test_an_sk_shows_a_pendamping_only_their_own_families(graduation: Running) -> None:
    road = await (await Road.begin(graduation)).to("MASA_SANGGAH")
    sk_id = (await graduation.sql("SELECT sk_id FROM sk"))[0][0]
    other = await Field(graduation).begin()
    assert (await graduation.get(f"/v1/sk/{sk_id}", as_=other.token)).status_code == 404
    assert len(ok(await graduation.get(f"/v1/sk/{sk_id}", as_=road.by["field"]), 200)["penetapan"]) == 1


async def test_on_a_case_of_a_family_that_has_moved_who_accompanies_it_there_may_go_on(
    graduation: Running,
) -> None:
    road = await (await Road.begin(graduation)).to("SIAP")
    there = await Field(graduation, "33.24.10.2001").begin()
    rows = await graduation.sql("SELECT dampingan_id FROM replica_kpm.dampingan")
    day = date(2026, 5, 18)
    ended = road.field.dampingan(road.kpm_id, dampingan_id=rows[0][0], valid_to=day)
    begun = there.dampingan(road.kpm_id, valid_from=day)
    road.by["field"] = there.token
    await tell(graduation, caseload.DampinganEnded(**ended), caseload.DampinganStarted(**begun))
    assert (await road.sign("2026-05-18")).json()[
        "title"
    ] == "FamilyNotAccompanied"  # it still lives where it was
    await graduation.sql("UPDATE replica_kpm.kpm SET kode_wilayah = '33.24.10.2001'")
    ok(await road.sign("2026-05-18"))
    ok(await road.propose())
