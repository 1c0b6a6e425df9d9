"""Visits and sessions are judged by their day and may be entered later."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.access import Role
from shared.contracts.registry import PendampingStatusChanged
from tests.factories.caseload.hand_over import (
    S,
    advance_days,
    finish_hand_over,
    import_families,
    ketua_tim_token,
    read_emitted_data,
    read_today,
)
from tests.factories.caseload.intake import (
    DESA,
    FAR_DESA,
    OTHER,
    PENDAMPING,
    PENDAMPING_NO,
    dinsos_token,
    pendamping_token,
)
from tests.factories.delivery import deliver
from tests.factories.services import Running

FINDINGS = "Warung berjalan dan anak-anak bersekolah."


async def record_visit(service: Running, kpm_id: str, on: date, *, as_: str = "", **more: Any) -> Any:
    body = {"kpm_id": kpm_id, "visited_on": str(on), "purpose": "PENDAMPINGAN", "findings": FINDINGS}
    return await service.post("/v1/kunjungan", body, as_=as_ or pendamping_token(service), **more)


async def record_session(service: Running, kpm_id: str, on: date, *, as_: str = "", **more: Any) -> Any:
    body = {"penugasan_id": S, "kode_wilayah": DESA, "held_on": str(on), "module": 2, "session": 3}
    body |= {"kelompok": "Melati", "attendance": [{"kpm_id": kpm_id, "presence": "HADIR"}]}
    return await service.post("/v1/p2k2", body, as_=as_ or pendamping_token(service), **more)


async def move_far_away(service: Running, kpm_id: str, on: date) -> None:
    """Move a family to another province."""
    ministry = service.token(Role.KEMENSOS, "kemensos-1", ["*"])
    sha256 = await service.put_file(b"surat pindah", as_=ministry)
    version = (await service.get(f"/v1/kpm/{kpm_id}", as_=ministry)).json()["version"]
    body = {"kode_wilayah": FAR_DESA, "on": str(on), "evidence_sha256": sha256}
    headers = {"If-Match": f'"{version}"'}
    moved = await service.post(f"/v1/kpm/{kpm_id}/move", body, as_=ministry, headers=headers)
    assert moved.status_code == 200, moved.text


async def set_status(registry: Running, caseload: Running, status: str, on: date) -> None:
    values = {"pendamping_id": PENDAMPING, "pendamping_no": PENDAMPING_NO, "subject": "PERSON"}
    values |= {"status": status, "reason": "CUTI_TAHUNAN", "from_on": on}
    await registry.publish(PendampingStatusChanged.model_validate(values))
    await deliver(registry, caseload)


async def test_visit_before_a_hand_over_is_entered_after_it_by_its_author(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    visited = await read_today(kendal_caseload)
    await finish_hand_over(kendal_caseload, await advance_days(kendal_caseload))
    entered = await advance_days(kendal_caseload, 2)
    made = await record_visit(kendal_caseload, kpm_id, visited)
    assert made.status_code == 201, made.text
    assert (made.json()["visited_on"], made.json()["entered_on"]) == (str(visited), str(entered))
    path = f"/v1/kunjungan/{made.json()['kunjungan_id']}"
    for reader in (
        pendamping_token(kendal_caseload),
        pendamping_token(kendal_caseload, OTHER),
        dinsos_token(kendal_caseload),
    ):
        assert (await kendal_caseload.get(path, as_=reader)).status_code == 200
    for hidden in (f"/v1/kpm/{kpm_id}", f"/v1/kpm/{kpm_id}/responsible"):
        assert (await kendal_caseload.get(hidden, as_=pendamping_token(kendal_caseload))).status_code == 404
    (event,) = await read_emitted_data(kendal_caseload, "kunjungan_recorded")
    assert (event["on"], event["penugasan_id"]) == (str(visited), S)


async def test_session_before_a_hand_over_is_entered_after_it_and_counted(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    day = await read_today(kendal_caseload)
    await finish_hand_over(kendal_caseload, await advance_days(kendal_caseload))
    made = await record_session(kendal_caseload, kpm_id, day)
    assert made.status_code == 201, made.text
    family = (await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=dinsos_token(kendal_caseload))).json()
    assert family["facts"]["p2k2_attended"] == 1


async def test_visit_of_a_day_of_the_successor_is_refused_to_the_former_pendamping(
    kendal_caseload: Running,
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    on = await advance_days(kendal_caseload)
    await finish_hand_over(kendal_caseload, on)
    assert (await record_visit(kendal_caseload, kpm_id, on)).status_code == 404
    early = await record_visit(
        kendal_caseload, kpm_id, on - timedelta(days=1), as_=pendamping_token(kendal_caseload, OTHER)
    )
    assert (early.status_code, early.json()["title"]) == (409, "VisitOutsideDampingan")


@pytest.mark.parametrize("record", [record_visit, record_session])
async def test_late_entry_that_is_sent_again_gets_its_first_answer(
    kendal_caseload: Running, record: Any
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    worked = await read_today(kendal_caseload)
    await finish_hand_over(kendal_caseload, await advance_days(kendal_caseload))
    first = await record(kendal_caseload, kpm_id, worked, key="phone-queue-1")
    again = await record(kendal_caseload, kpm_id, worked, key="phone-queue-1")
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())


@pytest.mark.parametrize("record", [record_visit, record_session])
async def test_work_before_the_family_moved_away_is_entered_by_its_author(
    kendal_caseload: Running, record: Any
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    worked = await read_today(kendal_caseload)
    moved = await advance_days(kendal_caseload)
    await move_far_away(kendal_caseload, kpm_id, moved)
    await advance_days(kendal_caseload)
    made = await record(kendal_caseload, kpm_id, worked)
    assert made.status_code == 201, made.text
    refused = await record(kendal_caseload, kpm_id, moved + timedelta(days=1))
    assert refused.json()["title"] in {"NotFound", "FamiliesNotAccompanied"}
    assert (
        await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=pendamping_token(kendal_caseload))
    ).status_code == 404
    events = [
        *await read_emitted_data(kendal_caseload, "kunjungan_recorded"),
        *await read_emitted_data(kendal_caseload, "p2k2_held"),
    ]
    assert [event["kode_wilayah"] for event in events] == [DESA]


@pytest.mark.parametrize("record", [record_visit, record_session])
async def test_work_in_a_former_area_is_entered_after_a_transfer(
    kendal_caseload: Running, record: Any
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    worked = await read_today(kendal_caseload)
    await finish_hand_over(kendal_caseload, await advance_days(kendal_caseload))
    elsewhere = kendal_caseload.token(Role.PENDAMPING, "pendamping-s", ["35.03"], pendamping_id=PENDAMPING)
    made = await record(kendal_caseload, kpm_id, worked, as_=elsewhere)
    assert made.status_code == 201, made.text


@pytest.mark.parametrize(("days", "status"), [(30, 201), (31, 422)])
@pytest.mark.parametrize("record", [record_visit, record_session])
async def test_work_is_entered_up_to_thirty_days_later(
    kendal_caseload: Running, record: Any, days: int, status: int
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    on = await read_today(kendal_caseload)
    await advance_days(kendal_caseload, days)
    answer = await record(kendal_caseload, kpm_id, on)
    assert answer.status_code == status, answer.text
    assert status == 201 or answer.json()["title"] == "WorkEnteredTooLate"


@pytest.mark.parametrize("record", [record_visit, record_session])
async def test_leave_is_judged_by_the_day_of_the_work(
    kendal_caseload: Running, registry: Running, record: Any
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    worked = await read_today(kendal_caseload)
    leave, back = worked + timedelta(days=1), worked + timedelta(days=3)
    await set_status(registry, kendal_caseload, "CUTI", leave)
    await set_status(registry, kendal_caseload, "AKTIF", back)
    await advance_days(kendal_caseload)
    refused = await record(kendal_caseload, kpm_id, leave)
    assert (refused.status_code, refused.json()["title"]) == (409, "PendampingInactive")
    assert (await record(kendal_caseload, kpm_id, worked)).status_code == 201
    await advance_days(kendal_caseload, 2)
    refused = await record(kendal_caseload, kpm_id, leave)
    assert (refused.status_code, refused.json()["title"]) == (409, "PendampingInactive")
    assert (await record(kendal_caseload, kpm_id, back)).status_code == 201


async def test_status_that_arrives_later_flags_the_visit_and_the_session(
    kendal_caseload: Running, registry: Running
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    on = await read_today(kendal_caseload)
    assert (await record_visit(kendal_caseload, kpm_id, on)).status_code == 201
    assert (await record_session(kendal_caseload, kpm_id, on)).status_code == 201
    for path in ("/v1/kunjungan", "/v1/p2k2"):
        (row,) = (await kendal_caseload.get(path, as_=ketua_tim_token(kendal_caseload))).json()["items"]
        assert row["flagged"] is False
        assert (
            await kendal_caseload.get(f"{path}?flagged=true", as_=ketua_tim_token(kendal_caseload))
        ).json()["items"] == []
    await set_status(registry, kendal_caseload, "CUTI", on)
    for path in ("/v1/kunjungan", "/v1/p2k2"):
        (row,) = (
            await kendal_caseload.get(f"{path}?flagged=true", as_=ketua_tim_token(kendal_caseload))
        ).json()["items"]
        assert row["flagged"] is True


async def test_session_and_visit_leave_the_version_of_the_family(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    before = (await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=pendamping_token(kendal_caseload))).json()[
        "version"
    ]
    assert (await record_visit(kendal_caseload, kpm_id, await read_today(kendal_caseload))).status_code == 201
    assert (
        await record_session(kendal_caseload, kpm_id, await read_today(kendal_caseload))
    ).status_code == 201
    after = (await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=pendamping_token(kendal_caseload))).json()
    assert (after["version"], after["facts"]["p2k2_attended"]) == (before, 1)


async def test_act_of_today_in_papua_is_no_future_day_in_jakarta(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    read = await kendal_caseload.get("/v1/clock", as_=kendal_caseload.token(Role.OPERATOR))
    day = datetime.fromisoformat(read.json()["now"]).date() + timedelta(days=2)
    await kendal_caseload.set_clock(
        datetime(day.year, day.month, day.day, 16, 30, tzinfo=UTC)
    )  # 23:30 in Jakarta
    tomorrow = day + timedelta(days=1)
    assert (await record_visit(kendal_caseload, kpm_id, tomorrow)).status_code == 201
    assert (await record_session(kendal_caseload, kpm_id, tomorrow)).status_code == 201
    later = await record_visit(kendal_caseload, kpm_id, tomorrow + timedelta(days=1))
    assert (later.status_code, later.json()["title"]) == (422, "DateInTheFuture")
