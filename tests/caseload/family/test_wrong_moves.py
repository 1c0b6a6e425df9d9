"""The last move of a family is voided if it was recorded in error."""

from typing import Any

from shared.access import Role
from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.hand_over import advance_days
from tests.factories.caseload.intake import (
    DESA,
    FAR_DESA,
    OTHER,
    OTHER_DESA,
    OTHER_PENUGASAN,
    dinsos_token,
    pendamping_token,
)
from tests.factories.caseload.member import read_as_office, record_death
from tests.factories.caseload.task import read_tasks
from tests.factories.delivery import deliver
from tests.factories.services import Running, expect_refusal

ON = "2026-01-10"


def ministry_token(family: Family) -> str:
    return family.caseload.token(Role.KEMENSOS, "kemensos-1", ["*"])


async def read_version(family: Family) -> int:
    answer = await family.caseload.get(f"/v1/kpm/{family.kpm_id}", as_=ministry_token(family))
    return int(answer.json()["version"])


async def move(family: Family, kode_wilayah: str, **more: Any) -> Any:
    body = {"kode_wilayah": kode_wilayah, "on": ON, "address": "Jalan Keliru 1"}
    body |= {"evidence_sha256": await family.upload_evidence()} | more
    return await family.post("move", body, await read_version(family), as_=ministry_token(family))


async def void(family: Family, on: str = ON, as_: str = "") -> Any:
    body, token = {"on": on, "reason": "SALAH_WILAYAH"}, as_ or ministry_token(family)
    return await family.post("move/void", body, await read_version(family), as_=token)


async def test_voided_move_restores_area_address_and_pendamping(
    family: Family, registry: Running, graduation: Running
) -> None:
    before = await family.read()
    assert (await move(family, FAR_DESA)).status_code == 200
    foreign = dinsos_token(family.caseload, "35.03")
    expect_refusal(await void(family, as_=foreign), "RelocationBeyondArea", 403)
    expect_refusal(await void(family, "2026-01-09"), "MoveNotLast")
    voided = await void(family)
    assert voided.status_code == 200, voided.text
    after = await family.read()
    assert (after["kode_wilayah"], after["address"]) == (DESA, before["address"])
    assert [row["penugasan_id"] for row in after["dampingan"] if row["valid_to"] is None] == [
        row["penugasan_id"] for row in before["dampingan"]
    ]
    past = await family.caseload.get(f"/v1/kpm/{family.kpm_id}/past", as_=family.mine)
    assert past.json()["areas"] == []
    assert ("kpm", "MOVE_VOIDED", "SALAH_WILAYAH") in await family.read_history()
    assert await read_tasks(family.caseload, dinsos_token(family.caseload)) == []
    expect_refusal(await void(family), "MoveNotLast")
    for service, schema in ((registry, "replica_coverage"), (graduation, "replica_kpm")):
        await deliver(family.caseload, service)
        (row,) = await service.sql(f"SELECT kode_wilayah FROM {schema}.kpm")
        assert row["kode_wilayah"] == DESA


async def test_right_move_of_the_same_day_is_recorded_after_the_void(family: Family) -> None:
    assert (await move(family, FAR_DESA)).status_code == 200
    assert (await void(family)).status_code == 200
    assert (await move(family, OTHER_DESA)).status_code == 200
    (area,) = (await family.caseload.get(f"/v1/kpm/{family.kpm_id}/past", as_=family.mine)).json()["areas"]
    assert (area["kode_wilayah"], area["valid_to"]) == (DESA, ON)


async def test_pendamping_who_came_since_stays(family: Family) -> None:
    assert (await move(family, FAR_DESA)).status_code == 200
    on = await advance_days(family.caseload, 3)
    office = dinsos_token(family.caseload)
    assert (await move(family, OTHER_DESA, on=str(on))).status_code == 200
    given = {"kpm_id": family.kpm_id, "penugasan_id": str(OTHER_PENUGASAN), "valid_from": str(on)}
    await family.post_ok("/v1/dampingan", given, as_=office)
    expect_refusal(await void(family), "MoveNotLast")
    assert (await void(family, str(on))).status_code == 200
    assert (await void(family)).status_code == 200
    whole = await read_as_office(family)
    assert whole["kode_wilayah"] == DESA
    theirs = pendamping_token(family.caseload, OTHER)
    seen = await family.caseload.get(f"/v1/kpm/{family.kpm_id}", as_=theirs)
    assert seen.status_code == 200
    assert [row["pendamping_id"] for row in whole["dampingan"] if row["valid_to"] is None] == [str(OTHER)]


async def test_wrong_move_of_a_family_that_ended_is_voided(kendal_caseload: Running) -> None:
    alone = await Family.create(kendal_caseload, single_member_family())
    assert (await move(alone, OTHER_DESA)).status_code == 200
    await record_death(alone, on="2026-01-11", pengurus=True)
    assert (await void(alone)).status_code == 200
    whole = await read_as_office(alone)
    assert (whole["kode_wilayah"], whole["end_reason"]) == (DESA, "MENINGGAL")
    assert (await alone.read_emitted_data("kpm_updated"))[-1]["kode_wilayah"] == DESA
