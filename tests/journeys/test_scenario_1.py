"""Scenario 1 of domain.md, as the demonstration tells it, through all four services: in one process, and over Kafka."""

import pytest

from deploy.demo.scenarios import play
from deploy.invariants import violations
from tests.factories.journeys.agreement import agreed
from tests.factories.journeys.four_services import Together

THEN = (
    "registry counts 462 families on S",
    "… and shows that the limit of 450 is passed",
    "the preview counts 120 families, two open cases, then 342 and 120",
    "S accompanies 342 families",
    "… and no limit is passed",
    "S can no longer open a family of B",
    "… also of a family that has gone to T",
    "net score of S: 6 of 10 (7 granted, 1 reversed)",
    "natural exits, death and move are not counted",
    "no case is counted twice",
    "T, in service since July, has a target of 5, and no credit of S's",
    "S accompanies 334 at the year's end, T 118",
    "ten memberships have ended on 1 October",
    "two are still under review",
)


async def goes_through_the_year(four: Together) -> None:
    await play(four.world, [1])
    assert await agreed(four.world, [1]), four.screen.getvalue()
    held = [line for line in four.screen.getvalue().splitlines() if "✓" in line]
    assert [then for then in THEN if not any(then in line for line in held)] == []
    await four.wait_until_idle()
    assert await violations(four.services, four.bootstrap, four.world.history) == []


@pytest.mark.timeout(240)
async def test_in_one_process(on_one_machine: Together) -> None:
    await goes_through_the_year(on_one_machine)


@pytest.mark.kafka
@pytest.mark.xdist_group("kafka")
@pytest.mark.timeout(300)
async def test_over_kafka(over_kafka: Together) -> None:
    await goes_through_the_year(over_kafka)
