"""Two people of Kemensos dismiss a pendamping (docs/case-lifecycle.md#two-person-requests)."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from tests.factories.approval import approve, read_request
from tests.factories.registry import commands
from tests.factories.services import Running, expect_refusal
from tests.factories.transactions import EVENT_AND_ANSWER, one_transaction


async def request_dismissal(registry: Running, pendamping: dict[str, Any], **more: Any) -> Any:
    token = commands.ministry_token(registry)
    scan = await registry.put_file(b"putusan etik", as_=token)
    body = {"status": "DIBERHENTIKAN", "reason": "PELANGGARAN_ETIK", "evidence_sha256": scan} | more
    path = f"/v1/pendamping/{pendamping['pendamping_id']}/status"
    return await registry.post(path, body, as_=token)


async def read_pendamping(registry: Running, pendamping: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    return commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))


async def test_dismissal_waits_for_another_person(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping, _ = await commands.register_placed_pendamping(registry)
    count = len(await registry.read_envelopes())
    requested = await request_dismissal(registry, pendamping)
    assert requested.status_code == 202
    assert (await read_pendamping(registry, pendamping))["status"] == "AKTIF"
    assert len(await registry.read_envelopes()) == count
    expect_refusal(await approve(registry, requested, commands.ministry_token(registry)), "DecidedByLodger")
    commands.expect_ok(await approve(registry, requested))
    shown = await read_pendamping(registry, pendamping)
    assert (shown["status"], shown["status_from_on"]) == ("DIBERHENTIKAN", "2026-03-01")
    last = shown["status_history"][-1]
    assert (last["recorded_by"], last["approval_request_id"]) == (
        "kemensos-9",
        requested.json()["approval_request_id"],
    )
    types = [event["type"].split(".")[1] for event in (await registry.read_envelopes())[count:]]
    assert types == ["pendamping_status_changed", "wilayah_tugas_ended", "penugasan_ended"]


async def test_first_day_of_a_dismissal_without_a_day_is_that_of_the_approval(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    requested = await request_dismissal(registry, pendamping)
    await registry.set_clock(datetime(2026, 3, 9, 2, tzinfo=UTC))
    commands.expect_ok(await approve(registry, requested))
    assert (await read_pendamping(registry, pendamping))["status_from_on"] == "2026-03-09"


async def test_dismissal_of_somebody_who_has_retired_since_lapses(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    requested = await request_dismissal(registry, pendamping)
    commands.expect_ok(await commands.change_status(registry, pendamping, "PENSIUN", reason="BATAS_USIA"))
    expect_refusal(await approve(registry, requested), "IllegalTransition")
    shown = await read_request(registry, requested)
    assert (shown["state"], shown["refused_as"]) == ("LAPSED", "IllegalTransition")
    await registry.set_clock(datetime(2026, 4, 9, 2, tzinfo=UTC))
    await registry.work()
    assert (await read_request(registry, requested))["state"] == "LAPSED"


async def test_planned_dismissal_takes_effect_on_its_day(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    commands.expect_ok(
        await approve(registry, await request_dismissal(registry, pendamping, from_on="2026-03-20"))
    )
    assert (await read_pendamping(registry, pendamping))["status"] == "AKTIF"
    await registry.set_clock(datetime(2026, 3, 20, 2, tzinfo=UTC))
    await registry.work()
    assert (await read_pendamping(registry, pendamping))["status"] == "DIBERHENTIKAN"


@pytest.mark.parametrize(
    ("status", "from_on"),
    [("AKTIF", "2026-03-20"), ("PENSIUN", "2026-03-20"), ("PENSIUN", "2026-03-05"), ("MUTASI", "2026-03-01")],
)
async def test_one_person_does_not_undo_a_planned_dismissal(
    registry: Running, status: str, from_on: str
) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    planned = {"reason": "PELANGGARAN_ETIK", "from_on": "2026-03-20"}
    commands.expect_ok(await commands.change_status(registry, pendamping, "DIBERHENTIKAN", **planned))
    answer = await commands.change_status(registry, pendamping, status, from_on=from_on)
    expect_refusal(answer, "DismissalApproved")
    leave = await commands.change_status(registry, pendamping, "CUTI", from_on="2026-03-03")
    commands.expect_ok(leave)
    commands.expect_ok(await commands.reverse_status(registry, pendamping, "DIBERHENTIKAN", "2026-03-20"))
    await registry.set_clock(datetime(2026, 3, 21, 2, tzinfo=UTC))
    await registry.work()
    assert (await read_pendamping(registry, pendamping))["status"] == "CUTI"


async def test_death_goes_before_a_planned_dismissal(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    planned = {"reason": "PELANGGARAN_ETIK", "from_on": "2026-03-20"}
    commands.expect_ok(await commands.change_status(registry, pendamping, "DIBERHENTIKAN", **planned))
    commands.expect_ok(await commands.change_status(registry, pendamping, "MENINGGAL"))
    assert (await read_pendamping(registry, pendamping))["status"] == "MENINGGAL"


@pytest.mark.parametrize(
    ("more", "title"),
    [
        ({"evidence_sha256": None}, "ApprovalEvidenceMissing"),
        ({"evidence_sha256": "0" * 64}, "FileNotUploaded"),
        ({"from_on": "2028-01-01"}, "DateTooLate"),
        ({"from_on": "1999-01-01"}, "DateBeforeLast"),
    ],
)
async def test_dismissal_that_would_be_refused_is_not_requested(
    registry: Running, more: dict[str, Any], title: str
) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    assert (await request_dismissal(registry, pendamping, **more)).json()["title"] == title


async def test_request_of_a_dismissal_is_visible_to_the_whole_country_only(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    assert (await request_dismissal(registry, pendamping)).status_code == 202
    dinsos = registry.token("DINSOS_KABKOTA", "dinsos-kendal-1", ["33.24"])
    for token, count in ((dinsos, 0), (commands.ministry_token(registry), 1)):
        items = commands.expect_ok(await registry.get("/v1/approval-request", as_=token))["items"]
        assert len(items) == count


async def test_dismissal_and_approval_are_of_one_transaction(registry: Running) -> None:
    pendamping = await commands.register_active_pendamping(registry)
    requested = await request_dismissal(registry, pendamping)
    tables = ("approval_request", "pendamping", "pendamping_status_history", *EVENT_AND_ANSWER)
    async with one_transaction(registry, *tables):
        commands.expect_ok(await approve(registry, requested))


async def test_database_refuses_a_dismissal_without_a_request(registry: Running) -> None:
    await commands.register_active_pendamping(registry)
    await registry.expect_sql_refusal(
        "INSERT INTO pendamping_status_history (status_history_id, pendamping_id, number, previous, status, reason,"
        " from_on, recorded_at, recorded_by) SELECT uuidv7(), pendamping_id, 99, 'AKTIF', 'DIBERHENTIKAN', 'X',"
        " from_on, recorded_at, recorded_by FROM pendamping_status_history LIMIT 1",
        asyncpg.CheckViolationError,
    )
