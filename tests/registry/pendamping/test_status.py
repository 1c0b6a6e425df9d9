"""Status changes: allowed transitions, dates, reasons, and the end of placements."""

import asyncio

import asyncpg
import pytest

from services.registry.pendamping.models import FINAL_STATUSES, TRANSITIONS
from shared.contracts.kinds import PendampingStatus
from tests.factories.registry import commands
from tests.factories.services import Running
from tests.factories.transactions import EVENT_AND_ANSWER, one_transaction


async def test_each_status_is_stored_with_who_recorded_it_and_why(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_pendamping(registry, from_on="2025-09-01")
    commands.expect_ok(await commands.change_status(registry, pendamping, "AKTIF", from_on="2025-10-03"))
    changed = commands.expect_ok(
        await commands.change_status(registry, pendamping, "CUTI", reason="CUTI_MELAHIRKAN")
    )
    assert (changed["status"], changed["status_from_on"], changed["version"]) == ("CUTI", "2026-03-01", 3)
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    view = commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))
    history = [
        (row["previous"], row["status"], row["reason"], row["from_on"]) for row in view["status_history"]
    ]
    assert history == [
        (None, "CALON", "PENDAFTARAN", "2025-09-01"),
        ("CALON", "AKTIF", "SK_PENGANGKATAN", "2025-10-03"),
        ("AKTIF", "CUTI", "CUTI_MELAHIRKAN", "2026-03-01"),
    ]
    assert {row["recorded_by"] for row in view["status_history"]} == {"kemensos-1"}
    event = (await registry.read_envelopes())[-1]
    assert event["type"] == "registry.pendamping_status_changed.v1"
    assert event["data"]["reason"] == "CUTI_MELAHIRKAN"


async def test_a_final_status_cannot_be_changed(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    commands.expect_ok(
        await commands.change_status(registry, pendamping, "MENINGGAL", reason="MENINGGAL_DUNIA")
    )
    for status in PendampingStatus.known():
        answer = await commands.change_status(registry, pendamping, status.value)
        assert (answer.status_code, answer.json()["title"]) == (409, "IllegalTransition")


async def test_a_calon_cannot_take_leave(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    answer = await commands.change_status(registry, pendamping, "CUTI")
    assert answer.json()["detail"] == "This pendamping is CALON: it cannot become CUTI."


def test_a_status_without_transitions_is_final() -> None:
    assert set(TRANSITIONS) | FINAL_STATUSES == set(PendampingStatus.known())
    assert not FINAL_STATUSES & set(TRANSITIONS)


async def test_the_database_refuses_an_illegal_transition_in_the_history(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    with pytest.raises(asyncpg.CheckViolationError, match="ck_pendamping_status_history_move_legal"):
        await registry.sql(
            "INSERT INTO pendamping_status_history (status_history_id, pendamping_id, number, previous, status, reason,"
            " from_on, recorded_at, recorded_by) SELECT uuidv7(), pendamping_id, 2, 'PENSIUN', 'AKTIF', 'X',"
            " from_on, recorded_at, recorded_by FROM pendamping_status_history WHERE pendamping_id = $1",
            pendamping["pendamping_id"],
        )


@pytest.mark.parametrize("table", ["pendamping_status_history", "range_history", "target"])
@pytest.mark.parametrize("privilege", ["UPDATE", "DELETE", "TRUNCATE"])
async def test_histories_and_targets_are_append_only(registry: Running, table: str, privilege: str) -> None:
    for role in ("registry_api", "registry_worker"):
        (row,) = await registry.sql("SELECT has_table_privilege($1, $2, $3) AS may", role, table, privilege)
        assert not row["may"]


@pytest.mark.parametrize(
    ("from_on", "title"), [("2027-03-03", "DateTooLate"), ("2025-08-31", "DateBeforeLast")]
)
async def test_a_status_from_too_far_ahead_or_before_the_last_one_is_refused(
    registry: Running, from_on: str, title: str
) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_pendamping(registry, from_on="2025-09-01")
    answer = await commands.change_status(registry, pendamping, "AKTIF", from_on=from_on)
    assert answer.json()["title"] == title
    assert len(await registry.read_envelopes()) == 1


async def test_a_final_status_ends_every_placement_and_area(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    final = {"reason": "BATAS_USIA", "from_on": "2026-02-01"}
    commands.expect_ok(await commands.change_status(registry, pendamping, "PENSIUN", **final))
    events = [event for event in await registry.read_envelopes() if event["type"].endswith("_ended.v1")]
    assert [event["type"].split(".")[1] for event in events] == ["wilayah_tugas_ended", "penugasan_ended"]
    assert {event["data"]["valid_to"] for event in events} == {"2026-02-01"}
    assert {event["data"]["reason"] for event in events} == {"PENSIUN"}
    assert events[1]["data"]["penugasan_id"] == penugasan["penugasan_id"]
    answer = await commands.start_penugasan(registry, pendamping, valid_from="2026-03-01")
    assert (answer.status_code, answer.json()["title"]) == (409, "PendampingHasLeft")


async def test_a_final_status_emits_no_event_of_a_placement_that_was_cancelled_before(
    registry: Running,
) -> None:
    await registry.set_clock(commands.START)
    pendamping, _ = await commands.register_placed_pendamping(registry)
    terms = {"kind": "TAGANA", "employer_status": "RELAWAN", "valid_from": "2026-09-01"}
    future = commands.expect_ok(await commands.start_penugasan(registry, pendamping, **terms))
    commands.expect_ok(await commands.place_wilayah_tugas(registry, future))
    body = {"valid_to": "2026-09-01", "reason": "BATAL"}
    path = f"/v1/penugasan/{future['penugasan_id']}/end"
    commands.expect_ok(await registry.post(path, body, as_=commands.ministry_token(registry)))
    count = len(await registry.read_envelopes())
    commands.expect_ok(await commands.change_status(registry, pendamping, "PENSIUN", reason="BATAS_USIA"))
    events = (await registry.read_envelopes())[count:]
    assert len(events) == 3
    assert future["penugasan_id"] not in {event["data"].get("penugasan_id") for event in events}


async def test_one_of_eight_simultaneous_changes_is_accepted(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    answers = await asyncio.gather(*[commands.change_status(registry, pendamping, "AKTIF") for _ in range(8)])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    types = [event["type"] for event in await registry.read_envelopes()]
    assert types.count("registry.pendamping_status_changed.v1") == 1


async def test_a_reason_that_is_not_a_code_is_refused(registry: Running) -> None:
    """The reason is published in the event, so it must not be free text."""
    pendamping = await commands.register_pendamping(registry)
    for reason in ("karena Siti sakit", "NIK_3324075211879001", ""):
        assert (await commands.change_status(registry, pendamping, "AKTIF", reason=reason)).status_code == 422


async def test_status_history_and_event_are_of_one_transaction(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    async with one_transaction(registry, "pendamping", "pendamping_status_history", *EVENT_AND_ANSWER):
        commands.expect_ok(await commands.change_status(registry, pendamping, "AKTIF"))
