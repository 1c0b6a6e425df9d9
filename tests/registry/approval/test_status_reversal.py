"""Dinsos requests and Kemensos approves that a wrong status is reversed (docs/case-lifecycle.md#two-person-requests)."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from tests.factories.approval import approve, read_request
from tests.factories.registry import commands
from tests.factories.services import Running, expect_refusal

DEATH_ON = "2026-02-10"


@pytest.fixture
async def dead(registry: Running) -> dict[str, Any]:
    """A placed pendamping whose death is recorded in error."""
    await registry.set_clock(commands.START)
    pendamping, _ = await commands.register_placed_pendamping(registry)
    await record(registry, pendamping, "MENINGGAL", DEATH_ON)
    return pendamping


async def record(registry: Running, pendamping: dict[str, Any], status: str, from_on: str) -> None:
    answer = await commands.change_status(registry, pendamping, status, reason="DICATAT", from_on=from_on)
    commands.expect_ok(answer)


async def read_pendamping(registry: Running, pendamping: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    return commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))


async def read_status(registry: Running, pendamping: dict[str, Any]) -> tuple[str, str]:
    shown = await read_pendamping(registry, pendamping)
    return shown["status"], shown["status_from_on"]


async def test_reversed_death_restores_the_status_and_the_placement(
    registry: Running, dead: dict[str, Any]
) -> None:
    count = len(await registry.read_envelopes())
    requested = await commands.request_status_reversal(registry, dead, "MENINGGAL", DEATH_ON)
    assert (await read_status(registry, dead))[0] == "MENINGGAL"
    commands.expect_ok(await approve(registry, requested))
    shown = await read_pendamping(registry, dead)
    assert (shown["status"], shown["status_from_on"]) == ("AKTIF", DEATH_ON)
    (placement,) = shown["penugasan"]
    assert (placement["valid_to"], placement["wilayah_tugas"][0]["valid_to"]) == (None, None)
    last = shown["status_history"][-1]
    assert (last["previous"], last["status"], last["reverses"]) == ("MENINGGAL", "AKTIF", 3)
    events = [
        (event["type"].split(".")[1], event["data"]) for event in (await registry.read_envelopes())[count:]
    ]
    assert [name for name, _ in events] == [
        "penugasan_started",
        "wilayah_tugas_placed",
        "pendamping_status_changed",
    ]
    started, placed, changed = (data for _, data in events)
    assert (changed["status"], changed["from_on"], changed["reverses"]) == ("AKTIF", DEATH_ON, "MENINGGAL")
    assert (started["valid_from"], started["valid_to"], placed["valid_to"]) == ("2025-10-03", None, None)


async def test_pendamping_who_is_back_can_be_placed_and_die_again(
    registry: Running, dead: dict[str, Any]
) -> None:
    commands.expect_ok(await commands.reverse_status(registry, dead, "MENINGGAL", DEATH_ON))
    terms = {"kind": "TAGANA", "employer_status": "RELAWAN", "valid_from": "2026-03-01"}
    commands.expect_ok(await commands.start_penugasan(registry, dead, **terms))
    await record(registry, dead, "MENINGGAL", "2026-02-20")
    assert await read_status(registry, dead) == ("MENINGGAL", "2026-02-20")
    ends = {one["valid_to"] for one in (await read_pendamping(registry, dead))["penugasan"]}
    assert ends == {"2026-02-20", "2026-03-01"}


async def test_final_status_with_a_wrong_day_is_corrected_to_an_earlier_one(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping, _ = await commands.register_placed_pendamping(registry)
    await record(registry, pendamping, "PENSIUN", "2026-02-10")
    commands.expect_ok(await commands.reverse_status(registry, pendamping, "PENSIUN", "2026-02-10"))
    early = await commands.change_status(registry, pendamping, "NONAKTIF", from_on="2026-02-01")
    expect_refusal(early, "DateBeforeLast")
    await record(registry, pendamping, "PENSIUN", "2026-02-01")
    assert await read_status(registry, pendamping) == ("PENSIUN", "2026-02-01")
    (placement,) = (await read_pendamping(registry, pendamping))["penugasan"]
    assert placement["valid_to"] == "2026-02-01"


async def test_planned_leave_that_a_wrong_retirement_voided_holds_again(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping, _ = await commands.register_placed_pendamping(registry)
    await record(registry, pendamping, "CUTI", "2026-03-10")
    await record(registry, pendamping, "PENSIUN", "2026-03-01")
    await registry.set_clock(datetime(2026, 3, 12, 2, tzinfo=UTC))
    commands.expect_ok(await commands.reverse_status(registry, pendamping, "PENSIUN", "2026-03-01"))
    assert await read_status(registry, pendamping) == ("CUTI", "2026-03-10")
    events = [event["data"] for event in await registry.read_envelopes() if "status" in event["data"]]
    assert [(one["status"], one["from_on"]) for one in events[-2:]] == [
        ("AKTIF", "2026-03-01"),
        ("CUTI", "2026-03-10"),
    ]


async def test_leave_of_the_past_that_never_was_is_reversed(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping, _ = await commands.register_placed_pendamping(registry)
    await record(registry, pendamping, "CUTI", "2026-02-01")
    await record(registry, pendamping, "AKTIF", "2026-02-10")
    commands.expect_ok(await commands.reverse_status(registry, pendamping, "CUTI", "2026-02-01"))
    assert await read_status(registry, pendamping) == ("AKTIF", "2026-02-10")
    again = await commands.request_status_reversal(registry, pendamping, "CUTI", "2026-02-01")
    expect_refusal(again, "StatusNotReversible")


async def test_status_that_the_next_one_needs_is_not_reversed(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping, _ = await commands.register_placed_pendamping(registry)
    await record(registry, pendamping, "CUTI", "2026-02-01")
    answer = await commands.request_status_reversal(registry, pendamping, "AKTIF", "2025-10-03")
    expect_refusal(answer, "NextStatusConflicts")


async def test_candidate_who_was_dismissed_in_error_is_a_candidate_again(registry: Running) -> None:
    """Without any area every office may request it."""
    await registry.set_clock(commands.START)
    pendamping = await commands.register_pendamping(registry, from_on="2026-01-01")
    await record(registry, pendamping, "DIBERHENTIKAN", "2026-02-01")
    commands.expect_ok(await commands.reverse_status(registry, pendamping, "DIBERHENTIKAN", "2026-02-01"))
    assert (await read_status(registry, pendamping))[0] == "CALON"


@pytest.mark.parametrize(
    ("status", "from_on", "title"),
    [
        ("PENSIUN", DEATH_ON, "StatusNotReversible"),
        ("MENINGGAL", "2026-02-11", "StatusNotReversible"),
        ("CALON", "2025-09-01", "StatusNotReversible"),
    ],
)
async def test_status_that_is_not_recorded_is_not_reversed(
    registry: Running, dead: dict[str, Any], status: str, from_on: str, title: str
) -> None:
    expect_refusal(await commands.request_status_reversal(registry, dead, status, from_on), title)


async def test_planned_status_is_taken_back_instead(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping, _ = await commands.register_placed_pendamping(registry)
    await record(registry, pendamping, "PENSIUN", "2026-04-01")
    answer = await commands.request_status_reversal(registry, pendamping, "PENSIUN", "2026-04-01")
    expect_refusal(answer, "StatusNotReversible")


@pytest.mark.parametrize(
    ("role", "area", "title", "status"),
    [
        ("KEMENSOS", "*", "NotAllowed", 403),
        ("KETUA_TIM_KABKOTA", "33.24", "NotAllowed", 403),
        ("DINSOS_KABKOTA", "33.25", "NotFound", 404),
    ],
)
async def test_only_an_office_of_the_area_requests_it(
    registry: Running, dead: dict[str, Any], role: str, area: str, title: str, status: int
) -> None:
    other = registry.token(role, "other-1", [area])
    scan = await registry.put_file(b"surat", as_=other)
    answer = await commands.request_status_reversal(
        registry, dead, "MENINGGAL", DEATH_ON, as_=other, evidence_sha256=scan
    )
    expect_refusal(answer, title, status)


async def test_office_reads_whose_service_ended_in_its_area(registry: Running, dead: dict[str, Any]) -> None:
    path = f"/v1/pendamping/{dead['pendamping_id']}"
    for area, status in (("33.24", 200), ("33.25", 404)):
        office = registry.token("DINSOS_KABKOTA", "dinsos-9", [area])
        assert (await registry.get(path, as_=office)).status_code == status
        listed = commands.expect_ok(await registry.get("/v1/pendamping", as_=office))
        assert listed["items"] == []
    _, moved = await commands.register_placed_pendamping(registry, "3324070101909001")
    ended = await commands.end_range(registry, "penugasan", moved["penugasan_id"], "2026-02-01")
    commands.expect_ok(ended)
    commands.expect_ok(await commands.change_status(registry, moved, "PENSIUN", from_on="2026-02-10"))
    office = registry.token("DINSOS_KABKOTA", "dinsos-9", ["33.24"])
    assert (await registry.get(f"/v1/pendamping/{moved['pendamping_id']}", as_=office)).status_code == 404


async def test_office_does_not_approve_and_sees_its_own_request(
    registry: Running, dead: dict[str, Any]
) -> None:
    requested = await commands.request_status_reversal(registry, dead, "MENINGGAL", DEATH_ON)
    other = registry.token("DINSOS_KABKOTA", "dinsos-kendal-2", ["33.24"])
    expect_refusal(await approve(registry, requested, other), "NotAllowed", 403)
    items = commands.expect_ok(await registry.get("/v1/approval-request", as_=other))["items"]
    assert [one["kind"] for one in items] == ["STATUS_REVERSAL"]
    province = registry.token("KEMENSOS", "kemensos-33", ["33"])
    expect_refusal(await approve(registry, requested, province), "NotAllowed", 403)
    assert (await read_request(registry, requested))["state"] == "REQUESTED"


async def test_placement_that_ended_by_itself_stays_ended(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    body = {"valid_to": "2026-02-01", "reason": "PINDAH_TUGAS"}
    path = f"/v1/penugasan/{penugasan['penugasan_id']}/end"
    commands.expect_ok(await registry.post(path, body, as_=commands.ministry_token(registry)))
    await record(registry, pendamping, "MENINGGAL", DEATH_ON)
    count = len(await registry.read_envelopes())
    commands.expect_ok(await commands.reverse_status(registry, pendamping, "MENINGGAL", DEATH_ON))
    assert len(await registry.read_envelopes()) == count + 1
    (placement,) = (await read_pendamping(registry, pendamping))["penugasan"]
    assert placement["valid_to"] == "2026-02-01"


async def test_placement_with_an_end_gets_that_end_again(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry, since="2025-09-01")
    commands.expect_ok(await commands.start_penugasan(registry, pendamping, valid_to="2026-10-03"))
    await record(registry, pendamping, "MENINGGAL", DEATH_ON)
    commands.expect_ok(await commands.reverse_status(registry, pendamping, "MENINGGAL", DEATH_ON))
    (placement,) = (await read_pendamping(registry, pendamping))["penugasan"]
    assert placement["valid_to"] == "2026-10-03"


async def test_placement_of_a_kind_that_has_ended_stays_ended(
    registry: Running, dead: dict[str, Any]
) -> None:
    token = commands.ministry_token(registry)
    kinds = commands.expect_ok(
        await registry.get("/v1/pilar-kind?on=2026-03-01&kind=PKH_PENDAMPING", as_=token)
    )
    body = {"valid_to": "2026-02-20", "successor_kind": "TKSK", "reason": "RESTRUKTURISASI"}
    path = f"/v1/pilar-kind/{kinds['items'][0]['pilar_kind_id']}/end"
    commands.expect_ok(await registry.post(path, body, as_=token))
    commands.expect_ok(await commands.reverse_status(registry, dead, "MENINGGAL", DEATH_ON))
    (placement,) = (await read_pendamping(registry, dead))["penugasan"]
    assert placement["valid_to"] == DEATH_ON


async def test_days_in_service_count_through_a_reversed_death(
    registry: Running, dead: dict[str, Any]
) -> None:
    token = commands.ministry_token(registry)
    target = {"year": 2026, "kind": "PKH_PENDAMPING", "per_person": 10, "basis": "Kerangka kerja"}
    commands.expect_ok(await registry.post("/v1/target", target, as_=token))
    path = f"/v1/pendamping/{dead['pendamping_id']}/scorecard?year=2026"
    before = commands.expect_ok(await registry.get(path, as_=token))
    commands.expect_ok(await commands.reverse_status(registry, dead, "MENINGGAL", DEATH_ON))
    after = commands.expect_ok(await registry.get(path, as_=token))
    assert before != after
    assert "365 days in service" in str(after)


async def test_database_refuses_the_way_back_without_a_request(
    registry: Running, dead: dict[str, Any]
) -> None:
    await registry.expect_sql_refusal(
        f"UPDATE pendamping SET status = 'AKTIF' WHERE pendamping_id = '{dead['pendamping_id']}'",
        asyncpg.CheckViolationError,
    )
