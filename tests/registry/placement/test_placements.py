"""Placements and their areas: ranges, conflicts, ends and the events of each."""

import asyncio

import asyncpg
import pytest

from tests.factories.registry import commands
from tests.factories.services import Running

UNKNOWN_ID = "0198a0de-0000-7000-8000-000000000001"


async def test_a_started_placement_is_published_without_its_sk_number(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    penugasan = commands.expect_ok(
        await commands.start_penugasan(registry, pendamping, valid_to="2030-10-03")
    )
    event = (await registry.read_envelopes())[-1]
    assert event["type"] == "registry.penugasan_started.v1"
    assert event["subject"] == pendamping["pendamping_id"]
    assert event["data"] == {
        "penugasan_id": penugasan["penugasan_id"],
        "pendamping_id": pendamping["pendamping_id"],
        "kind": "PKH_PENDAMPING",
        "ditjen": "LINJAMSOS",
        "employer_status": "PPPK",
        "supervisor_id": None,
        "valid_from": "2025-10-03",
        "valid_to": "2030-10-03",
        "restored_from": None,
    }


async def test_an_overlap_of_placements_of_one_kind_is_refused(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    placement = await commands.start_penugasan(registry, pendamping, valid_to="2026-10-03")
    answer = await commands.start_penugasan(registry, pendamping, valid_from="2026-10-02")
    assert (answer.status_code, answer.json()["title"]) == (409, "PenugasanOverlaps")
    assert answer.json()["params"] == {"penugasan_id": commands.expect_ok(placement)["penugasan_id"]}
    commands.expect_ok(await commands.start_penugasan(registry, pendamping, valid_from="2026-10-03"))


async def test_one_of_eight_simultaneous_placements_is_accepted(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    answers = await asyncio.gather(*[commands.start_penugasan(registry, pendamping) for _ in range(8)])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


async def test_the_database_refuses_an_overlap_of_placements_and_of_areas(registry: Running) -> None:
    _, penugasan = await commands.register_placed_pendamping(registry)
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
                penugasan["penugasan_id"],
            )


@pytest.mark.parametrize(
    ("kind", "employer_status", "allowed"),
    [
        ("TKSK", "PPPK", False),
        ("TKSK", "RELAWAN", True),
        ("TAGANA", "RELAWAN", True),
        ("PKH_APD", "RELAWAN", False),
    ],
)
async def test_a_second_kind_is_allowed_unless_a_conflict_forbids_it(
    registry: Running, kind: str, employer_status: str, allowed: bool
) -> None:
    pendamping = await commands.register_pendamping(registry)
    commands.expect_ok(await commands.start_penugasan(registry, pendamping, valid_to="2026-10-03"))
    terms = {"kind": kind, "ditjen": "DAYASOS", "employer_status": employer_status}
    answer = await commands.start_penugasan(registry, pendamping, **terms)
    assert answer.status_code == (201 if allowed else 409)
    if not allowed:
        assert answer.json()["title"] == "RolesConflict"
        terms |= {"valid_from": "2026-10-03"}
        commands.expect_ok(await commands.start_penugasan(registry, pendamping, **terms))


async def test_a_conflict_applies_to_either_order_until_it_ends(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    commands.expect_ok(await commands.start_penugasan(registry, pendamping, kind="TKSK", ditjen="DAYASOS"))
    assert (await commands.start_penugasan(registry, pendamping)).json()["title"] == "RolesConflict"
    await registry.sql("UPDATE role_conflict SET valid_to = '2025-01-01' WHERE other_kind = 'TKSK'")
    commands.expect_ok(await commands.start_penugasan(registry, pendamping))


async def test_the_reason_of_a_conflict_is_given_in_indonesian(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    commands.expect_ok(await commands.start_penugasan(registry, pendamping))
    body = {
        "pendamping_id": pendamping["pendamping_id"],
        "kind": "TKSK",
        "ditjen": "DAYASOS",
        "employer_status": "PPPK",
        "sk_no": "2",
        "sk_on": "2025-10-03",
        "valid_from": "2025-10-03",
    }
    answer = await registry.post(
        "/v1/penugasan", body, as_=commands.ministry_token(registry), headers={"Accept-Language": "id"}
    )
    assert "tidak boleh dipegang pada masa yang sama: pendamping PKH" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("subject", "kind", "employer_status", "allowed"),
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
async def test_kind_and_employer_status_must_fit_the_subject(
    registry: Running, subject: str, kind: str, employer_status: str, allowed: bool
) -> None:
    nik = commands.NIK if subject == "PERSON" else None
    pendamping = await commands.register_pendamping(registry, nik, subject=subject)
    terms = {"kind": kind, "ditjen": "DAYASOS", "employer_status": employer_status}
    answer = await commands.start_penugasan(registry, pendamping, **terms)
    assert answer.status_code == (201 if allowed else 422)
    assert allowed or answer.json()["title"] == "SubjectNotAllowed"


async def test_a_supervisor_must_be_another_pendamping(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    for supervisor_id in (UNKNOWN_ID, pendamping["pendamping_id"]):
        answer = await commands.start_penugasan(registry, pendamping, supervisor_id=supervisor_id)
        assert (answer.status_code, answer.json()["title"]) == (422, "SupervisorUnknown")
    other = await commands.register_pendamping(registry, "3324070101909002")
    penugasan = commands.expect_ok(
        await commands.start_penugasan(registry, pendamping, supervisor_id=other["pendamping_id"])
    )
    assert penugasan["supervisor_id"] == other["pendamping_id"]


async def test_an_empty_range_is_refused(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    answer = await commands.start_penugasan(registry, pendamping, valid_to="2025-10-03")
    assert (answer.status_code, answer.json()["title"]) == (422, "InvalidRange")


async def test_an_unknown_pendamping_placement_or_area_is_not_found(registry: Running) -> None:
    assert (await commands.start_penugasan(registry, {"pendamping_id": UNKNOWN_ID})).status_code == 404
    for path in ("penugasan", "wilayah-tugas"):
        end = {"valid_to": "2026-01-01", "reason": "MUTASI"}
        answer = await registry.post(
            f"/v1/{path}/{UNKNOWN_ID}/end", end, as_=commands.ministry_token(registry)
        )
        assert answer.status_code == 404
    unknown = {"penugasan_id": UNKNOWN_ID, "valid_from": "2026-01-01"}
    assert (await commands.place_wilayah_tugas(registry, unknown)).status_code == 404


async def test_the_end_of_a_placement_ends_its_areas_and_can_only_be_moved_earlier(registry: Running) -> None:
    _, penugasan = await commands.register_placed_pendamping(registry)
    path, ministry = f"/v1/penugasan/{penugasan['penugasan_id']}/end", commands.ministry_token(registry)
    ended = commands.expect_ok(
        await registry.post(path, {"valid_to": "2026-07-01", "reason": "ROTASI"}, as_=ministry)
    )
    assert (ended["valid_to"], ended["version"]) == ("2026-07-01", 2)
    events = (await registry.read_envelopes())[-2:]
    assert [event["type"] for event in events] == [
        "registry.wilayah_tugas_ended.v1",
        "registry.penugasan_ended.v1",
    ]
    assert {event["data"]["valid_to"] for event in events} == {"2026-07-01"}
    for not_earlier in ("2026-07-01", "2026-08-01"):
        answer = await registry.post(path, {"valid_to": not_earlier, "reason": "ROTASI"}, as_=ministry)
        assert (answer.status_code, answer.json()["title"]) == (409, "EndAlreadySet")
    before_start = {"valid_to": "2025-10-02", "reason": "ROTASI"}
    assert (await registry.post(path, before_start, as_=ministry)).json()["title"] == "InvalidRange"
    earlier = {"valid_to": "2026-06-01", "reason": "ROTASI"}
    commands.expect_ok(await registry.post(path, earlier, as_=ministry))


async def test_each_range_of_a_placement_and_its_area_is_stored(registry: Running) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    ministry = commands.ministry_token(registry)
    for day in ("2026-07-01", "2026-06-01"):
        end = {"valid_to": day, "reason": "ROTASI"}
        path = f"/v1/penugasan/{penugasan['penugasan_id']}/end"
        commands.expect_ok(await registry.post(path, end, as_=ministry))
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    view = commands.expect_ok(await registry.get(path, as_=ministry))
    history = [(row["thing"], row["number"], row["valid_to"], row["reason"]) for row in view["range_history"]]
    assert [row for row in history if row[0] == "PENUGASAN"] == [
        ("PENUGASAN", 1, None, "SK_PENUGASAN"),
        ("PENUGASAN", 2, "2026-07-01", "ROTASI"),
        ("PENUGASAN", 3, "2026-06-01", "ROTASI"),
    ]
    assert [row[2] for row in history if row[0] == "WILAYAH_TUGAS"] == [None, "2026-07-01", "2026-06-01"]
    assert view["penugasan"][0]["wilayah_tugas"][0]["valid_to"] == "2026-06-01"


async def test_an_area_outside_the_range_of_its_placement_is_refused(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    penugasan = commands.expect_ok(
        await commands.start_penugasan(registry, pendamping, valid_to="2026-10-03")
    )
    for outside in (
        {"valid_from": "2025-10-02"},
        {"valid_from": "2026-10-03"},
        {"valid_from": "2026-01-01", "valid_to": "2026-10-04"},
    ):
        answer = await commands.place_wilayah_tugas(registry, penugasan, **outside)
        assert (answer.status_code, answer.json()["title"]) == (422, "WilayahTugasOutsidePenugasan")
    area = commands.expect_ok(await commands.place_wilayah_tugas(registry, penugasan))
    assert area["valid_to"] == "2026-10-03"
    assert (await registry.read_envelopes())[-1]["data"]["kode_wilayah"] == commands.KELURAHAN


async def test_an_overlap_of_one_area_is_refused_and_areas_may_be_of_any_level(registry: Running) -> None:
    _, penugasan = await commands.register_placed_pendamping(registry)
    overlapping = await commands.place_wilayah_tugas(registry, penugasan, valid_from="2026-01-01")
    assert (overlapping.status_code, overlapping.json()["title"]) == (409, "WilayahTugasOverlaps")
    for kode_wilayah in ("33", "33.24", "33.24.09", "33.24.09.2012"):
        commands.expect_ok(await commands.place_wilayah_tugas(registry, penugasan, kode_wilayah))


async def test_an_unknown_area_code_is_refused(registry: Running) -> None:
    pendamping = await commands.register_pendamping(registry)
    penugasan = commands.expect_ok(await commands.start_penugasan(registry, pendamping))
    answer = await commands.place_wilayah_tugas(registry, penugasan, "33.24.09.9999")
    assert (answer.status_code, answer.json()["title"]) == (422, "WilayahUnknown")


async def test_the_end_of_one_area_does_not_end_the_others(registry: Running) -> None:
    _, penugasan = await commands.register_placed_pendamping(registry)
    area = commands.expect_ok(await commands.place_wilayah_tugas(registry, penugasan, "33.24.09.2012"))
    path = f"/v1/wilayah-tugas/{area['wilayah_tugas_id']}/end"
    body = {"valid_to": "2026-07-01", "reason": "ALIH_DAMPINGAN"}
    commands.expect_ok(await registry.post(path, body, as_=commands.ministry_token(registry)))
    event = (await registry.read_envelopes())[-1]
    assert (event["type"], event["data"]["reason"]) == ("registry.wilayah_tugas_ended.v1", "ALIH_DAMPINGAN")
    open_areas = await registry.sql("SELECT kode_wilayah FROM wilayah_tugas WHERE valid_to IS NULL")
    assert [row["kode_wilayah"] for row in open_areas] == [commands.KELURAHAN]
    repeated = await registry.post(path, body, as_=commands.ministry_token(registry))
    assert repeated.json()["title"] == "EndAlreadySet"
