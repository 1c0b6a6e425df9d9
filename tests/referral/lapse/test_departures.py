"""Effects of a departure of a person on consents, offers and payloads."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from services.referral.partner_call.commands import read_sharing
from tests.factories.delivery import apply_records, relay
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.deadline import advance_days
from tests.factories.referral.departure import build_departure, build_family_end, build_kpm_updated
from tests.factories.referral.events import (
    TODAY,
    build_family_facts,
    build_graduasi_determined,
    build_identity_sealed,
    build_usaha_recorded,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, PLUT, KDMP = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN", "KDMP"
OFFERS = "SELECT program_code, state, lapsed_on FROM rujukan_program WHERE program_code = $1 ORDER BY rujukan_program_id"


async def create_case(referral: Running, **simulators: PartnerSimulator) -> World:
    world = await create_world(referral, simulators)
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world


async def read_offers(world: World, code: str = KUR) -> list[tuple[str, bool]]:
    """Return state and lapse of each offer of a program, oldest first."""
    rows = await world.referral.sql(OFFERS, code)
    return [(row["state"], row["lapsed_on"] is not None) for row in rows]


async def test_lapse_before_the_sending_withdraws_and_matches_again(referral: Running) -> None:
    async with PartnerSimulator(down=True) as bank:
        world = await create_case(referral, BANK_KUR=bank)
        given = await world.record_consent(KUR)
        await world.apply_events(build_departure(world.family, world.family.pengurus_id, pengurus_id=uuid4()))
        await world.apply_identity(KUR)
        await referral.work()
        assert await read_offers(world) == [("DICABUT", True)]  # the only business was hers
        assert bank.tries == 0
        (consent,) = await referral.sql("SELECT lapsed_on, lapse_reason, lapse_event_id FROM consent")
        assert (consent["lapsed_on"], consent["lapse_reason"]) == (TODAY, "PERSON_LEFT")
        (withdrawn,) = await world.read_emitted_data("referral.consent_withdrawn.v1")
        assert (withdrawn["reason"], withdrawn["persons"]) == (
            "PERSON_LEFT",
            [str(world.family.pengurus_id)],
        )
        history = f"/v1/rujukan-program/{given.json()['rujukan_program_id']}/history"
        last = (await referral.get(history, as_=world.dinsos)).json()["items"][-1]
        assert (last["to_state"], last["reason_code"], last["sub"]) == (
            "DICABUT",
            "PERSON_LEFT",
            "system:referral",
        )


async def test_program_is_offered_again_to_the_living(referral: Running) -> None:
    """KDMP uses no business, so the family still fits after the death of the signer."""
    world = await create_case(referral)
    await world.record_consent(KDMP)
    heir = uuid4()
    await world.apply_events(build_departure(world.family, world.family.pengurus_id, pengurus_id=heir))
    await referral.work()
    assert await read_offers(world, KDMP) == [("DICABUT", True), ("DRAF", False)]
    assert (await world.record_consent(KDMP)).status_code == 201
    assert (await world.read_emitted_data("referral.consent_given.v1"))[-1]["persons"] == [str(heir)]


async def test_lapse_after_the_sending_informs_the_partner(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, BANK_KUR=bank)
        subject = await world.send_rujukan(KUR)
        await world.apply_events(build_departure(world.family, world.family.pengurus_id, pengurus_id=uuid4()))
        await referral.work()
        assert bank.withdrawn == {subject}
        assert await read_offers(world) == [("DICABUT", True)]
        assert await referral.sql("SELECT 1 FROM identity") == []


async def test_delivered_aid_is_not_changed(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, BANK_KUR=bank)
        subject = await world.send_rujukan(KUR)
        await bank.answer(subject, answer_id="A-1", status="DISETUJUI", answered_on=str(TODAY))
        await bank.deliver(subject, delivery_id="D-1", delivered_on=str(TODAY))
        await world.apply_events(build_departure(world.family, world.family.pengurus_id, pengurus_id=uuid4()))
        await referral.work()
        assert await read_offers(world) == [("DISALURKAN", False)]
        assert bank.withdrawn == set()
        assert (await referral.sql("SELECT lapsed_on FROM consent"))[0]["lapsed_on"] is None


async def test_departure_of_another_member_changes_no_consent(referral: Running) -> None:
    world = await create_case(referral)
    await world.record_consent(KUR)
    await world.apply_events(build_departure(world.family, uuid4()))
    assert await read_offers(world) == [("DISETUJUI_KPM", False)]


async def test_repeated_departure_lapses_once(referral: Running) -> None:
    world = await create_case(referral)
    await world.record_consent(KDMP)
    gone = build_departure(world.family, world.family.pengurus_id, pengurus_id=uuid4())
    await world.apply_events(gone, gone, times=2)
    await referral.work()
    assert len(await world.read_emitted_data("referral.consent_withdrawn.v1")) == 1
    assert await read_offers(world, KDMP) == [("DICABUT", True), ("DRAF", False)]


@pytest.mark.parametrize("reader", ["kpm", "moves"])
async def test_nothing_is_sent_from_the_first_reader_that_has_the_event(
    referral: Running, reader: str
) -> None:
    """The replica and the reaction read at their own pace. The sending asks both."""
    async with PartnerSimulator() as bank, PartnerSimulator(pulls=True) as plut:
        world = await create_case(referral, BANK_KUR=bank, PLUT=plut)
        await world.record_consent(KUR)
        subject = UUID((await world.read_programs())[KUR]["rujukan_program_id"])
        await world.apply_events(build_identity_sealed(referral, world.family, subject))
        only = [one for one in referral.parts.subscriptions if one.name == reader]
        all_of_them = referral.parts.subscriptions[:]
        referral.parts.subscriptions[:] = only
        try:
            await world.apply_events(
                build_departure(world.family, world.family.pengurus_id, pengurus_id=None)
            )
        finally:
            referral.parts.subscriptions[:] = all_of_them
        async with referral.session() as session:
            assert await read_sharing(session, subject) is None
        await referral.work()
        assert bank.tries == 0


async def close_business(world: World, reason: str = "DITUTUP") -> None:
    """Publish that the only business of the family has ended. Its owner lives."""
    (usaha,) = await world.referral.sql("SELECT usaha_id, started_on FROM replica_kpm.usaha")
    closed = {"usaha_id": usaha["usaha_id"], "ended_on": TODAY, "end_reason": reason}
    await world.apply_events(build_usaha_recorded(world.family, usaha["started_on"], **closed))


async def test_offer_of_a_closed_business_is_not_sent_but_matched_again(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, BANK_KUR=bank)
        await world.record_consent(KUR)
        await world.record_consent(KDMP)
        await close_business(world)
        await world.apply_identity(KUR)
        await referral.work()
        assert await read_offers(world) == [("DICABUT", True)]
        assert (await read_offers(world, KDMP))[0] == ("DISETUJUI_KPM", False), "it uses no business"
        assert bank.tries == 0
        (withdrawn,) = await world.read_emitted_data("referral.consent_withdrawn.v1")
        assert withdrawn["reason"] == "USAHA_ENDED"


async def test_transferred_business_is_offered_again_with_its_new_owner(referral: Running) -> None:
    world = await create_case(referral)
    await world.record_consent(KUR)
    await world.record_consent(KDMP)
    await close_business(world, "DIALIHKAN")
    await referral.work()
    assert await read_offers(world) == [("DICABUT", True)]
    heir = uuid4()
    began = TODAY.replace(year=TODAY.year - 3)
    await world.apply_events(build_usaha_recorded(world.family, began, owner_id=heir))
    await referral.work()
    assert await read_offers(world) == [("DICABUT", True), ("DRAF", False)]
    signed = {"signed_by": [str(world.family.pengurus_id), str(heir)]}
    assert (await world.record_consent(KUR, **signed)).status_code == 201


async def test_sent_offer_of_a_closed_business_stays(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, BANK_KUR=bank)
        await world.send_rujukan(KUR)
        await close_business(world)
        await referral.work()
        assert [lapsed for _, lapsed in await read_offers(world)] == [False]
        assert bank.withdrawn == set()


async def test_nothing_is_sent_from_the_replica_of_a_closed_business(referral: Running) -> None:
    world = await create_case(referral)
    await world.record_consent(KUR)
    await world.apply_identity(KUR)
    await referral.sql("UPDATE replica_kpm.usaha SET ended_on = $1", TODAY)
    subject = UUID((await world.read_programs())[KUR]["rujukan_program_id"])
    async with referral.session() as session:
        assert await read_sharing(session, subject) is None


async def test_inbox_hides_the_identity_of_a_person_who_left(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, BANK_KUR=bank)
        await world.send_rujukan(KUR)
        assert len(await bank.pull(receipts=False)) == 1
        await referral.sql(
            "UPDATE replica_kpm.kpm SET former_members = ARRAY[$1]::uuid[]", world.family.pengurus_id
        )
        assert await bank.pull(receipts=False) == []


async def test_ended_family_loses_its_offers_and_is_offered_nothing(referral: Running) -> None:
    world = await create_case(referral)
    await world.record_consent(KDMP)
    await world.apply_events(build_family_end(world.family))
    await referral.work()
    states = await referral.sql("SELECT DISTINCT state FROM rujukan_program")
    assert [row["state"] for row in states] == ["DICABUT"]
    shown = await referral.get(f"/v1/offer?kpm_id={world.family.kpm_id}", as_=world.pendamping)
    assert (shown.status_code, shown.json()["title"]) == (409, "FamilyHasEnded")


async def test_returned_family_is_matched_again(referral: Running) -> None:
    world = await create_case(referral)
    await world.apply_events(build_family_end(world.family))
    await referral.work()
    await world.apply_events(build_kpm_updated(world.family))
    await referral.work()
    assert await read_offers(world, KDMP) == [("DICABUT", True), ("DRAF", False)]
    assert await referral.sql("SELECT 1 FROM former_member") == []


async def test_family_that_returns_after_its_rujukan_was_closed_is_matched_again(referral: Running) -> None:
    world = await create_case(referral)
    await world.record_consent(KDMP)
    await world.apply_events(build_family_end(world.family))
    await referral.work()
    await advance_days(world, 100)
    assert [row["state"] for row in await referral.sql("SELECT state FROM rujukan")] == ["TUTUP"]
    await world.apply_events(build_kpm_updated(world.family))
    await referral.work()
    assert await read_offers(world, KDMP) == [("DICABUT", True), ("DRAF", False)]
    assert [row["state"] for row in await referral.sql("SELECT state FROM rujukan")] == ["TERBUKA"]


async def test_matching_waits_for_the_replica(referral: Running) -> None:
    """The reaction reads a new business before the replica has it."""
    world = await create_case(referral)
    await world.record_consent(KUR)
    await world.record_consent(KDMP)
    await world.apply_events(build_departure(world.family, world.family.pengurus_id, pengurus_id=uuid4()))
    await referral.work()
    assert await read_offers(world, KUR) == [("DICABUT", True)]
    await referral.publish(build_usaha_recorded(world.family, TODAY - timedelta(days=900), owner_id=uuid4()))
    await relay(referral)
    publishers = {"pilar.caseload": referral.worker}
    for subscription in sorted(referral.parts.subscriptions, key=lambda one: one.name == "kpm"):
        await apply_records(referral, subscription, publishers)
        await referral.work()
        if subscription.name != "kpm":
            assert await read_offers(world, KUR) == [("DICABUT", True)]
    await world.retry_now()
    assert await read_offers(world, KUR) == [("DICABUT", True), ("DRAF", False)]
