"""The life of a status: legal moves, dates, reasons, and what an end takes with it."""

import asyncio

import asyncpg
import pytest

from services.registry.pendamping.models import FINAL_STATUSES, TRANSITIONS
from shared.contracts.kinds import PendampingStatus
from tests.factories.registry import commands
from tests.factories.services import Running


async def test_and_every_status_is_kept_with_who_and_why(registry: Running) -> None:
    await registry.set_clock(commands.START)
    person = await commands.pendamping(registry, from_on="2025-09-01")
    commands.made(await commands.status(registry, person, "AKTIF", from_on="2025-10-03"))
    changed = commands.made(await commands.status(registry, person, "CUTI", reason="CUTI_MELAHIRKAN"))
    assert (changed["status"], changed["status_from_on"], changed["version"]) == ("CUTI", "2026-03-01", 3)
    shown = commands.made(
        await registry.get(f"/v1/pendamping/{person['pendamping_id']}", as_=commands.ministry(registry))
    )
    held = [
        (row["previous"], row["status"], row["reason"], row["from_on"]) for row in shown["status_history"]
    ]
    assert held == [
        (None, "CALON", "PENDAFTARAN", "2025-09-01"),
        ("CALON", "AKTIF", "SK_PENGANGKATAN", "2025-10-03"),
        ("AKTIF", "CUTI", "CUTI_MELAHIRKAN", "2026-03-01"),
    ]
    assert {row["recorded_by"] for row in shown["status_history"]} == {"kemensos-1"}
    told = (await registry.emitted())[-1]
    assert told["type"] == "registry.pendamping_status_changed.v1"
    assert told["data"]["reason"] == "CUTI_MELAHIRKAN"


async def test_and_nobody_comes_back_from_an_end(registry: Running) -> None:
    person = await commands.pendamping(registry)
    commands.made(await commands.status(registry, person, "MENINGGAL", reason="MENINGGAL_DUNIA"))
    for wanted in PendampingStatus.known():
        answer = await commands.status(registry, person, wanted.value)
        assert (answer.status_code, answer.json()["title"]) == (409, "IllegalTransition")


async def test_and_a_candidate_does_not_take_leave(registry: Running) -> None:
    answer = await commands.status(registry, await commands.pendamping(registry), "CUTI")
    assert answer.json()["detail"] == "This pendamping is CALON and cannot become CUTI."


def test_and_every_status_but_the_ends_leads_somewhere() -> None:
    assert set(TRANSITIONS) | FINAL_STATUSES == set(PendampingStatus.known())
    assert not FINAL_STATUSES & set(TRANSITIONS)


async def test_and_the_database_refuses_an_illegal_move_by_itself(registry: Running) -> None:
    person = await commands.pendamping(registry)
    with pytest.raises(asyncpg.CheckViolationError, match="ck_pendamping_status_history_move_legal"):
        await registry.sql(
            "INSERT INTO pendamping_status_history (status_history_id, pendamping_id, number, previous, status, reason,"
            " from_on, recorded_at, recorded_by) SELECT uuidv7(), pendamping_id, 2, 'PENSIUN', 'AKTIF', 'X',"
            " from_on, recorded_at, recorded_by FROM pendamping_status_history WHERE pendamping_id = $1",
            person["pendamping_id"],
        )


@pytest.mark.parametrize("table", ["pendamping_status_history", "range_history", "target"])
@pytest.mark.parametrize("privilege", ["UPDATE", "DELETE", "TRUNCATE"])
async def test_and_history_cannot_be_rewritten(registry: Running, table: str, privilege: str) -> None:
    for role in ("registry_api", "registry_worker"):
        (row,) = await registry.sql("SELECT has_table_privilege($1, $2, $3) AS may", role, table, privilege)
        assert not row["may"]


@pytest.mark.parametrize(
    ("from_on", "title"), [("2026-03-02", "DateInTheFuture"), ("2025-08-31", "DateBeforeLast")]
)
async def test_and_only_between_the_last_one_and_today(registry: Running, from_on: str, title: str) -> None:
    await registry.set_clock(commands.START)
    person = await commands.pendamping(registry, from_on="2025-09-01")
    answer = await commands.status(registry, person, "AKTIF", from_on=from_on)
    assert answer.json()["title"] == title
    assert len(await registry.emitted()) == 1


async def test_and_an_end_ends_every_placement_and_area(registry: Running) -> None:
    await registry.set_clock(commands.START)
    person, held = await commands.placed(registry)
    commands.made(
        await commands.status(registry, person, "PENSIUN", reason="BATAS_USIA", from_on="2026-02-01")
    )
    told = [event for event in await registry.emitted() if event["type"].endswith("_ended.v1")]
    assert [event["type"].split(".")[1] for event in told] == ["wilayah_tugas_ended", "penugasan_ended"]
    assert {event["data"]["valid_to"] for event in told} == {"2026-02-01"}
    assert {event["data"]["reason"] for event in told} == {"PENSIUN"}
    assert told[1]["data"]["penugasan_id"] == held["penugasan_id"]
    answer = await commands.penugasan(registry, person, valid_from="2026-03-01")
    assert (answer.status_code, answer.json()["title"]) == (409, "PendampingHasLeft")


async def test_and_an_end_says_nothing_of_what_was_called_off_before(registry: Running) -> None:
    await registry.set_clock(commands.START)
    person, _ = await commands.placed(registry)
    terms = {"kind": "TAGANA", "employer_status": "RELAWAN", "valid_from": "2026-09-01"}
    ahead = commands.made(await commands.penugasan(registry, person, **terms))
    commands.made(await commands.wilayah_tugas(registry, ahead))
    body = {"valid_to": "2026-09-01", "reason": "BATAL"}
    path = f"/v1/penugasan/{ahead['penugasan_id']}/end"
    commands.made(await registry.post(path, body, as_=commands.ministry(registry)))
    told = len(await registry.emitted())
    commands.made(await commands.status(registry, person, "PENSIUN", reason="BATAS_USIA"))
    after = (await registry.emitted())[told:]
    assert len(after) == 3
    assert ahead["penugasan_id"] not in {event["data"].get("penugasan_id") for event in after}


async def test_and_of_many_who_change_it_at_once_one_does(registry: Running) -> None:
    person = await commands.pendamping(registry)
    answers = await asyncio.gather(*[commands.status(registry, person, "AKTIF") for _ in range(8)])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    kinds = [event["type"] for event in await registry.emitted()]
    assert kinds.count("registry.pendamping_status_changed.v1") == 1


async def test_and_a_reason_is_a_code_because_it_travels(registry: Running) -> None:
    person = await commands.pendamping(registry)
    for reason in ("karena Siti sakit", "NIK_3324075211879001", ""):
        assert (await commands.status(registry, person, "AKTIF", reason=reason)).status_code == 422
