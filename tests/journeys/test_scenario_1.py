"""Scenario 1 of docs/domain.md#scenarios, through all four services in one process and over Kafka."""

import pytest

from deploy.demo.scenarios import play
from deploy.invariants import violations
from tests.factories.journeys.agreement import do_numbers_agree
from tests.factories.journeys.four_services import FourServices

CHECKS = (
    "registry counts 462 families on S",
    "… and shows that the limit of 450 is exceeded",
    "the preview counts 120 families, two open cases, then 341 and 120",
    "S accompanies 341 families",
    "… and no limit is exceeded",
    "S can no longer open a family of B",
    "… also of a family of T",
    "net score of S: 6 of 10 (7 granted, 1 reversed)",
    "natural exits, death and move are not counted",
    "no case is counted twice",
    "T, in service since July, has a target of 5, and no credit of S's",
    "S accompanies 334 at the year's end, T 118",
    "ten memberships have ended on 1 October",
    "two are still under review",
)


async def check_year(four: FourServices) -> None:
    await play(four.world, [1])
    assert await do_numbers_agree(four.world, [1]), four.screen.getvalue()
    passed = [line for line in four.screen.getvalue().splitlines() if "✓" in line]
    assert [check for check in CHECKS if not any(check in line for line in passed)] == []
    await four.wait_until_idle()
    assert await violations(four.services, four.bootstrap, four.world.history) == []


@pytest.mark.timeout(240)
async def test_in_one_process(local_services: FourServices) -> None:
    await check_year(local_services)


@pytest.mark.kafka
@pytest.mark.xdist_group("kafka")
@pytest.mark.timeout(300)
async def test_over_kafka(kafka_services: FourServices) -> None:
    await check_year(kafka_services)
