"""Kinds of pilar sosial as dated versions: revised, ended, stored, and required by placements."""

import asyncio
from typing import Any

import asyncpg
import httpx
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


async def list_kinds(registry: Running, query: str = "") -> list[dict[str, Any]]:
    path = f"/v1/pilar-kind?limit=200{query}"
    return commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))["items"]


async def revise_kind(registry: Running, **overrides: Any) -> httpx.Response:
    return await registry.post("/v1/pilar-kind", TKSK | overrides, as_=commands.ministry_token(registry))


async def end_kind(
    registry: Running, kind: dict[str, Any], valid_to: str, successor: str | None = None
) -> httpx.Response:
    body = {"valid_to": valid_to, "reason": "RESTRUKTURISASI"} | (
        {"successor_kind": successor} if successor else {}
    )
    path = f"/v1/pilar-kind/{kind['pilar_kind_id']}/end"
    return await registry.post(path, body, as_=commands.ministry_token(registry))


async def test_the_initial_content_has_every_known_kind(registry: Running) -> None:
    assert {row["kind"] for row in await list_kinds(registry)} == {kind.value for kind in PilarKind.known()}
    (tksk,) = await list_kinds(registry, "&kind=TKSK")
    assert (tksk["ditjen"], tksk["level"], tksk["held_by"], tksk["successor_kind"]) == (
        "DAYASOS",
        "KECAMATAN",
        "PERSON",
        None,
    )


async def test_a_revision_ends_the_previous_version_and_stores_it(registry: Running) -> None:
    revision = commands.expect_ok(await revise_kind(registry))
    assert commands.expect_ok(await revise_kind(registry)) == revision
    versions = [
        (row["ditjen"], row["valid_from"], row["valid_to"])
        for row in await list_kinds(registry, "&kind=TKSK")
    ]
    assert versions == [("DAYASOS", "2000-01-01", "2026-07-01"), ("REHSOS", "2026-07-01", None)]
    for day, ditjen in (("2026-06-30", "DAYASOS"), ("2026-07-01", "REHSOS")):
        (row,) = await list_kinds(registry, f"&kind=TKSK&on={day}")
        assert row["ditjen"] == ditjen
    history = await registry.sql(
        "SELECT number, valid_to::text, reason FROM range_history WHERE thing = 'PILAR_KIND' AND thing_id ="
        " (SELECT pilar_kind_id FROM pilar_kind WHERE kind = 'TKSK' AND version = 2) ORDER BY number"
    )
    assert [tuple(row) for row in history] == [(1, None, "ISI_PERTAMA"), (2, "2026-07-01", "REVISI")]


@pytest.mark.parametrize("day", ["2026-06-30", "1999-01-01"])
async def test_a_revision_before_the_latest_version_is_refused(registry: Running, day: str) -> None:
    commands.expect_ok(await revise_kind(registry))
    answer = await revise_kind(registry, valid_from=day)
    assert (answer.status_code, answer.json()["title"]) == (409, "VersionNotLatest")
    assert "2026-07-01" in answer.json()["detail"]


async def test_one_of_six_simultaneous_revisions_is_in_force(registry: Running) -> None:
    answers = await asyncio.gather(*[revise_kind(registry, name=f"TKSK {n}") for n in range(6)])
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["title"] for answer in answers if answer.status_code == 409} <= {"VersionJustSet"}
    (row,) = await list_kinds(registry, "&kind=TKSK&on=2026-07-01")
    assert row["pilar_kind_id"] in {one.json().get("pilar_kind_id") for one in answers}


async def test_revision_with_wrong_terms_is_replaced_on_its_day(registry: Running) -> None:
    wrong = commands.expect_ok(await revise_kind(registry, held_by="LEMBAGA"))
    right = commands.expect_ok(await revise_kind(registry))
    (row,) = await list_kinds(registry, "&kind=TKSK&on=2026-07-01")
    assert row == right | {"set_at": row["set_at"]}
    ranges = {row["pilar_kind_id"]: row["valid_to"] for row in await list_kinds(registry, "&kind=TKSK")}
    assert (ranges[wrong["pilar_kind_id"]], len(ranges)) == ("2026-07-01", 3)
    assert commands.expect_ok(await revise_kind(registry)) == right
    pendamping = await commands.register_pendamping(registry)
    commands.expect_ok(await commands.start_penugasan(registry, pendamping, kind="TKSK"))


async def test_revision_of_a_wrong_later_day_is_replaced_by_one_of_an_earlier_day(registry: Running) -> None:
    await registry.set_clock(commands.START)
    commands.expect_ok(await revise_kind(registry, valid_from="2036-07-01"))
    commands.expect_ok(await revise_kind(registry, valid_from="2026-07-01"))
    ranges = [(row["valid_from"], row["valid_to"]) for row in await list_kinds(registry, "&kind=TKSK")]
    assert ranges == [("2000-01-01", "2026-07-01"), ("2026-07-01", None), ("2036-07-01", "2036-07-01")]


async def test_kind_that_was_ended_in_error_is_in_force_again_from_that_day(registry: Running) -> None:
    (kind,) = await list_kinds(registry, "&kind=TKSK")
    commands.expect_ok(await end_kind(registry, kind, "2026-07-01", "PSM"))
    terms = {name: kind[name] for name in TKSK} | {"valid_from": "2026-07-01"}
    again = commands.expect_ok(await revise_kind(registry, **terms))
    pendamping = await commands.register_pendamping(registry)
    started = await commands.start_penugasan(registry, pendamping, kind="TKSK", valid_to="2026-07-01")
    commands.expect_ok(started)
    commands.expect_ok(await end_kind(registry, again, "2026-07-01"))
    assert (await end_kind(registry, again, "2026-07-01")).json()["title"] == "EndAlreadySet"
    assert await list_kinds(registry, "&kind=TKSK&on=2026-07-01") == []


async def test_wrong_successor_is_corrected(registry: Running) -> None:
    (kind,) = await list_kinds(registry, "&kind=TKSK")
    commands.expect_ok(await end_kind(registry, kind, "2026-07-01", "PSM"))
    right = commands.expect_ok(await end_kind(registry, kind, "2026-07-01", "TAGANA"))
    assert (right["successor_kind"], right["version"]) == ("TAGANA", 3)


async def test_an_ended_kind_names_its_successor_and_refuses_later_placements(registry: Running) -> None:
    (kind,) = await list_kinds(registry, "&kind=REHSOS_TUNSOS_KPO")
    ended = commands.expect_ok(await end_kind(registry, kind, "2026-07-01", "REHSOS_PENDAMPING"))
    assert (ended["valid_to"], ended["successor_kind"], ended["version"]) == (
        "2026-07-01",
        "REHSOS_PENDAMPING",
        2,
    )
    repeated = await end_kind(registry, kind, "2026-07-01")
    assert (repeated.status_code, repeated.json()["title"]) == (409, "EndAlreadySet")
    pendamping = await commands.register_pendamping(registry)
    terms = {"kind": "REHSOS_TUNSOS_KPO", "ditjen": "REHSOS", "valid_to": "2026-08-01"}
    answer = await commands.start_penugasan(registry, pendamping, **terms)
    assert (answer.status_code, answer.json()["title"]) == (422, "KindNotInForce")
    assert "REHSOS_PENDAMPING" in answer.json()["detail"]
    terms |= {"valid_to": "2026-07-01"}
    commands.expect_ok(await commands.start_penugasan(registry, pendamping, **terms))


async def test_a_successor_that_is_not_another_kind_in_force_is_refused(registry: Running) -> None:
    (kind,) = await list_kinds(registry, "&kind=KONSELOR_ADIKSI")
    (ended_kind,) = await list_kinds(registry, "&kind=REHSOS_TUNSOS_KPO")
    commands.expect_ok(await end_kind(registry, ended_kind, "2026-01-01"))
    for successor in ("KONSELOR_ADIKSI", "REHSOS_TUNSOS_KPO"):
        answer = await end_kind(registry, kind, "2026-07-01", successor)
        assert (answer.status_code, answer.json()["title"]) == (422, "SuccessorUnknown")
    assert (await end_kind(registry, kind, "1999-12-31")).json()["title"] == "InvalidRange"


async def test_a_kind_with_running_placements_cannot_be_ended(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    terms = {"kind": "TAGANA", "employer_status": "RELAWAN"}
    penugasan = commands.expect_ok(await commands.start_penugasan(registry, pendamping, **terms))
    (kind,) = await list_kinds(registry, "&kind=TAGANA")
    answer = await end_kind(registry, kind, "2026-07-01")
    assert (answer.status_code, answer.json()["title"]) == (409, "KindStillHeld")
    end = {"valid_to": "2026-07-01", "reason": "RESTRUKTURISASI"}
    path = f"/v1/penugasan/{penugasan['penugasan_id']}/end"
    commands.expect_ok(await registry.post(path, end, as_=commands.ministry_token(registry)))
    commands.expect_ok(await end_kind(registry, kind, "2026-07-01"))


async def test_a_placement_may_span_versions_without_a_gap(registry: Running) -> None:
    commands.expect_ok(await revise_kind(registry))
    pendamping = await commands.register_pendamping(registry)
    commands.expect_ok(await commands.start_penugasan(registry, pendamping, kind="TKSK", ditjen="DAYASOS"))


async def test_a_placement_and_the_end_of_its_kind_cannot_both_succeed(registry: Running) -> None:
    (kind,) = await list_kinds(registry, "&kind=PSM")
    people = [await commands.register_pendamping(registry, f"332407010190900{n}") for n in range(1, 5)]
    starts = [
        commands.start_penugasan(registry, pendamping, kind="PSM", employer_status="RELAWAN")
        for pendamping in people
    ]
    *started, ended = await asyncio.gather(*starts, end_kind(registry, kind, "2026-07-01"))
    assert (ended.status_code == 201) != any(answer.status_code == 201 for answer in started)


async def test_only_the_national_ministry_sets_kinds_and_offices_read_them(registry: Running) -> None:
    dinsos = registry.token("DINSOS_KABKOTA", areas=["33.24"])
    regional = registry.token("KEMENSOS", areas=["33"])
    for token in (dinsos, regional):
        answer = await registry.post("/v1/pilar-kind", TKSK, as_=token)
        assert (answer.status_code, answer.json()["title"]) == (403, "NotAllowed")
    assert (await registry.get("/v1/pilar-kind", as_=dinsos)).status_code == 200


@pytest.mark.parametrize("role", ["database_url", "worker_database_url"])
async def test_the_database_refuses_an_overlap_of_versions(registry: Running, role: str) -> None:
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
