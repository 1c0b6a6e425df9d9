"""Voided visits, sessions and results of the monitoring do not count."""

from datetime import date

import pytest

from shared.contracts.caseload_activity import KunjunganVoided, P2k2Voided, VoidReason
from tests.factories.registry import commands
from tests.factories.registry.events import (
    build_graduasi_determined,
    build_kunjungan_recorded,
    build_monitoring_recorded,
    build_p2k2_held,
    deliver_events,
    read_scorecard,
)
from tests.factories.services import Running

DAY = date(2026, 2, 1)


@pytest.mark.parametrize("void_first", [False, True])
async def test_voided_visits_and_sessions_leave_the_scorecard(registry: Running, *, void_first: bool) -> None:
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    visits = [build_kunjungan_recorded(pendamping, penugasan, DAY) for _ in range(2)]
    sessions = [build_p2k2_held(pendamping, penugasan, DAY, 10, attended) for attended in (5, 9)]
    void = {"reason": VoidReason.SALAH_TANGGAL, "voided_on": DAY}
    voids = [
        KunjunganVoided(**visits[0].model_dump() | void),
        P2k2Voided(**sessions[0].model_dump() | void),
    ]
    events = [*visits, *sessions]
    await deliver_events(registry, *([*voids, *events] if void_first else [*events, *voids]), times=2)
    scorecard = await read_scorecard(registry, pendamping)
    assert (scorecard["visits"], scorecard["p2k2_held"], scorecard["p2k2_attendance"]) == (1, 1, 0.9)
    placement = scorecard["penugasan"][0]
    assert (placement["visits"], placement["p2k2_invited"], placement["p2k2_attended"]) == (1, 10, 9)


async def test_voided_result_of_a_month_leaves_the_survival_until_the_right_one(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    case = build_graduasi_determined(pendamping)
    wrong = build_monitoring_recorded(case, 1)
    await deliver_events(registry, case, wrong, times=2)
    assert (await read_scorecard(registry, pendamping))["survival"] == [
        {"month": 1, "seen": 1, "still_out": 1}
    ]
    await deliver_events(registry, wrong.model_copy(update={"voided": True}), times=2)
    assert (await read_scorecard(registry, pendamping))["survival"] == []
    await deliver_events(registry, build_monitoring_recorded(case, 1, still_out=False), times=2)
    assert (await read_scorecard(registry, pendamping))["survival"] == [
        {"month": 1, "seen": 1, "still_out": 0}
    ]
