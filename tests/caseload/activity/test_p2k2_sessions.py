"""P2K2 sessions are recorded by who held them and counted in each family's facts."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from shared.access import Role
from tests.factories.caseload.hand_over import (
    S,
    T,
    advance_days,
    finish_hand_over,
    import_families,
    read_emitted_data,
    read_today,
    record_session,
)
from tests.factories.caseload.intake import OTHER, dinsos_token, pendamping_token
from tests.factories.services import Running, open_scope


async def read_counts(service: Running, kpm_id: str) -> tuple[int, int]:
    seen = (await service.get(f"/v1/kpm/{kpm_id}", as_=dinsos_token(service))).json()["facts"]
    return seen["p2k2_invited"], seen["p2k2_attended"]


async def test_session_counts_invited_and_attending_families(kendal_caseload: Running) -> None:
    first, second, third = await import_families(kendal_caseload, 3)
    made = await record_session(kendal_caseload, {first: "HADIR", second: "SAKIT"})
    assert made.status_code == 201, made.text
    assert (made.json()["invited"], made.json()["attended"]) == (2, 1)
    assert (await record_session(kendal_caseload, {first: "HADIR"}, session=1)).status_code == 201
    assert [await read_counts(kendal_caseload, one) for one in (first, second, third)] == [
        (2, 2),
        (1, 0),
        (0, 0),
    ]
    emitted = [
        (data["invited"], data["attended"], data["penugasan_id"])
        for data in await read_emitted_data(kendal_caseload, "p2k2_held")
    ]
    assert emitted == [(2, 1, S), (1, 1, S)]
    updated = [
        (one["kpm_id"], one["p2k2_invited"], one["p2k2_attended"])
        for one in await read_emitted_data(kendal_caseload, "kpm_updated")
    ]
    assert sorted(updated) == sorted([(first, 1, 1), (second, 1, 0), (first, 2, 2)])


async def test_author_still_reads_session_after_hand_over(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    made = (await record_session(kendal_caseload, {kpm_id: "HADIR"})).json()
    await finish_hand_over(kendal_caseload, await advance_days(kendal_caseload))
    mine = (await kendal_caseload.get("/v1/p2k2", as_=pendamping_token(kendal_caseload))).json()["items"]
    assert [row["p2k2_sesi_id"] for row in mine] == [made["p2k2_sesi_id"]]
    path = f"/v1/p2k2/{made['p2k2_sesi_id']}"
    read = (await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload))).json()
    assert read["attendance"] == [{"kpm_id": kpm_id, "presence": "HADIR"}]
    assert (await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload, OTHER))).status_code == 404
    assert (await kendal_caseload.get(path, as_=dinsos_token(kendal_caseload))).status_code == 200
    assert (
        await kendal_caseload.get(path, as_=kendal_caseload.token(Role.DINSOS_KABKOTA, "x", ["35.03"]))
    ).status_code == 404


@pytest.mark.parametrize(
    ("more", "status", "title"),
    [
        ({"session": 9}, 422, "MateriUnknown"),
        ({"held_on": "2099-01-01"}, 422, "DateInTheFuture"),
        ({"penugasan_id": T}, 403, "NotAllowed"),
        ({"kode_wilayah": "35.03.01.2001"}, 409, "FamilyOutsideWilayahTugas"),
        ({"kode_wilayah": "33.25.01.2001"}, 409, "FamilyOutsideWilayahTugas"),
    ],
)
async def test_invalid_session_is_refused(
    kendal_caseload: Running, more: dict[str, Any], status: int, title: str
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    answer = await record_session(kendal_caseload, {kpm_id: "HADIR"}, **more)
    assert (answer.status_code, answer.json()["title"]) == (status, title)


async def test_session_is_for_own_families_once_a_day(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    before = await record_session(
        kendal_caseload, {kpm_id: "HADIR"}, held_on=str(await read_today(kendal_caseload) - timedelta(days=1))
    )
    assert (before.status_code, before.json()["title"]) == (409, "FamiliesNotAccompanied")
    twice = [{"kpm_id": kpm_id, "presence": "HADIR"}] * 2
    assert (await record_session(kendal_caseload, {}, attendance=twice)).json()["title"] == "FamilyNamedTwice"
    theirs = await record_session(
        kendal_caseload, {kpm_id: "HADIR"}, pendamping_token(kendal_caseload, OTHER), penugasan_id=T
    )
    assert theirs.json()["title"] == "FamiliesNotAccompanied"
    assert (await record_session(kendal_caseload, {kpm_id: "HADIR"})).status_code == 201
    assert (await record_session(kendal_caseload, {kpm_id: "IZIN"})).json()["title"] == "SesiAlreadyRecorded"
    assert await read_counts(kendal_caseload, kpm_id) == (1, 1)


async def test_master_data_has_six_modules_and_twenty_nine_sessions(kendal_caseload: Running) -> None:
    read = (await kendal_caseload.get("/v1/p2k2-materi", as_=pendamping_token(kendal_caseload))).json()
    assert [len(module["sessions"]) for module in read["modules"]] == [4, 3, 3, 2, 2, 15]
    assert (
        await kendal_caseload.get("/v1/p2k2-materi?on=2010-01-01", as_=pendamping_token(kendal_caseload))
    ).json()["modules"] == []


async def test_concurrent_sessions_are_both_counted(kendal_caseload: Running) -> None:
    """Both lock the family before they count, so that each reads the other's answers."""
    (kpm_id,) = await import_families(kendal_caseload, 1)
    holder = await asyncpg.connect(kendal_caseload.settings.owner_database_url)
    try:
        async with holder.transaction():
            await open_scope(holder, areas="*")
            await holder.execute("SELECT FROM kpm FOR UPDATE")
            both = [
                asyncio.create_task(record_session(kendal_caseload, {kpm_id: "HADIR"}, session=n))
                for n in (1, 2)
            ]
            await asyncio.sleep(1)
        assert [answer.status_code for answer in await asyncio.gather(*both)] == [201, 201]
    finally:
        await holder.close()
    assert await read_counts(kendal_caseload, kpm_id) == (2, 2)
