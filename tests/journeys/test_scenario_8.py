"""Scenario 8 of docs/domain.md#scenarios without its emergency lane, through all four services."""

from deploy.demo import timeline
from deploy.demo.scenarios import play
from deploy.invariants import violations
from shared.privacy import Vault
from tests.factories.journeys.agreement import do_numbers_agree
from tests.factories.journeys.four_services import FourServices

CHECKS = (
    "the case continues unchanged",
    "IN_TERM: DISANGGAH",
    "the payment stop is suspended",
    "the rujukan is paused",
    "her exit has no effect",
    "an objection out of term is refused",
    "… and the refusal refers to the usulan",
    "the approver may not decide it",
    "a decision without back-pay is refused",
    "IN_TERM: DIPULIHKAN",
    "her PKH continues without an end",
    "tahap 2 is paid back",
    "S's net score falls by one",
    "her rujukan and KUR are DICABUT",
    "the bank has received her withdrawal only",
    "there is a new membership",
    "… and the earlier one stays ended",
)
# Events of the family's timeline, in this order, with their actors.
EVENTS = (
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


async def test_objection(four: FourServices) -> None:
    await play(four.world, [8])
    assert await do_numbers_agree(four.world, [8]), four.screen.getvalue()
    passed = [line for line in four.screen.getvalue().splitlines() if "✓" in line]
    assert [check for check in CHECKS if not any(check in line for line in passed)] == []
    await four.wait_until_idle()
    assert await violations(four.services, four.bootstrap, four.world.history) == []
    await check_timeline(four)


async def check_timeline(four: FourServices) -> None:
    """Check the timeline of the family that objected."""
    kpm_id = four.world.data_folder.scenarios()["8"]["kpm_ids"][0]
    vault = Vault.of(four.services["graduation"].settings)
    events, steps = await timeline.read(four.world.state.workers, kpm_id, vault)
    actors = [(event.wire.rpartition(".")[0], event.actor) for event in events]
    positions = [actors.index(entry) for entry in EVENTS]
    assert positions == sorted(positions)
    assert set(LATER) <= {wire for wire, _ in actors}
    names = timeline.names_of(events, four.world.data_folder.people())
    text = "\n".join(timeline.lines(kpm_id, events, names, steps))
    for text_part in (
        "DITERIMA",
        "SANGGAH_DITERIMA",
        "back_pay_tahap 2026-2",
        "lodged_on 2026-03-09",
        "of 4 services",
    ):
        assert text_part in text
