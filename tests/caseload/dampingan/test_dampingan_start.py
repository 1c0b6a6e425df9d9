"""One family under one pendamping for a time, within the placement's areas and the limit of policy."""

from datetime import date
from typing import Any
from uuid import uuid5

import asyncpg
import pytest

from shared.access import Role
from shared.contracts.kinds import PendampingStatus, PilarKind
from tests.factories.caseload.intake import (
    OTHER,
    OTHER_PENUGASAN,
    PENDAMPING,
    PENUGASAN,
    SPACE,
    companion,
    csv_of,
    dinsos,
    emitted_events,
    family,
    family_of,
    nik,
    pendamping,
    take_in,
)
from tests.factories.services import Running, deliver

TODAY = date.today  # the business clock of a fresh database shows real time


async def known(service: Running, number: int = 1) -> str:
    await take_in(service, csv_of(family(number)))
    return await family_of(service, nik(number * 10, female=True, born=date(1987, 11, 12)))


async def assign(service: Running, kpm_id: str, penugasan_id: Any = PENUGASAN, **more: Any) -> Any:
    body = {"kpm_id": kpm_id, "penugasan_id": str(penugasan_id), "valid_from": "2026-11-20"} | more
    return await service.post("/v1/dampingan", body, as_=dinsos(service))


async def test_begins_and_is_told(placed: Running) -> None:
    kpm_id = await known(placed)
    answer = await assign(placed, kpm_id)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["purpose"], answer.json()["pendamping_id"]) == ("PENDAMPINGAN", str(PENDAMPING))
    name, data = (await emitted_events(placed))[-1]
    assert (name, data["kpm_id"], data["valid_to"]) == ("dampingan_started", kpm_id, None)
    listed = (await placed.get(f"/v1/dampingan?pendamping_id={PENDAMPING}", as_=companion(placed))).json()
    assert [row["kpm_id"] for row in listed["items"]] == [kpm_id]


async def test_is_refused_beside_another(placed: Running) -> None:
    kpm_id = await known(placed)
    await assign(placed, kpm_id)
    for penugasan_id in (PENUGASAN, OTHER_PENUGASAN):
        answer = await assign(placed, kpm_id, penugasan_id)
        assert (answer.status_code, answer.json()["title"]) == (409, "DampinganOverlaps")
    assert await placed.sql("SELECT weighing FROM dampingan_load WHERE weighing > 0") == [(1,)]


async def test_is_refused_beside_another_by_the_database_too(placed: Running) -> None:
    kpm_id = await known(placed)
    await assign(placed, kpm_id)
    row = (
        "INSERT INTO dampingan (dampingan_id, kpm_id, penugasan_id, pendamping_id, kind, purpose, valid)"
        " VALUES (uuidv7(), $1, $2, $3, 'PKH_PENDAMPING', 'PEMANTAUAN', '[2027-01-01,)')"
    )
    with pytest.raises(asyncpg.ExclusionViolationError):
        await placed.sql(row, kpm_id, OTHER_PENUGASAN, OTHER)


async def test_waits_for_what_registry_has_not_told(placed: Running) -> None:
    answer = await assign(placed, await known(placed), uuid5(SPACE, "unknown"))
    assert (answer.status_code, answer.json()["title"]) == (409, "NotYetKnown")
    assert answer.headers["Retry-After"] == "2"


@pytest.mark.parametrize(
    ("area", "status", "day", "title"),
    [
        ("33.24", PendampingStatus.CUTI, "2026-11-20", "PendampingInactive"),
        ("35.03", PendampingStatus.AKTIF, "2026-11-20", "FamilyOutsideWilayahTugas"),
        ("33.24", PendampingStatus.AKTIF, "2025-12-31", "PenugasanNotInForce"),
        ("33.24", PendampingStatus.AKTIF, "2020-01-01", "DateTooEarly"),
    ],
)
async def test_is_refused_to_who_cannot_hold_it(
    placed: Running, registry: Running, area: str, status: PendampingStatus, day: str, title: str
) -> None:
    place = uuid5(SPACE, "elsewhere")
    await registry.publish(*pendamping(uuid5(SPACE, "x"), "PD-X", place, area=area, status=status))
    await deliver(registry, placed)
    answer = await assign(placed, await known(placed), place, valid_from=day)
    assert answer.json()["title"] == title


async def test_above_the_limit_is_warned_of_and_then_refused(placed: Running) -> None:
    await placed.sql("UPDATE dampingan_limit SET warn_above = 1, refuse_above = 2")
    families = [await known(placed, number) for number in (1, 2, 3)]
    answers = [await assign(placed, kpm_id) for kpm_id in families]
    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert answers[2].json()["title"] == "CaseloadFull"
    crossed = [data for name, data in await emitted_events(placed) if name == "dampingan_limit_crossed"]
    assert [(data["count"], data["side"]) for data in crossed] == [(2, "ABOVE")]


async def test_of_another_kind_stands_beside_that_of_pkh(placed: Running, registry: Running) -> None:
    place = uuid5(SPACE, "tksk")
    await registry.publish(*pendamping(uuid5(SPACE, "y"), "PD-Y", place, kind=PilarKind.TKSK))
    await deliver(registry, placed)
    kpm_id = await known(placed)
    assert [(await assign(placed, kpm_id, p)).status_code for p in (PENUGASAN, place)] == [201, 201]


async def test_gives_sight_of_the_family_to_its_pendamping_alone(placed: Running) -> None:
    kpm_id = await known(placed)
    address = f"/v1/kpm/{kpm_id}"
    assert (await placed.get(address, as_=companion(placed))).status_code == 404
    await assign(placed, kpm_id)
    assert (await placed.get(address, as_=companion(placed))).status_code == 200
    assert (await placed.get(f"{address}/kepesertaan", as_=companion(placed))).status_code == 200
    for path in (address, f"{address}/kepesertaan", f"{address}/history"):
        assert (await placed.get(path, as_=companion(placed, OTHER))).status_code == 404
    assert (await placed.get("/v1/kpm", as_=companion(placed, OTHER))).json()["items"] == []
    assert (await placed.get("/v1/dampingan", as_=companion(placed, OTHER))).json()["items"] == []


async def test_or_not_a_family_shows_in_its_area_alone(placed: Running) -> None:
    address = f"/v1/kpm/{await known(placed)}"
    for role in (Role.DINSOS_KABKOTA, Role.KETUA_TIM_KABKOTA, Role.OPERATOR_DESA):
        assert (await placed.get(address, as_=placed.token(role, "a", ["33.24.09.2011"]))).status_code == 200
        assert (
            await placed.get(address, as_=placed.token(role, "b", ["33.24.08", "33.24.09.2013", "35.03"]))
        ).status_code == 404
    far = placed.token(Role.DINSOS_KABKOTA, "c", ["35.03"])
    found = await placed.post(
        "/v1/kpm/look-up", {"nik": nik(10, female=True, born=date(1987, 11, 12))}, as_=far
    )
    assert found.status_code == 404


async def test_of_another_kind_leaves_the_gap_of_pkh_open(placed: Running, registry: Running) -> None:
    place = uuid5(SPACE, "tksk")
    await registry.publish(*pendamping(uuid5(SPACE, "y"), "PD-Y", place, kind=PilarKind.TKSK))
    await deliver(registry, placed)
    kpm_id = await known(placed)
    assert (await assign(placed, kpm_id, place)).status_code == 201
    assert [row["until"] for row in await placed.sql("SELECT until FROM dampingan_gap")] == [None]
    assert (await assign(placed, kpm_id)).status_code == 201
    assert [row["until"] for row in await placed.sql("SELECT until FROM dampingan_gap")] != [None]
