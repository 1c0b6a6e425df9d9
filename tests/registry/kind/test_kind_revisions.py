"""The kinds of pilar sosial as effective-dated rules: revised, ended with a successor, kept, and obeyed by placements."""

import asyncio
from typing import Any

import asyncpg
import pytest

from shared.contracts.kinds import PilarKind
from tests.factories.registry import commands
from tests.factories.services import Running

TKSK = {
    "kind": "TKSK",
    "name": "Tenaga kesejahteraan sosial kecamatan",
    "ditjen": "REHSOS",
    "level": "KECAMATAN",
    "held_by": "PERSON",
    "source": "Permensos 1/2026",
    "valid_from": "2026-07-01",
}


async def kinds(registry: Running, query: str = "") -> list[dict[str, Any]]:
    answer = await registry.get(f"/v1/pilar-kind?limit=200{query}", as_=commands.ministry(registry))
    return commands.made(answer)["items"]


async def revise(registry: Running, **more: Any) -> Any:
    return await registry.post("/v1/pilar-kind", TKSK | more, as_=commands.ministry(registry))


async def end(registry: Running, row: dict[str, Any], valid_to: str, successor: str | None = None) -> Any:
    body = {"valid_to": valid_to, "reason": "RESTRUKTURISASI"} | (
        {"successor_kind": successor} if successor else {}
    )
    return await registry.post(
        f"/v1/pilar-kind/{row['pilar_kind_id']}/end", body, as_=commands.ministry(registry)
    )


async def test_and_every_kind_that_travels_is_there_from_the_first_day(registry: Running) -> None:
    assert {row["kind"] for row in await kinds(registry)} == {kind.value for kind in PilarKind.known()}
    (tksk,) = await kinds(registry, "&kind=TKSK")
    assert (tksk["ditjen"], tksk["level"], tksk["held_by"], tksk["successor_kind"]) == (
        "DAYASOS",
        "KECAMATAN",
        "PERSON",
        None,
    )


async def test_and_a_revision_ends_what_held_and_keeps_it(registry: Running) -> None:
    made = commands.made(await revise(registry))
    assert commands.made(await revise(registry)) == made
    held = [
        (row["ditjen"], row["valid_from"], row["valid_to"]) for row in await kinds(registry, "&kind=TKSK")
    ]
    assert held == [("DAYASOS", "2000-01-01", "2026-07-01"), ("REHSOS", "2026-07-01", None)]
    for day, ditjen in (("2026-06-30", "DAYASOS"), ("2026-07-01", "REHSOS")):
        (row,) = await kinds(registry, f"&kind=TKSK&on={day}")
        assert row["ditjen"] == ditjen
    kept = await registry.sql(
        "SELECT number, valid_to::text, reason FROM range_history WHERE thing = 'PILAR_KIND' AND thing_id ="
        " (SELECT pilar_kind_id FROM pilar_kind WHERE kind = 'TKSK' AND version = 2) ORDER BY number"
    )
    assert [tuple(row) for row in kept] == [(1, None, "ISI_PERTAMA"), (2, "2026-07-01", "REVISI")]


@pytest.mark.parametrize("day", ["2026-06-30", "1999-01-01"])
async def test_and_a_revision_is_never_slipped_in_before_the_last(registry: Running, day: str) -> None:
    commands.made(await revise(registry))
    answer = await revise(registry, valid_from=day)
    assert (answer.status_code, answer.json()["title"]) == (409, "VersionNotLatest")
    assert "2026-07-01" in answer.json()["detail"]


async def test_and_of_many_who_revise_it_at_once_one_does(registry: Running) -> None:
    answers = await asyncio.gather(*[revise(registry, name=f"TKSK {n}") for n in range(6)])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert {answer.json()["title"] for answer in answers if answer.status_code == 409} == {"VersionNotLatest"}


async def test_and_an_end_names_what_follows(registry: Running) -> None:
    (row,) = await kinds(registry, "&kind=REHSOS_TUNSOS_KPO")
    ended = commands.made(await end(registry, row, "2026-07-01", "REHSOS_PENDAMPING"))
    assert (ended["valid_to"], ended["successor_kind"], ended["version"]) == (
        "2026-07-01",
        "REHSOS_PENDAMPING",
        2,
    )
    again = await end(registry, row, "2026-07-01")
    assert (again.status_code, again.json()["title"]) == (409, "EndAlreadySet")
    person = await commands.pendamping(registry)
    terms = {"kind": "REHSOS_TUNSOS_KPO", "ditjen": "REHSOS", "valid_to": "2026-08-01"}
    answer = await commands.penugasan(registry, person, **terms)
    assert (answer.status_code, answer.json()["title"]) == (422, "KindNotInForce")
    assert "REHSOS_PENDAMPING" in answer.json()["detail"]
    commands.made(await commands.penugasan(registry, person, **terms | {"valid_to": "2026-07-01"}))


async def test_and_a_successor_is_another_kind_in_force(registry: Running) -> None:
    (row,) = await kinds(registry, "&kind=KONSELOR_ADIKSI")
    (other,) = await kinds(registry, "&kind=REHSOS_TUNSOS_KPO")
    commands.made(await end(registry, other, "2026-01-01"))
    for successor in ("KONSELOR_ADIKSI", "REHSOS_TUNSOS_KPO"):
        answer = await end(registry, row, "2026-07-01", successor)
        assert (answer.status_code, answer.json()["title"]) == (422, "SuccessorUnknown")
    assert (await end(registry, row, "2000-01-01")).json()["title"] == "InvalidRange"


async def test_and_nobody_serves_as_a_kind_that_has_ended(registry: Running) -> None:
    person = await commands.pendamping(registry)
    held = commands.made(await commands.penugasan(registry, person, kind="TAGANA", employer_status="RELAWAN"))
    (row,) = await kinds(registry, "&kind=TAGANA")
    answer = await end(registry, row, "2026-07-01")
    assert (answer.status_code, answer.json()["title"]) == (409, "KindStillHeld")
    stop = {"valid_to": "2026-07-01", "reason": "RESTRUKTURISASI"}
    path = f"/v1/penugasan/{held['penugasan_id']}/end"
    commands.made(await registry.post(path, stop, as_=commands.ministry(registry)))
    commands.made(await end(registry, row, "2026-07-01"))


async def test_and_a_placement_may_run_through_revisions_without_a_gap(registry: Running) -> None:
    commands.made(await revise(registry))
    person = await commands.pendamping(registry)
    commands.made(await commands.penugasan(registry, person, kind="TKSK", ditjen="DAYASOS"))


async def test_and_of_a_start_and_an_end_at_once_not_both_win(registry: Running) -> None:
    (row,) = await kinds(registry, "&kind=PSM")
    people = [await commands.pendamping(registry, f"332407010190900{n}") for n in range(1, 5)]
    starts = [
        commands.penugasan(registry, person, kind="PSM", employer_status="RELAWAN") for person in people
    ]
    *started, ended = await asyncio.gather(*starts, end(registry, row, "2026-07-01"))
    assert (ended.status_code == 201) != any(answer.status_code == 201 for answer in started)


async def test_and_is_set_by_the_ministry_alone_and_read_by_offices(registry: Running) -> None:
    dinsos = registry.token("DINSOS_KABKOTA", areas=["33.24"])
    regional = registry.token("KEMENSOS", areas=["33"])
    for token in (dinsos, regional):
        answer = await registry.post("/v1/pilar-kind", TKSK, as_=token)
        assert (answer.status_code, answer.json()["title"]) == (403, "NotAllowed")
    assert (await registry.get("/v1/pilar-kind", as_=dinsos)).status_code == 200


@pytest.mark.parametrize("role", ["database_url", "worker_database_url"])
async def test_and_the_database_refuses_an_overlap_by_itself(registry: Running, role: str) -> None:
    connection = await asyncpg.connect(getattr(registry.settings, role))
    try:
        for day, error in (
            ("2010-01-01", asyncpg.ExclusionViolationError),
            ("2000-01-01", asyncpg.IntegrityConstraintViolationError),
        ):
            with pytest.raises(error):
                await connection.execute(
                    "INSERT INTO pilar_kind (pilar_kind_id, kind, name, ditjen, level, held_by, source, valid_from,"
                    " version, set_at, set_by) SELECT uuidv7(), kind, name, ditjen, level, held_by, source,"
                    f" DATE '{day}', 1, set_at, set_by FROM pilar_kind WHERE kind = 'TKSK'"
                )
    finally:
        await connection.close()
