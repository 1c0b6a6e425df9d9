"""Assignment of a family, within the placement's areas and the limit of policy."""

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


async def register_family(service: Running, number: int = 1) -> str:
    await take_in(service, csv_of(family(number)))
    return await family_of(service, nik(number * 10, female=True, born=date(1987, 11, 12)))


async def assign(service: Running, kpm_id: str, penugasan_id: Any = PENUGASAN, **more: Any) -> Any:
    body = {"kpm_id": kpm_id, "penugasan_id": str(penugasan_id), "valid_from": "2026-11-20"} | more
    return await service.post("/v1/dampingan", body, as_=dinsos(service))


async def test_dampingan_starts_and_is_emitted(placed: Running) -> None:
    kpm_id = await register_family(placed)
    answer = await assign(placed, kpm_id)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["purpose"], answer.json()["pendamping_id"]) == ("PENDAMPINGAN", str(PENDAMPING))
    name, data = (await emitted_events(placed))[-1]
    assert (name, data["kpm_id"], data["valid_to"]) == ("dampingan_started", kpm_id, None)
    listed = (await placed.get(f"/v1/dampingan?pendamping_id={PENDAMPING}", as_=companion(placed))).json()
    assert [row["kpm_id"] for row in listed["items"]] == [kpm_id]


async def test_second_dampingan_is_refused(placed: Running) -> None:
    kpm_id = await register_family(placed)
    await assign(placed, kpm_id)
    for penugasan_id in (PENUGASAN, OTHER_PENUGASAN):
        answer = await assign(placed, kpm_id, penugasan_id)
        assert (answer.status_code, answer.json()["title"]) == (409, "DampinganOverlaps")
    assert await placed.sql("SELECT weighing FROM dampingan_load WHERE weighing > 0") == [(1,)]


async def test_database_refuses_second_dampingan(placed: Running) -> None:
    kpm_id = await register_family(placed)
    await assign(placed, kpm_id)
    row = (
        "INSERT INTO dampingan (dampingan_id, kpm_id, penugasan_id, pendamping_id, kind, purpose, valid)"
        " VALUES (uuidv7(), $1, $2, $3, 'PKH_PENDAMPING', 'PEMANTAUAN', '[2027-01-01,)')"
    )
    with pytest.raises(asyncpg.ExclusionViolationError):
        await placed.sql(row, kpm_id, OTHER_PENUGASAN, OTHER)


async def test_unknown_placement_is_refused_until_replicated(placed: Running) -> None:
    answer = await assign(placed, await register_family(placed), uuid5(SPACE, "unknown"))
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
async def test_unsuitable_placement_is_refused(
    placed: Running, registry: Running, area: str, status: PendampingStatus, day: str, title: str
) -> None:
    place = uuid5(SPACE, "elsewhere")
    await registry.publish(*pendamping(uuid5(SPACE, "x"), "PD-X", place, area=area, status=status))
    await deliver(registry, placed)
    answer = await assign(placed, await register_family(placed), place, valid_from=day)
    assert answer.json()["title"] == title


async def test_load_emits_warning_and_is_then_refused(placed: Running) -> None:
    await placed.sql("UPDATE dampingan_limit SET warn_above = 1, refuse_above = 2")
    families = [await register_family(placed, number) for number in (1, 2, 3)]
    answers = [await assign(placed, kpm_id) for kpm_id in families]
    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert answers[2].json()["title"] == "CaseloadFull"
    crossed = [data for name, data in await emitted_events(placed) if name == "dampingan_limit_crossed"]
    assert [(data["count"], data["side"]) for data in crossed] == [(2, "ABOVE")]


async def test_dampingan_of_another_kind_is_allowed_beside_pkh(placed: Running, registry: Running) -> None:
    place = uuid5(SPACE, "tksk")
    await registry.publish(*pendamping(uuid5(SPACE, "y"), "PD-Y", place, kind=PilarKind.TKSK))
    await deliver(registry, placed)
    kpm_id = await register_family(placed)
    assert [(await assign(placed, kpm_id, p)).status_code for p in (PENUGASAN, place)] == [201, 201]


async def test_only_its_pendamping_reads_the_family(placed: Running) -> None:
    kpm_id = await register_family(placed)
    address = f"/v1/kpm/{kpm_id}"
    assert (await placed.get(address, as_=companion(placed))).status_code == 404
    await assign(placed, kpm_id)
    assert (await placed.get(address, as_=companion(placed))).status_code == 200
    assert (await placed.get(f"{address}/kepesertaan", as_=companion(placed))).status_code == 200
    for path in (address, f"{address}/kepesertaan", f"{address}/history"):
        assert (await placed.get(path, as_=companion(placed, OTHER))).status_code == 404
    assert (await placed.get("/v1/kpm", as_=companion(placed, OTHER))).json()["items"] == []
    assert (await placed.get("/v1/dampingan", as_=companion(placed, OTHER))).json()["items"] == []


async def test_officials_read_only_families_of_their_area(placed: Running) -> None:
    address = f"/v1/kpm/{await register_family(placed)}"
    for role in (Role.DINSOS_KABKOTA, Role.KETUA_TIM_KABKOTA, Role.OPERATOR_DESA):
        assert (await placed.get(address, as_=placed.token(role, "a", ["33.24.09.2011"]))).status_code == 200
        assert (
            await placed.get(address, as_=placed.token(role, "b", ["33.24.08", "33.24.09.2013", "35.03"]))
        ).status_code == 404
    far = placed.token(Role.DINSOS_KABKOTA, "c", ["35.03"])
    response = await placed.post(
        "/v1/kpm/look-up", {"nik": nik(10, female=True, born=date(1987, 11, 12))}, as_=far
    )
    assert response.status_code == 404


async def test_dampingan_of_another_kind_leaves_the_gap_open(placed: Running, registry: Running) -> None:
    place = uuid5(SPACE, "tksk")
    await registry.publish(*pendamping(uuid5(SPACE, "y"), "PD-Y", place, kind=PilarKind.TKSK))
    await deliver(registry, placed)
    kpm_id = await register_family(placed)
    assert (await assign(placed, kpm_id, place)).status_code == 201
    assert [row["until"] for row in await placed.sql("SELECT until FROM dampingan_gap")] == [None]
    assert (await assign(placed, kpm_id)).status_code == 201
    assert [row["until"] for row in await placed.sql("SELECT until FROM dampingan_gap")] != [None]
