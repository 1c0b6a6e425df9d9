"""Scenario 2 of docs/domain.md#scenarios, through all four services."""

from collections import defaultdict

import pytest

from deploy.demo import family_graduation
from deploy.demo.numbers import COUNTS, EXPECTED
from deploy.demo.scenarios import play
from deploy.invariants import violations
from tests.factories.journeys.agreement import do_numbers_agree
from tests.factories.journeys.four_services import FourServices
from tests.factories.journeys.screens import PAGE, find_failed_calls, list_screens, read_ids

TIMES, MOST_CALLS = 3, 4
REASON = "SEJAHTERA_MANDIRI"
# Counts that no other service has.
MORE = defaultdict(tuple[str], caseload=("ending",))
CHECKS = (
    "her NIK parses as female",
    "… born 12-11-1987",
    "… and it is shown masked",
    "she is SIAP",
    "people, at least four, each acted in one stage only",
    "the term ends on 17 June",
    "the stop applies from tahap 3",
    "tahap 2 stays payable",
    "certificate GR-",
    "S has six monthly monitoring tasks",
    "her PKH has ended on 1 July",
    "SEMBAKO continues, its own decision is pending",
    "PBI continues, its own decision is pending",
    "caseload pays tahap 2, not tahap 3, and lists the two pending bansos",
    "exactly one rujukan has opened",
    "KUR_SUPERMIKRO is proposed for MODAL",
    "PLUT_PENDAMPINGAN is proposed for PENDAMPINGAN",
    "KDMP_PASAR is proposed for PASAR",
    "BPJSTK_BPU is there too, as an option",
    "KDMP waits for the effect",
    "the credit is on S's scorecard",
    "all three are delivered",
    "KUR delivered Rp8,000,000, once",
    "the outcome after three months is recorded",
)


@pytest.fixture(autouse=True)
def _small_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(family_graduation, "FAMILIES", 40)


async def check_graduation(four: FourServices) -> None:
    await play(four.world, [2])
    assert await do_numbers_agree(four.world, [2]), four.screen.getvalue()
    passed = [line for line in four.screen.getvalue().splitlines() if "✓" in line]
    assert [check for check in CHECKS if not any(check in line for line in passed)] == []
    await four.wait_until_idle()
    await do_counts_agree(four)


async def do_counts_agree(four: FourServices) -> None:
    """Check the unfiltered counts of docs/case-lifecycle.md#counts: no other family has exited."""
    for name, service in four.services.items():
        answer = await service.post("/v1/numbers", {}, as_=service.token("OPERATOR", "operator-1"))
        counts = answer.json()
        expected = {count: EXPECTED[2][REASON].get(count, 0) for count in (*COUNTS[name], *MORE[name])}
        assert counts["totals"] == expected
        assert counts["by_exit_reason"] == {REASON: expected}


async def check_screens(four: FourServices) -> None:
    """Make the calls that docs/api-frontend.md lists for each screen."""
    screens = list_screens(PAGE.read_text("utf-8"))
    assert len(screens) >= 8
    assert [screen.name for screen in screens if not 1 <= len(screen.calls) <= MOST_CALLS] == []
    assert await find_failed_calls(four.world, screens, await read_ids(four)) == []


async def check_repeated_delivery(four: FourServices) -> None:
    before = await four.read_digest()
    assert len(before) > 100
    added = await four.deliver_all_again(TIMES)
    assert added > 400
    await four.wait_until_idle()
    after = await four.read_digest()
    assert {table for table in before if before[table] != after[table]} == set()
    await do_counts_agree(four)


async def test_graduation_of_a_family_and_repeated_delivery(four: FourServices) -> None:
    await check_graduation(four)
    await check_screens(four)
    history = four.world.history
    assert await violations(four.services, four.bootstrap, history) == []
    await check_repeated_delivery(four)
    assert await violations(four.services, four.bootstrap) == []
