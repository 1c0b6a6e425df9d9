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
    build_csv,
    dinsos_token,
    family,
    import_file,
    nik,
    pendamping,
    pendamping_token,
    read_emitted_events,
    read_kpm_id,
)
from tests.factories.delivery import deliver
from tests.factories.services import Running

TODAY = date.today  # the business clock of a fresh database shows real time


async def register_family(service: Running, number: int = 1) -> str:
    await import_file(service, build_csv(family(number)))
    return await read_kpm_id(service, nik(number * 10, female=True, born=date(1987, 11, 12)))


async def assign_dampingan(service: Running, kpm_id: str, penugasan_id: Any = PENUGASAN, **more: Any) -> Any:
    body = {"kpm_id": kpm_id, "penugasan_id": str(penugasan_id), "valid_from": "2026-11-20"} | more
    return await service.post("/v1/dampingan", body, as_=dinsos_token(service))


async def test_dampingan_starts_and_is_emitted(kendal_caseload: Running) -> None:
    kpm_id = await register_family(kendal_caseload)
    answer = await assign_dampingan(kendal_caseload, kpm_id)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["purpose"], answer.json()["pendamping_id"]) == ("PENDAMPINGAN", str(PENDAMPING))
    name, data = (await read_emitted_events(kendal_caseload))[-1]
    assert (name, data["kpm_id"], data["valid_to"]) == ("dampingan_started", kpm_id, None)
    listed = (
        await kendal_caseload.get(
            f"/v1/dampingan?pendamping_id={PENDAMPING}", as_=pendamping_token(kendal_caseload)
        )
    ).json()
    assert [row["kpm_id"] for row in listed["items"]] == [kpm_id]


async def test_second_dampingan_is_refused(kendal_caseload: Running) -> None:
    kpm_id = await register_family(kendal_caseload)
    first = await assign_dampingan(kendal_caseload, kpm_id)
    for penugasan_id in (PENUGASAN, OTHER_PENUGASAN):
        answer = await assign_dampingan(kendal_caseload, kpm_id, penugasan_id)
        assert (answer.status_code, answer.json()["title"]) == (409, "DampinganOverlaps")
        assert answer.json()["params"] == {"dampingan_id": first.json()["dampingan_id"]}
    assert await kendal_caseload.sql("SELECT weighing FROM dampingan_load WHERE weighing > 0") == [(1,)]


async def test_database_refuses_second_dampingan(kendal_caseload: Running) -> None:
    kpm_id = await register_family(kendal_caseload)
    await assign_dampingan(kendal_caseload, kpm_id)
    row = (
        "INSERT INTO dampingan (dampingan_id, kpm_id, penugasan_id, pendamping_id, kind, purpose, valid)"
        " VALUES (uuidv7(), $1, $2, $3, 'PKH_PENDAMPING', 'PEMANTAUAN', '[2027-01-01,)')"
    )
    with pytest.raises(asyncpg.ExclusionViolationError):
        await kendal_caseload.sql(row, kpm_id, OTHER_PENUGASAN, OTHER)


async def test_database_refuses_an_overlap_of_one_placement_of_any_other_kind(
    kendal_caseload: Running,
) -> None:
    kpm_id = await register_family(kendal_caseload)
    row = (
        "INSERT INTO dampingan (dampingan_id, kpm_id, penugasan_id, pendamping_id, kind, purpose, valid)"
        " VALUES (uuidv7(), $1, $2, $3, $4, 'PENDAMPINGAN', $5::text::daterange)"
    )
    first, overlapping, following = "[2026-01-01,2027-01-01)", "[2026-12-31,)", "[2027-01-01,)"
    for kind in set(PilarKind.known()) - {PilarKind.PKH_PENDAMPING}:
        values = (kpm_id, uuid5(SPACE, kind), OTHER, kind)
        await kendal_caseload.sql(row, *values, first)
        with pytest.raises(asyncpg.ExclusionViolationError, match="ex_dampingan_once_at_a_time"):
            await kendal_caseload.sql(row, *values, overlapping)
        await kendal_caseload.sql(row, *values, following)


async def test_unknown_placement_is_refused_until_replicated(kendal_caseload: Running) -> None:
    answer = await assign_dampingan(
        kendal_caseload, await register_family(kendal_caseload), uuid5(SPACE, "unknown")
    )
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
    kendal_caseload: Running, registry: Running, area: str, status: PendampingStatus, day: str, title: str
) -> None:
    place = uuid5(SPACE, "elsewhere")
    await registry.publish(*pendamping(uuid5(SPACE, "x"), "PD-X", place, area=area, status=status))
    await deliver(registry, kendal_caseload)
    answer = await assign_dampingan(
        kendal_caseload, await register_family(kendal_caseload), place, valid_from=day
    )
    assert answer.json()["title"] == title


async def test_load_emits_warning_and_is_then_refused(kendal_caseload: Running) -> None:
    await kendal_caseload.sql("UPDATE dampingan_limit SET warn_above = 1, refuse_above = 2")
    families = [await register_family(kendal_caseload, number) for number in (1, 2, 3)]
    answers = [await assign_dampingan(kendal_caseload, kpm_id) for kpm_id in families]
    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert answers[2].json()["title"] == "CaseloadFull"
    crossed = [
        data for name, data in await read_emitted_events(kendal_caseload) if name == "dampingan_limit_crossed"
    ]
    assert [(data["count"], data["side"]) for data in crossed] == [(2, "ABOVE")]


async def test_dampingan_of_another_kind_is_allowed_beside_pkh(
    kendal_caseload: Running, registry: Running
) -> None:
    place = uuid5(SPACE, "tksk")
    await registry.publish(*pendamping(uuid5(SPACE, "y"), "PD-Y", place, kind=PilarKind.TKSK))
    await deliver(registry, kendal_caseload)
    kpm_id = await register_family(kendal_caseload)
    assert [(await assign_dampingan(kendal_caseload, kpm_id, p)).status_code for p in (PENUGASAN, place)] == [
        201,
        201,
    ]


async def test_only_its_pendamping_reads_the_family(kendal_caseload: Running) -> None:
    kpm_id = await register_family(kendal_caseload)
    address = f"/v1/kpm/{kpm_id}"
    assert (await kendal_caseload.get(address, as_=pendamping_token(kendal_caseload))).status_code == 404
    await assign_dampingan(kendal_caseload, kpm_id)
    assert (await kendal_caseload.get(address, as_=pendamping_token(kendal_caseload))).status_code == 200
    assert (
        await kendal_caseload.get(f"{address}/kepesertaan", as_=pendamping_token(kendal_caseload))
    ).status_code == 200
    for path in (address, f"{address}/kepesertaan", f"{address}/history"):
        assert (
            await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload, OTHER))
        ).status_code == 404
    assert (await kendal_caseload.get("/v1/kpm", as_=pendamping_token(kendal_caseload, OTHER))).json()[
        "items"
    ] == []
    assert (await kendal_caseload.get("/v1/dampingan", as_=pendamping_token(kendal_caseload, OTHER))).json()[
        "items"
    ] == []


async def test_officials_read_only_families_of_their_area(kendal_caseload: Running) -> None:
    address = f"/v1/kpm/{await register_family(kendal_caseload)}"
    for role in (Role.DINSOS_KABKOTA, Role.KETUA_TIM_KABKOTA, Role.OPERATOR_DESA):
        assert (
            await kendal_caseload.get(address, as_=kendal_caseload.token(role, "a", ["33.24.09.2011"]))
        ).status_code == 200
        assert (
            await kendal_caseload.get(
                address, as_=kendal_caseload.token(role, "b", ["33.24.08", "33.24.09.2013", "35.03"])
            )
        ).status_code == 404
    far = kendal_caseload.token(Role.DINSOS_KABKOTA, "c", ["35.03"])
    response = await kendal_caseload.post(
        "/v1/kpm/look-up", {"nik": nik(10, female=True, born=date(1987, 11, 12))}, as_=far
    )
    assert response.status_code == 404


async def test_dampingan_of_another_kind_leaves_the_gap_open(
    kendal_caseload: Running, registry: Running
) -> None:
    place = uuid5(SPACE, "tksk")
    await registry.publish(*pendamping(uuid5(SPACE, "y"), "PD-Y", place, kind=PilarKind.TKSK))
    await deliver(registry, kendal_caseload)
    kpm_id = await register_family(kendal_caseload)
    assert (await assign_dampingan(kendal_caseload, kpm_id, place)).status_code == 201
    assert [row["until"] for row in await kendal_caseload.sql("SELECT until FROM dampingan_gap")] == [None]
    assert (await assign_dampingan(kendal_caseload, kpm_id)).status_code == 201
    assert [row["until"] for row in await kendal_caseload.sql("SELECT until FROM dampingan_gap")] != [None]
