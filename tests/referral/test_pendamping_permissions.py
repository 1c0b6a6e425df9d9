"""Only an AKTIF, placed pendamping acts for a family in the own area (docs/case-lifecycle.md#rights)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.contracts.caseload import DampinganEnded, DampinganStarted
from shared.contracts.kinds import Ditjen, EmployerStatus, PendampingStatus, PilarKind, SubjectKind
from shared.contracts.registry import PendampingStatusChanged, PenugasanEnded, WilayahTugasEnded
from shared.events import Event
from tests.factories.cluster import START
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import (
    TODAY,
    build_family_facts,
    build_graduasi_determined,
    build_pendamping_facts,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"


async def create_case(referral: Running) -> World:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world


def build_status_changed(world: World, value: PendampingStatus, from_on: Any) -> PendampingStatusChanged:
    return PendampingStatusChanged(
        pendamping_id=world.family.pendamping_id,
        pendamping_no="PS-1",
        subject=SubjectKind.PERSON,
        status=value,
        reason="CUTI_MELAHIRKAN",
        from_on=from_on,
    )


async def test_pendamping_on_leave_cannot_act_until_back(referral: Running) -> None:
    world = await create_case(referral)
    await world.apply_events(build_status_changed(world, PendampingStatus.CUTI, TODAY - timedelta(days=3)))
    refused = await world.record_consent(KUR)
    assert (refused.status_code, refused.json()["title"]) == (409, "PendampingInactive")
    assert "CUTI" in refused.json()["detail"]
    await world.apply_events(build_status_changed(world, PendampingStatus.AKTIF, TODAY))
    assert (await world.record_consent(KUR)).status_code == 201


async def test_pendamping_can_act_before_the_leave_starts(referral: Running) -> None:
    world = await create_case(referral)
    await world.apply_events(build_status_changed(world, PendampingStatus.CUTI, TODAY + timedelta(days=1)))
    assert (await world.record_consent(KUR)).status_code == 201


async def test_pendamping_without_a_replica_row_is_not_yet_known(referral: Running) -> None:
    world = await create_world(referral, {})
    known = [fact for fact in build_family_facts(world.family) if not fact.wire.startswith("registry.")]
    await world.apply_events(*known, build_graduasi_determined(world.family))
    refused = await world.record_consent(KUR)
    assert (refused.status_code, refused.json()["title"]) == (409, "NotYetKnown")
    assert refused.headers["Retry-After"] == "2"
    await world.apply_events(*build_pendamping_facts(world.family))
    assert (await world.record_consent(KUR)).status_code == 201


@pytest.mark.parametrize("ended", ["placement", "area"])
async def test_pendamping_cannot_act_after_the_placement_or_area_ended(referral: Running, ended: str) -> None:
    world = await create_world(referral, {})
    facts = build_family_facts(world.family)
    await world.apply_events(*facts, build_graduasi_determined(world.family))
    (area,) = (fact for fact in facts if fact.wire == "registry.wilayah_tugas_placed.v1")
    about: dict[str, Any] = {
        "penugasan_id": world.family.penugasan_id,
        "pendamping_id": world.family.pendamping_id,
        "valid_from": TODAY - timedelta(days=500),
        "valid_to": TODAY,
        "reason": "PINDAH_TUGAS",
    }
    placement = {
        "kind": PilarKind.PKH_PENDAMPING,
        "ditjen": Ditjen.LINJAMSOS,
        "employer_status": EmployerStatus.PPPK,
    }
    ends: dict[str, Event] = {
        "placement": PenugasanEnded(**about, **placement),
        "area": WilayahTugasEnded(
            **about,
            wilayah_tugas_id=getattr(area, "wilayah_tugas_id", uuid4()),
            kode_wilayah="33.24.09",
        ),
    }
    await world.apply_events(ends[ended])
    refused = await world.record_consent(KUR)
    assert (refused.status_code, refused.json()["title"]) == (403, "FamilyNotAccompanied")


async def test_consent_is_judged_by_its_day_and_needs_the_dampingan_at_entry(referral: Running) -> None:
    world = await create_case(referral)
    await world.apply_events(build_status_changed(world, PendampingStatus.CUTI, TODAY + timedelta(days=1)))
    await referral.set_clock(START + timedelta(days=1))
    leave = await world.record_consent(KUR, given_on=str(TODAY + timedelta(days=1)))
    assert (leave.status_code, leave.json()["title"]) == (409, "PendampingInactive")
    assert (
        await world.record_consent(KUR)
    ).status_code == 201  # of the day before, typed in during the leave
    world.family.pendamping_id = uuid4()
    await world.apply_events(*build_pendamping_facts(world.family))
    other = await world.record_consent("KDMP")
    assert (other.status_code, other.json()["title"]) == (404, "NotFound")


async def test_act_of_a_day_without_dampingan_is_refused(referral: Running) -> None:
    world = await create_world(referral, {})
    facts = build_family_facts(world.family)
    (first,) = (fact for fact in facts if isinstance(fact, DampinganStarted))
    days = {before: TODAY - timedelta(days=before) for before in (6, 5, 4, 3)}
    ended = DampinganEnded(**first.model_dump() | {"valid_to": days[5]})
    second = DampinganStarted(**first.model_dump() | {"dampingan_id": uuid4(), "valid_from": days[3]})
    determined = build_graduasi_determined(world.family, sk_on=TODAY - timedelta(days=30))
    await world.apply_events(*facts, determined, ended, second)
    for before in (5, 4):
        refused = await world.record_consent(KUR, given_on=str(days[before]))
        assert (refused.status_code, refused.json()["title"]) == (403, "FamilyNotAccompanied"), before
    assert (await world.record_consent(KUR, given_on=str(days[6]))).status_code == 201
    assert (await world.record_consent("KDMP", given_on=str(days[3]))).status_code == 201
