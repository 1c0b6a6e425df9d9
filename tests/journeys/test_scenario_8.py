"""Scenario 8 of domain.md without its emergency lane, through all four services: in one process, and over Kafka."""

import pytest

from deploy.demo import life
from deploy.demo.scenarios import play
from deploy.invariants import violations
from tests.factories.journeys.agreement import agreed
from tests.factories.journeys.four_services import Together

THEN = (
    "the case goes on by itself",
    "IN_TERM: DISANGGAH",
    "the payment stop is suspended",
    "what was to be sent to partners waits",
    "hers has no effect",
    "an objection out of term is refused",
    "… and the usulan is named as the right path",
    "who approved may not decide it",
    "back-pay is decided explicitly, or nothing is",
    "IN_TERM: DIPULIHKAN",
    "her PKH goes on as if nothing had been",
    "tahap 2 is paid back",
    "S's count falls by one",
    "her rujukan and KUR are DICABUT",
    "the bank is told, of her alone",
    "a new membership, beside the one that ended",
    "… which stays ended",
)
# What an auditor must find of the family, in this order, and by whom.
TOLD = (
    ("registry.pendamping_registered", "kemensos-1"),
    ("caseload.kpm_registered", "dinsos-kendal-1"),
    ("graduation.kpm_assessed", "pendamping-4"),
    ("graduation.graduasi_proposed", "pendamping-4"),
    ("graduation.graduasi_determined", "kemensos-1"),
    ("graduation.credit_granted", "kemensos-1"),
    ("referral.rujukan_opened", "system:referral"),
    ("referral.consent_given", "pendamping-4"),
    ("caseload.kpm_updated", "pendamping-4"),
    ("graduation.sanggah_lodged", "operator-desa-2"),
    ("graduation.sanggah_decided", "dinsos-kendal-2"),
    ("graduation.graduasi_annulled", "dinsos-kendal-2"),
)
LATER = ("graduation.credit_reversed", "referral.rujukan_withdrawn")


async def goes_through_the_objection(four: Together) -> None:
    await play(four.world, [8])
    assert await agreed(four.world, [8]), four.screen.getvalue()
    held = [line for line in four.screen.getvalue().splitlines() if "✓" in line]
    assert [then for then in THEN if not any(then in line for line in held)] == []
    await four.wait_until_idle()
    assert await violations(four.services, four.bootstrap, four.world.history) == []
    await can_be_replayed(four)


async def can_be_replayed(four: Together) -> None:
    """`make life` tells the whole history of the family that objected, event by event, with who and why."""
    kpm_id = four.world.place.scenarios()["8"]["kpm_ids"][0]
    told, steps = await life.read(four.world.state.workers, kpm_id)
    said = [(fact.wire.rpartition(".")[0], fact.actor) for fact in told]
    places = [said.index(one) for one in TOLD]
    assert places == sorted(places)
    assert set(LATER) <= {wire for wire, _ in said}
    names = life.names_of(told, four.world.place.people())
    text = "\n".join(life.lines(kpm_id, told, names, steps))
    for word in (
        "DITERIMA",
        "SANGGAH_DITERIMA",
        "back_pay_tahap 2026-2",
        "lodged_on 2026-03-09",
        "from 4 services",
    ):
        assert word in text


@pytest.mark.timeout(240)
async def test_in_one_process(on_one_machine: Together) -> None:
    await goes_through_the_objection(on_one_machine)


@pytest.mark.kafka
@pytest.mark.xdist_group("kafka")
@pytest.mark.timeout(300)
async def test_over_kafka(over_kafka: Together) -> None:
    await goes_through_the_objection(over_kafka)
