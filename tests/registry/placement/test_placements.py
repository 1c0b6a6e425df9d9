"""Penugasan and wilayah tugas: ranges that never overlap, conflicts as data, ends that are told."""

import asyncio

import asyncpg
import pytest

from tests.factories.registry import commands
from tests.factories.services import Running


async def test_and_is_told_with_its_terms_and_no_decree_number(registry: Running) -> None:
    person = await commands.pendamping(registry)
    held = commands.made(await commands.penugasan(registry, person, valid_to="2030-10-03"))
    told = (await registry.emitted())[-1]
    assert told["type"] == "registry.penugasan_started.v1"
    assert told["subject"] == person["pendamping_id"]
    assert told["data"] == {
        "penugasan_id": held["penugasan_id"],
        "pendamping_id": person["pendamping_id"],
        "kind": "PKH_PENDAMPING",
        "ditjen": "LINJAMSOS",
        "employer_status": "PPPK",
        "supervisor_id": None,
        "valid_from": "2025-10-03",
        "valid_to": "2030-10-03",
    }


async def test_and_no_second_one_of_its_kind_meanwhile(registry: Running) -> None:
    person = await commands.pendamping(registry)
    commands.made(await commands.penugasan(registry, person, valid_to="2026-10-03"))
    answer = await commands.penugasan(registry, person, valid_from="2026-10-02")
    assert (answer.status_code, answer.json()["title"]) == (409, "PenugasanOverlaps")
    commands.made(await commands.penugasan(registry, person, valid_from="2026-10-03"))


async def test_and_of_many_who_ask_at_once_one_gets_it(registry: Running) -> None:
    person = await commands.pendamping(registry)
    answers = await asyncio.gather(*[commands.penugasan(registry, person) for _ in range(8)])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


async def test_and_the_database_refuses_an_overlap_by_itself(registry: Running) -> None:
    _, held = await commands.placed(registry)
    for table, key in (("penugasan", "penugasan_id"), ("wilayah_tugas", "wilayah_tugas_id")):
        columns = await registry.sql(
            "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) AS names"
            " FROM information_schema.columns WHERE table_name = $1 AND column_name <> $2",
            table,
            key,
        )
        names = columns[0]["names"]
        with pytest.raises(asyncpg.ExclusionViolationError):
            await registry.sql(
                f"INSERT INTO {table} ({key}, {names}) SELECT uuidv7(), {names} FROM {table} WHERE penugasan_id = $1",
                held["penugasan_id"],
            )


@pytest.mark.parametrize(
    ("kind", "terms", "allowed"),
    [
        ("TKSK", "PPPK", False),
        ("TKSK", "RELAWAN", True),
        ("TAGANA", "RELAWAN", True),
        ("PKH_APD", "RELAWAN", False),
    ],
)
async def test_and_another_kind_only_where_no_conflict_says_otherwise(
    registry: Running, kind: str, terms: str, allowed: bool
) -> None:
    person = await commands.pendamping(registry)
    commands.made(await commands.penugasan(registry, person, valid_to="2026-10-03"))
    other = {"kind": kind, "ditjen": "DAYASOS", "employer_status": terms}
    answer = await commands.penugasan(registry, person, **other)
    assert answer.status_code == (201 if allowed else 409)
    if not allowed:
        assert answer.json()["title"] == "RolesConflict"
        commands.made(await commands.penugasan(registry, person, **other, valid_from="2026-10-03"))


async def test_and_a_conflict_is_found_from_either_side_and_ends_with_its_row(registry: Running) -> None:
    person = await commands.pendamping(registry)
    commands.made(await commands.penugasan(registry, person, kind="TKSK", ditjen="DAYASOS"))
    assert (await commands.penugasan(registry, person)).json()["title"] == "RolesConflict"
    await registry.sql("UPDATE role_conflict SET valid_to = '2025-01-01' WHERE other_kind = 'TKSK'")
    commands.made(await commands.penugasan(registry, person))


async def test_and_a_refusal_of_a_conflict_speaks_indonesian(registry: Running) -> None:
    person = await commands.pendamping(registry)
    commands.made(await commands.penugasan(registry, person))
    body = {
        "kind": "TKSK",
        "ditjen": "DAYASOS",
        "employer_status": "PPPK",
        "sk_no": "2",
        "sk_on": "2025-10-03",
    }
    body |= {"pendamping_id": person["pendamping_id"], "valid_from": "2025-10-03"}
    answer = await registry.post(
        "/v1/penugasan", body, as_=commands.ministry(registry), headers={"Accept-Language": "id"}
    )
    assert "tidak boleh dipegang pada masa yang sama: pendamping PKH" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("subject", "kind", "terms", "allowed"),
    [
        ("LEMBAGA", "LKS", "LEMBAGA", True),
        ("LEMBAGA", "KARANG_TARUNA", "LEMBAGA", True),
        ("LEMBAGA", "PKH_PENDAMPING", "LEMBAGA", False),
        ("LEMBAGA", "LKS", "PPPK", False),
        ("PERSON", "LKS", "RELAWAN", False),
        ("PERSON", "KARANG_TARUNA", "RELAWAN", True),
        ("PERSON", "TKSK", "LEMBAGA", False),
    ],
)
async def test_and_kinds_fit_people_or_organisations(
    registry: Running, subject: str, kind: str, terms: str, allowed: bool
) -> None:
    person = await commands.pendamping(
        registry, commands.NIK if subject == "PERSON" else None, subject=subject
    )
    answer = await commands.penugasan(registry, person, kind=kind, ditjen="DAYASOS", employer_status=terms)
    assert answer.status_code == (201 if allowed else 422)
    assert allowed or answer.json()["title"] == "SubjectNotAllowed"


async def test_and_its_supervisor_is_another_pendamping(registry: Running) -> None:
    person = await commands.pendamping(registry)
    nobody = "0198a0de-0000-7000-8000-000000000001"
    for supervisor in (nobody, person["pendamping_id"]):
        answer = await commands.penugasan(registry, person, supervisor_id=supervisor)
        assert (answer.status_code, answer.json()["title"]) == (422, "SupervisorUnknown")
    other = await commands.pendamping(registry, "3324070101909002")
    held = commands.made(await commands.penugasan(registry, person, supervisor_id=other["pendamping_id"]))
    assert held["supervisor_id"] == other["pendamping_id"]


async def test_and_runs_forward(registry: Running) -> None:
    person = await commands.pendamping(registry)
    answer = await commands.penugasan(registry, person, valid_to="2025-10-03")
    assert (answer.status_code, answer.json()["title"]) == (422, "InvalidRange")


async def test_and_of_nobody_there_is_none(registry: Running) -> None:
    nobody = {"pendamping_id": "0198a0de-0000-7000-8000-000000000001"}
    assert (await commands.penugasan(registry, nobody)).status_code == 404
    for path in ("penugasan", "wilayah-tugas"):
        end = {"valid_to": "2026-01-01", "reason": "MUTASI"}
        answer = await registry.post(
            f"/v1/{path}/{nobody['pendamping_id']}/end", end, as_=commands.ministry(registry)
        )
        assert answer.status_code == 404
    assert (
        await commands.wilayah_tugas(
            registry, {"penugasan_id": nobody["pendamping_id"], "valid_from": "2026-01-01"}
        )
    ).status_code == 404


async def test_and_its_end_ends_its_areas_first_and_may_only_come_forward(registry: Running) -> None:
    _, held = await commands.placed(registry)
    path, ministry = f"/v1/penugasan/{held['penugasan_id']}/end", commands.ministry(registry)
    ended = commands.made(
        await registry.post(path, {"valid_to": "2026-07-01", "reason": "ROTASI"}, as_=ministry)
    )
    assert (ended["valid_to"], ended["version"]) == ("2026-07-01", 2)
    told = (await registry.emitted())[-2:]
    assert [event["type"] for event in told] == [
        "registry.wilayah_tugas_ended.v1",
        "registry.penugasan_ended.v1",
    ]
    assert {event["data"]["valid_to"] for event in told} == {"2026-07-01"}
    for later in ("2026-07-01", "2026-08-01"):
        answer = await registry.post(path, {"valid_to": later, "reason": "ROTASI"}, as_=ministry)
        assert (answer.status_code, answer.json()["title"]) == (409, "EndAlreadySet")
    before = await registry.post(path, {"valid_to": "2025-10-02", "reason": "ROTASI"}, as_=ministry)
    assert before.json()["title"] == "InvalidRange"
    commands.made(await registry.post(path, {"valid_to": "2026-06-01", "reason": "ROTASI"}, as_=ministry))


async def test_and_each_range_it_has_had_is_kept(registry: Running) -> None:
    person, held = await commands.placed(registry)
    path = f"/v1/penugasan/{held['penugasan_id']}/end"
    for day in ("2026-07-01", "2026-06-01"):
        commands.made(
            await registry.post(path, {"valid_to": day, "reason": "ROTASI"}, as_=commands.ministry(registry))
        )
    shown = commands.made(
        await registry.get(f"/v1/pendamping/{person['pendamping_id']}", as_=commands.ministry(registry))
    )
    kept = [(row["thing"], row["number"], row["valid_to"], row["reason"]) for row in shown["range_history"]]
    assert [row for row in kept if row[0] == "PENUGASAN"] == [
        ("PENUGASAN", 1, None, "SK_PENUGASAN"),
        ("PENUGASAN", 2, "2026-07-01", "ROTASI"),
        ("PENUGASAN", 3, "2026-06-01", "ROTASI"),
    ]
    assert [row[2] for row in kept if row[0] == "WILAYAH_TUGAS"] == [None, "2026-07-01", "2026-06-01"]
    assert shown["penugasan"][0]["wilayah_tugas"][0]["valid_to"] == "2026-06-01"


async def test_and_its_areas_lie_inside_its_time(registry: Running) -> None:
    person = await commands.pendamping(registry)
    held = commands.made(await commands.penugasan(registry, person, valid_to="2026-10-03"))
    for more in (
        {"valid_from": "2025-10-02"},
        {"valid_from": "2026-10-03"},
        {"valid_from": "2026-01-01", "valid_to": "2026-10-04"},
    ):
        answer = await commands.wilayah_tugas(registry, held, **more)
        assert (answer.status_code, answer.json()["title"]) == (422, "WilayahTugasOutsidePenugasan")
    area = commands.made(await commands.wilayah_tugas(registry, held))
    assert area["valid_to"] == "2026-10-03"
    assert (await registry.emitted())[-1]["data"]["kode_wilayah"] == commands.KELURAHAN


async def test_and_it_covers_an_area_once_at_a_time_and_areas_of_any_level(registry: Running) -> None:
    _, held = await commands.placed(registry)
    again = await commands.wilayah_tugas(registry, held, valid_from="2026-01-01")
    assert (again.status_code, again.json()["title"]) == (409, "WilayahTugasOverlaps")
    for kode in ("33", "33.24", "33.24.09", "33.24.09.2012"):
        commands.made(await commands.wilayah_tugas(registry, held, kode))


async def test_and_covers_no_area_that_does_not_exist(registry: Running) -> None:
    person = await commands.pendamping(registry)
    held = commands.made(await commands.penugasan(registry, person))
    answer = await commands.wilayah_tugas(registry, held, "33.24.09.9999")
    assert (answer.status_code, answer.json()["title"]) == (422, "WilayahUnknown")


async def test_and_the_cover_of_one_area_ends_alone(registry: Running) -> None:
    _, held = await commands.placed(registry)
    area = commands.made(await commands.wilayah_tugas(registry, held, "33.24.09.2012"))
    path = f"/v1/wilayah-tugas/{area['wilayah_tugas_id']}/end"
    body = {"valid_to": "2026-07-01", "reason": "ALIH_DAMPINGAN"}
    commands.made(await registry.post(path, body, as_=commands.ministry(registry)))
    told = (await registry.emitted())[-1]
    assert (told["type"], told["data"]["reason"]) == ("registry.wilayah_tugas_ended.v1", "ALIH_DAMPINGAN")
    open_ones = await registry.sql("SELECT kode_wilayah FROM wilayah_tugas WHERE valid_to IS NULL")
    assert [row["kode_wilayah"] for row in open_ones] == [commands.KELURAHAN]
    again = await registry.post(path, body, as_=commands.ministry(registry))
    assert again.json()["title"] == "EndAlreadySet"
