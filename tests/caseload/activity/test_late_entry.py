"""Visits and sessions are judged by their day and may be entered later."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.access import Role
from shared.contracts.registry import PendampingStatusChanged
from tests.factories.caseload.hand_over import S, accompanied, days_later, facts, handed_over, leader, today
from tests.factories.caseload.intake import DESA, OTHER, PENDAMPING, PENDAMPING_NO, companion, dinsos
from tests.factories.services import Running, deliver

FINDINGS = "Warung berjalan dan anak-anak bersekolah."


async def record_visit(service: Running, kpm_id: str, on: date, *, as_: str = "", **more: Any) -> Any:
    body = {"kpm_id": kpm_id, "visited_on": str(on), "purpose": "PENDAMPINGAN", "findings": FINDINGS}
    return await service.post("/v1/kunjungan", body, as_=as_ or companion(service), **more)


async def record_session(service: Running, kpm_id: str, on: date) -> Any:
    body = {"penugasan_id": S, "kode_wilayah": DESA, "held_on": str(on), "module": 2, "session": 3}
    body |= {"kelompok": "Melati", "attendance": [{"kpm_id": kpm_id, "presence": "HADIR"}]}
    return await service.post("/v1/p2k2", body, as_=companion(service))


async def set_status(registry: Running, caseload: Running, status: str, on: date) -> None:
    values = {"pendamping_id": PENDAMPING, "pendamping_no": PENDAMPING_NO, "subject": "PERSON"}
    values |= {"status": status, "reason": "CUTI_TAHUNAN", "from_on": on}
    await registry.publish(PendampingStatusChanged.model_validate(values))
    await deliver(registry, caseload)


async def test_visit_before_a_hand_over_is_entered_after_it_by_its_author(placed: Running) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    visited = await today(placed)
    await handed_over(placed, await days_later(placed))
    entered = await days_later(placed, 2)
    made = await record_visit(placed, kpm_id, visited)
    assert made.status_code == 201, made.text
    assert (made.json()["visited_on"], made.json()["entered_on"]) == (str(visited), str(entered))
    path = f"/v1/kunjungan/{made.json()['kunjungan_id']}"
    for reader in (companion(placed), companion(placed, OTHER), dinsos(placed)):
        assert (await placed.get(path, as_=reader)).status_code == 200
    for hidden in (f"/v1/kpm/{kpm_id}", f"/v1/kpm/{kpm_id}/responsible"):
        assert (await placed.get(hidden, as_=companion(placed))).status_code == 404
    (event,) = await facts(placed, "kunjungan_recorded")
    assert (event["on"], event["penugasan_id"]) == (str(visited), S)


async def test_session_before_a_hand_over_is_entered_after_it_and_counted(placed: Running) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    held = await today(placed)
    await handed_over(placed, await days_later(placed))
    made = await record_session(placed, kpm_id, held)
    assert made.status_code == 201, made.text
    family = (await placed.get(f"/v1/kpm/{kpm_id}", as_=dinsos(placed))).json()
    assert family["facts"]["p2k2_attended"] == 1


async def test_visit_of_a_day_of_the_successor_is_refused_to_the_former_pendamping(placed: Running) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    on = await days_later(placed)
    await handed_over(placed, on)
    assert (await record_visit(placed, kpm_id, on)).status_code == 404
    early = await record_visit(placed, kpm_id, on - timedelta(days=1), as_=companion(placed, OTHER))
    assert (early.status_code, early.json()["title"]) == (409, "VisitOutsideDampingan")


@pytest.mark.parametrize(("days", "status"), [(30, 201), (31, 422)])
@pytest.mark.parametrize("record", [record_visit, record_session])
async def test_work_is_entered_up_to_thirty_days_later(
    placed: Running, record: Any, days: int, status: int
) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    on = await today(placed)
    await days_later(placed, days)
    answer = await record(placed, kpm_id, on)
    assert answer.status_code == status, answer.text
    assert status == 201 or answer.json()["title"] == "DateTooEarly"


@pytest.mark.parametrize("record", [record_visit, record_session])
async def test_leave_is_judged_by_the_day_of_the_work(
    placed: Running, registry: Running, record: Any
) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    worked = await today(placed)
    leave, back = worked + timedelta(days=1), worked + timedelta(days=3)
    await set_status(registry, placed, "CUTI", leave)
    await set_status(registry, placed, "AKTIF", back)
    await days_later(placed)
    refused = await record(placed, kpm_id, leave)
    assert (refused.status_code, refused.json()["title"]) == (409, "PendampingInactive")
    assert (await record(placed, kpm_id, worked)).status_code == 201
    await days_later(placed, 2)
    refused = await record(placed, kpm_id, leave)
    assert (refused.status_code, refused.json()["title"]) == (409, "PendampingInactive")
    assert (await record(placed, kpm_id, back)).status_code == 201


async def test_status_that_arrives_later_flags_the_visit_and_the_session(
    placed: Running, registry: Running
) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    on = await today(placed)
    assert (await record_visit(placed, kpm_id, on)).status_code == 201
    assert (await record_session(placed, kpm_id, on)).status_code == 201
    for path in ("/v1/kunjungan", "/v1/p2k2"):
        (row,) = (await placed.get(path, as_=leader(placed))).json()["items"]
        assert row["flagged"] is False
        assert (await placed.get(f"{path}?flagged=true", as_=leader(placed))).json()["items"] == []
    await set_status(registry, placed, "CUTI", on)
    for path in ("/v1/kunjungan", "/v1/p2k2"):
        (row,) = (await placed.get(f"{path}?flagged=true", as_=leader(placed))).json()["items"]
        assert row["flagged"] is True


async def test_session_and_visit_leave_the_version_of_the_family(placed: Running) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    before = (await placed.get(f"/v1/kpm/{kpm_id}", as_=companion(placed))).json()["version"]
    assert (await record_visit(placed, kpm_id, await today(placed))).status_code == 201
    assert (await record_session(placed, kpm_id, await today(placed))).status_code == 201
    after = (await placed.get(f"/v1/kpm/{kpm_id}", as_=companion(placed))).json()
    assert (after["version"], after["facts"]["p2k2_attended"]) == (before, 1)


async def test_act_of_today_in_papua_is_no_future_day_in_jakarta(placed: Running) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    read = await placed.get("/v1/clock", as_=placed.token(Role.OPERATOR))
    day = datetime.fromisoformat(read.json()["now"]).date() + timedelta(days=2)
    await placed.set_clock(datetime(day.year, day.month, day.day, 16, 30, tzinfo=UTC))  # 23:30 in Jakarta
    tomorrow = day + timedelta(days=1)
    assert (await record_visit(placed, kpm_id, tomorrow)).status_code == 201
    assert (await record_session(placed, kpm_id, tomorrow)).status_code == 201
    later = await record_visit(placed, kpm_id, tomorrow + timedelta(days=1))
    assert (later.status_code, later.json()["title"]) == (422, "DateInTheFuture")
