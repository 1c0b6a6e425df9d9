"""Unaccompanied: in PKH or monitored after an exit, and no PKH pendamping today."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.caseload import KepesertaanEnded, KpmRegistered, KpmUpdated
from shared.contracts.graduation import SanggahDecided, SanggahLodged
from shared.contracts.kinds import FamilyEndReason, PilarKind, SanggahOutcome
from shared.database import uuid7
from tests.factories.registry import commands, events
from tests.factories.registry.events import deliver_events
from tests.factories.services import Running

EXIT = date(2026, 1, 1)
SANGGAH = UUID(int=1)


async def read_counts(registry: Running, as_: str = "", area: str = "33.24.09") -> dict[str, Any]:
    path = f"/v1/coverage?kode_wilayah={area}&year=2026"
    return commands.expect_ok(await registry.get(path, as_=as_ or commands.ministry_token(registry)))


def build_exit(
    family: KpmRegistered, bansos: str = "PKH", monitoring_months: int | None = 6
) -> tuple[Any, list[Any]]:
    """Return the case of an exit in effect, and its events."""
    started = events.build_kepesertaan_started(family, bansos=bansos)
    case = events.build_graduasi_determined(
        None, kpm_id=family.kpm_id, kepesertaan_id=started.kepesertaan_id, bansos=started.bansos
    )
    graduated = events.build_kpm_graduated(case).model_copy(update={"monitoring_months": monitoring_months})
    ended = KepesertaanEnded(
        **started.model_dump(), valid_to=EXIT, exit_reason=case.exit_reason, graduasi_id=case.graduasi_id
    )
    return case, [family, started, case, graduated, ended]


@pytest.mark.parametrize("bansos", ["PKH", "SEMBAKO"])
async def test_monitored_family_is_unaccompanied_until_its_monitoring_is_complete(
    registry: Running, bansos: str
) -> None:
    await registry.set_clock(commands.START)
    case, exit_events = build_exit(events.build_kpm_registered(), bansos)
    await deliver_events(registry, *exit_events, times=2)
    counts = await read_counts(registry)
    assert (counts["members"], counts["to_accompany"], counts["unaccompanied"]) == (0, 1, 1)
    assert counts["share"] == 0
    completed = events.build_monitoring_recorded(case, 6).model_copy(
        update={"completes": True, "recorded_on": date(2026, 3, 1)}
    )
    await deliver_events(registry, completed)
    assert (await read_counts(registry))["unaccompanied"] == 1, "the day itself still belongs to it"
    await registry.set_clock(commands.START.replace(day=3))
    assert (await read_counts(registry))["to_accompany"] == 0


async def test_only_what_asks_for_a_pkh_pendamping_counts(registry: Running) -> None:
    await registry.set_clock(commands.START)
    left, poor, dead = (events.build_kpm_registered() for _ in range(3))
    died = KpmUpdated(
        **dead.model_dump() | {"ended_on": date(2026, 2, 1), "end_reason": FamilyEndReason.MENINGGAL}
    )
    _, unwatched = build_exit(left, monitoring_months=0)
    memberships = [
        events.build_kepesertaan_started(poor, bansos="SEMBAKO"),
        events.build_kepesertaan_started(dead),
    ]
    await deliver_events(registry, *unwatched, poor, dead, *memberships, died)
    counts = await read_counts(registry)
    assert (counts["families"], counts["members"], counts["to_accompany"]) == (2, 1, 0)


async def test_pendamping_of_another_kind_does_not_count(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    family = events.build_kpm_registered()
    started = events.build_dampingan_started(
        pendamping, penugasan, valid_from=date(2026, 1, 1), kpm_id=family.kpm_id
    )
    other = started.model_copy(update={"kind": PilarKind.REHSOS_PENDAMPING})
    await deliver_events(registry, family, events.build_kepesertaan_started(family), other)
    assert (await read_counts(registry))["unaccompanied"] == 1
    await deliver_events(registry, started.model_copy(update={"dampingan_id": uuid7()}))
    assert (await read_counts(registry))["unaccompanied"] == 0


@pytest.mark.parametrize(
    ("outcome", "expected", "ended"),
    [
        (None, 1, 0),
        (SanggahOutcome.DITERIMA, 1, 0),
        (SanggahOutcome.DITOLAK, 0, 1),
        (SanggahOutcome.GUGUR, 0, 1),
        (SanggahOutcome.SALAH_CATAT, 0, 1),
    ],
)
async def test_membership_whose_end_is_held_has_not_ended(
    registry: Running, outcome: SanggahOutcome | None, expected: int, ended: int
) -> None:
    await registry.set_clock(commands.START)
    case, exit_events = build_exit(events.build_kpm_registered(), monitoring_months=0)
    fields = events.build_case_fields(case, "kepesertaan_id") | {"sanggah_id": SANGGAH}
    exit_events.append(SanggahLodged(**fields, lodged_on=date(2025, 12, 20), suspends=True))
    if outcome is not None:
        exit_events.append(SanggahDecided(**fields, outcome=outcome, decided_on=date(2026, 2, 1)))
    await deliver_events(registry, *exit_events, times=2)
    counts = await read_counts(registry)
    ended_now = sum(row["ended"] for row in counts["kepesertaan"])
    assert (counts["unaccompanied"], ended_now) == (expected, ended)


async def test_all_readers_of_an_area_get_the_same_figures(registry: Running) -> None:
    """The case and the dampingan have the area in which the family lived before."""
    await registry.set_clock(commands.START)
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    accompanied, graduate = (events.build_kpm_registered("35.03.01.2001") for _ in range(2))
    _, exit_events = build_exit(graduate)
    exit_events = [event.model_copy(update={"kode_wilayah": "35.03.01.2001"}) for event in exit_events]
    dampingan = events.build_dampingan_started(
        pendamping, penugasan, valid_from=date(2026, 1, 1), kpm_id=accompanied.kpm_id
    )
    moved = [
        KpmUpdated(**family.model_dump() | {"kode_wilayah": commands.KELURAHAN})
        for family in (accompanied, graduate)
    ]
    membership = events.build_kepesertaan_started(accompanied)
    dampingan = dampingan.model_copy(update={"kode_wilayah": "35.03.01.2001"})
    await deliver_events(registry, accompanied, membership, dampingan, *exit_events, *moved)
    ministry = await read_counts(registry)
    assert (ministry["accompanied"], ministry["to_accompany"], ministry["unaccompanied"]) == (1, 2, 1)
    office = registry.token("DINSOS_KABKOTA", areas=["33.24"])
    another = registry.token("PENDAMPING", "p", ["33.24.09"], pendamping_id=str(uuid7()))
    for reader in (office, another):
        assert await read_counts(registry, as_=reader) == ministry
