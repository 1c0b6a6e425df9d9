"""Families that a scorecard counts as still without bansos, and as relapsed."""

import pytest

from tests.factories.registry import commands, events
from tests.factories.registry.events import build_graduasi_determined, deliver_events, read_scorecard
from tests.factories.services import Running


async def test_survival_is_counted_by_month_without_annulled_graduations(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    first, second, annulled = (build_graduasi_determined(pendamping) for _ in range(3))
    without_pendamping = build_graduasi_determined(None)
    cases = (first, second, annulled, without_pendamping)
    await deliver_events(
        registry,
        *cases,
        *(events.build_monitoring_recorded(case, 1) for case in cases),
        events.build_monitoring_recorded(first, 2),
        events.build_monitoring_recorded(second, 2, still_out=False),
        events.build_relapse_confirmed(second, 2),
        events.build_graduasi_annulled(annulled),
        times=2,
    )
    scorecard = await read_scorecard(registry, pendamping)
    assert scorecard["survival"] == [
        {"month": 1, "seen": 2, "still_out": 2},
        {"month": 2, "seen": 2, "still_out": 1},
    ]
    assert scorecard["relapsed"] == 1


async def test_reversed_relapse_counts_again_only_when_it_is_confirmed_again(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    case = build_graduasi_determined(pendamping)
    confirmed, reversed_ = events.build_relapse_confirmed(case, 6), events.build_relapse_reversed(case, 6)
    counts: list[int] = []
    for event in (confirmed, reversed_, confirmed.model_copy(update={"month": 12})):
        await deliver_events(registry, *([case] if event is confirmed else []), event)
        counts.append((await read_scorecard(registry, pendamping))["relapsed"])
    assert counts == [1, 0, 1]


@pytest.mark.parametrize("first", ["visits", "end"])
async def test_family_that_died_during_its_monitoring_leaves_the_survival(
    registry: Running, first: str
) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    living, died = build_graduasi_determined(pendamping), build_graduasi_determined(pendamping)
    await deliver_events(
        registry, living, died, *(events.build_monitoring_recorded(case, 1) for case in (living, died))
    )
    later = [events.build_monitoring_recorded(living, 2), events.monitoring_ended(died)]
    await deliver_events(registry, *(later if first == "visits" else reversed(later)), times=2)
    scorecard = await read_scorecard(registry, pendamping)
    assert scorecard["survival"] == [
        {"month": 1, "seen": 1, "still_out": 1},
        {"month": 2, "seen": 1, "still_out": 1},
    ]
    assert scorecard["graduasi"][0]["determined"] == 2


async def test_the_last_monitoring_of_a_month_replaces_the_earlier_one(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    case = build_graduasi_determined(pendamping)
    earlier = events.build_monitoring_recorded(case, 3, still_out=False)
    await deliver_events(registry, case, earlier, events.build_monitoring_recorded(case, 3))
    assert (await read_scorecard(registry, pendamping))["survival"] == [
        {"month": 3, "seen": 1, "still_out": 1}
    ]


async def test_family_with_two_cases_counts_once_in_survival_and_relapses(registry: Running) -> None:
    pendamping, _ = await commands.register_placed_pendamping(registry)
    first = build_graduasi_determined(pendamping)
    second = build_graduasi_determined(pendamping, kpm_id=first.kpm_id, bansos="SEMBAKO")
    await deliver_events(
        registry,
        *(first, second),
        *(events.build_monitoring_recorded(case, 1) for case in (first, second)),
        events.build_monitoring_recorded(first, 2),
        events.build_monitoring_recorded(second, 2, still_out=False),
        *(events.build_relapse_confirmed(case, 2) for case in (first, second)),
    )
    scorecard = await read_scorecard(registry, pendamping)
    assert scorecard["survival"] == [
        {"month": 1, "seen": 1, "still_out": 1},
        {"month": 2, "seen": 1, "still_out": 0},
    ]
    assert scorecard["relapsed"] == 1
