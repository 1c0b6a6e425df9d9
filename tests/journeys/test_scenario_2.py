"""Scenario 2 of domain.md, as the demonstration tells it, through all four services: in one process, and over Kafka."""

import pytest

from deploy.demo import family_graduation
from deploy.demo.numbers import EXPECTED, WORDS
from deploy.demo.scenarios import play
from deploy.invariants import violations
from tests.factories.journeys.agreement import agreed
from tests.factories.journeys.four_services import Together

TIMES = 3
REASON = "SEJAHTERA_MANDIRI"
THEN = (
    "her NIK parses as female",
    "… born 12-11-1987",
    "… and is shown masked",
    "she is SIAP",
    "people, at least four, each acted in one stage alone",
    "the term ends on 17 June",
    "the stop applies from tahap 3",
    "tahap 2 stays payable",
    "certificate GR-",
    "S has six monthly monitoring tasks",
    "her PKH has ended on 1 July",
    "SEMBAKO goes on, its own decision pending",
    "PBI goes on, its own decision pending",
    "caseload pays tahap 2, not tahap 3, and names the two that are pending",
    "exactly one rujukan has opened",
    "KUR_SUPERMIKRO is proposed for MODAL",
    "PLUT_PENDAMPINGAN is proposed for PENDAMPINGAN",
    "KDMP_PASAR is proposed for PASAR",
    "BPJSTK_BPU is there too, as an option",
    "KDMP waits for the effect",
    "the credit is on S's scorecard",
    "all three have reached her",
    "KUR delivered Rp8,000,000, once",
    "the outcome after three months is recorded",
)


@pytest.fixture(autouse=True)
def _a_small_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(family_graduation, "FAMILIES", 40)


async def goes_the_whole_road(four: Together) -> None:
    await play(four.world, [2])
    assert await agreed(four.world, [2]), four.screen.getvalue()
    told = four.screen.getvalue()
    assert [
        then for then in THEN if not any("✓" in line and then in line for line in told.splitlines())
    ] == []
    await four.wait_until_idle()
    await counts_agree(four)


async def counts_agree(four: Together) -> None:
    """chain.md 9, counted without a filter: nobody else in the file has left anything."""
    for name, service in four.services.items():
        answer = await service.post("/v1/numbers", {}, as_=service.token("OPERATOR", "operator-1"))
        told = answer.json()
        wanted = {word: EXPECTED[2][REASON].get(word, 0) for word in WORDS[name]}
        assert told["totals"] == wanted
        assert told["by_exit_reason"] == {REASON: wanted}


async def changes_nothing_delivered_again(four: Together) -> None:
    before = await four.digest()
    assert len(before) > 100
    added = await four.deliver_all_again(TIMES)
    assert added > 400
    await four.wait_until_idle()
    after = await four.digest()
    assert {table for table in before if before[table] != after[table]} == set()
    await counts_agree(four)


@pytest.mark.timeout(240)
async def test_in_one_process_and_nothing_changes_when_all_is_delivered_three_times_more(
    on_one_machine: Together,
) -> None:
    await goes_the_whole_road(on_one_machine)
    assert await violations(on_one_machine.services, "", on_one_machine.world.history) == []
    await changes_nothing_delivered_again(on_one_machine)
    assert await violations(on_one_machine.services) == []


@pytest.mark.kafka
@pytest.mark.xdist_group("kafka")
@pytest.mark.timeout(300)
async def test_over_kafka_and_nothing_changes_when_all_is_delivered_three_times_more(
    over_kafka: Together,
) -> None:
    await goes_the_whole_road(over_kafka)
    assert await violations(over_kafka.services, over_kafka.bootstrap, over_kafka.world.history) == []
    await changes_nothing_delivered_again(over_kafka)
    assert await violations(over_kafka.services, over_kafka.bootstrap) == []
