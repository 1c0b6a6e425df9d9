"""A family's consent to one program, and its withdrawal."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import DESA, NIK, TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.notice_schema import without_head
from tests.factories.referral.places import publish_quota
from tests.factories.referral.world import World
from tests.factories.services import Running
from tests.factories.transactions import EVENT_AND_ANSWER, one_transaction

KUR, PLUT = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN"


async def create_case(referral: Running, **simulators: PartnerSimulator) -> World:
    world = await create_world(referral, simulators)
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world


async def withdraw_consent(world: World, code: str, **changes: Any) -> Any:
    subject = (await world.read_programs())[code]["rujukan_program_id"]
    body = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"} | changes
    return await world.referral.post(
        f"/v1/rujukan-program/{subject}/consent-withdrawal", body, as_=world.pendamping
    )


async def test_consent_emits_an_event_and_nothing_is_sent_before_the_identity(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, BANK_KUR=bank)
        given = await world.record_consent(KUR)
        assert (given.status_code, given.json()["state"]) == (201, "DISETUJUI_KPM")
        (event,) = await world.read_emitted_data("referral.consent_given.v1")
        assert event["rujukan_program_id"] == given.json()["rujukan_program_id"]
        assert event["partner_id"] == world.partners["BANK_KUR"]["partner_id"]
        await referral.work()
        assert bank.tries == 0
        await world.apply_identity(KUR)
        await referral.work()
        assert len(bank.received) == 1


async def test_consent_shares_with_one_partner_only(referral: Running) -> None:
    async with PartnerSimulator() as bank, PartnerSimulator() as plut:
        world = await create_case(referral, BANK_KUR=bank, PLUT=plut)
        await world.send_rujukan(KUR)
        assert (len(bank.received), len(plut.received)) == (1, 0)
        assert await world.read_state(PLUT) == "DRAF"


async def test_consent_withdrawn_before_the_sending_shares_nothing(referral: Running) -> None:
    async with PartnerSimulator(down=True) as bank:
        world = await create_case(referral, BANK_KUR=bank)
        await world.record_consent(KUR)
        withdrawn = await withdraw_consent(world, KUR)
        assert (withdrawn.status_code, withdrawn.json()["state"]) == (201, "DICABUT")
        await world.apply_identity(KUR)  # it arrives after the withdrawal
        bank.down = False
        await world.retry_now()
        assert bank.tries == 0
        assert await referral.sql("SELECT 1 FROM identity") == []
        assert len(await world.read_emitted_data("referral.consent_withdrawn.v1")) == 1


async def test_consent_withdrawn_after_the_sending_is_notified_to_the_partner(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, BANK_KUR=bank)
        subject = await world.send_rujukan(KUR)
        bank.down = True
        assert (await withdraw_consent(world, KUR)).status_code == 201
        await referral.work()
        assert bank.withdrawn == set()
        bank.down = False
        await world.retry_now()
        assert bank.withdrawn == {subject}
        notice = bank.received[-1]
        withdrawal = {"notice": "DICABUT", "rujukan_program_id": subject, "withdrawn_on": str(TODAY)}
        assert without_head(notice.body) == withdrawal
        assert notice.headers["idempotency-key"] == f"{subject}:DICABUT"
        assert (await world.read_emitted_data("referral.rujukan_withdrawn.v1"))[0]["status"] == "DICABUT"
        late = await bank.answer(subject, answer_id="A-9", status="DISETUJUI", answered_on=str(TODAY))
        assert (late.status_code, late.json()["state"]) == (201, "DICABUT")


async def test_consent_withdrawn_during_retries_ends_them(referral: Running) -> None:
    async with PartnerSimulator(down=True) as bank:
        world = await create_case(referral, BANK_KUR=bank)
        subject = await world.send_rujukan(KUR)
        await withdraw_consent(world, KUR)
        bank.down = False
        await world.retry_now()
        assert [notice.body["notice"] for notice in bank.received] == ["DICABUT"]
        assert subject not in bank.rujukan


async def test_consent_withdrawn_after_the_end_is_notified_to_the_partner(referral: Running) -> None:
    """After its refusal the partner may have stored the data of the family.

    Now it must delete them.
    """
    async with PartnerSimulator() as bank:
        world = await create_case(referral, BANK_KUR=bank)
        subject = await world.send_rujukan(KUR)
        refused = {"status": "DITOLAK", "reason_code": "SLIK_BURUK", "answered_on": str(TODAY)}
        assert (await bank.answer(subject, answer_id="A-1", **refused)).status_code == 201
        assert (await withdraw_consent(world, KUR)).json()["state"] == "DITOLAK"
        await referral.work()
        assert bank.withdrawn == {subject}


async def test_backdated_withdrawal_releases_the_place_today(referral: Running) -> None:
    """Consent and withdrawal are of yesterday and entered today.

    The place is taken and released today.
    """
    world = await create_case(referral)
    yesterday = str(TODAY - timedelta(days=1))
    assert (await publish_quota(world, "33.24", 5)).status_code == 201
    assert (await world.record_consent(PLUT, given_on=yesterday)).status_code == 201
    back = await withdraw_consent(world, PLUT, withdrawn_on=yesterday)
    assert (back.status_code, back.json()["withdrawn_on"]) == (201, yesterday)
    (place,) = await referral.sql("SELECT taken_on, released_on FROM quota_place")
    assert tuple(place) == (TODAY, TODAY)


async def test_identity_is_stored_sealed_and_deleted_at_withdrawal(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, BANK_KUR=bank)
        await world.send_rujukan(KUR)
        (row,) = await referral.sql("SELECT identity::text AS text, sealed FROM identity")
        assert NIK.encode() not in row["sealed"]
        assert "Siti" not in row["text"]
        await withdraw_consent(world, KUR)
        assert await referral.sql("SELECT 1 FROM identity") == []
        assert NIK not in str(await referral.read_envelopes()).replace(row["text"], "")


async def test_second_consent_is_refused_and_a_withdrawn_offer_is_made_again(referral: Running) -> None:
    world = await create_case(referral)
    assert (await withdraw_consent(world, KUR)).json()["title"] == "ConsentMissing"
    await world.record_consent(KUR)
    assert (await world.record_consent(KUR)).json()["title"] == "ConsentAlreadyGiven"
    await withdraw_consent(world, KUR)
    assert (await withdraw_consent(world, KUR)).json()["title"] == "ConsentMissing"
    refused = (await world.record_consent(KUR)).json()
    assert (refused["title"], refused["remedy"]["operations"][0]["operation_id"]) == (
        "OfferWithdrawn",
        "renew_offer",
    )


@pytest.mark.parametrize(
    ("changes", "status", "title"),
    [
        ({"evidence_sha256": "0" * 64}, 422, "FileNotUploaded"),
        ({"text_version": 99}, 422, "ConsentTextUnknown"),
        ({"given_on": str(TODAY + timedelta(days=1))}, 422, "DateInTheFuture"),
        ({"given_on": str(TODAY - timedelta(days=30))}, 422, "DateTooEarly"),
        ({"channel": "TELEPATI"}, 422, "Invalid"),
        ({"extra": 1}, 422, "Invalid"),
    ],
)
async def test_invalid_consent_is_refused(
    referral: Running, changes: dict[str, Any], status: int, title: str
) -> None:
    world = await create_case(referral)
    refused = await world.record_consent(KUR, **changes)
    assert (refused.status_code, refused.json()["title"]) == (status, title)
    assert await world.read_state(KUR) == "DRAF"


async def test_only_the_familys_pendamping_records_consent(referral: Running) -> None:
    world = await create_case(referral)
    neighbour = referral.token("PENDAMPING", "pd-t", [DESA], pendamping_id=uuid4())
    refused = await world.record_consent(KUR, as_=neighbour)
    assert (refused.status_code, refused.json()["title"]) == (404, "NotFound")
    elsewhere = referral.token("PENDAMPING", "pd-u", ["33.25"], pendamping_id=world.family.pendamping_id)
    assert (await world.record_consent(KUR, as_=elsewhere)).status_code == 404
    assert (await world.record_consent(KUR, as_=world.dinsos)).status_code == 403


async def test_consent_history_and_event_are_of_one_transaction(referral: Running) -> None:
    world = await create_case(referral)
    await world.read_programs()
    tables = ("consent", "rujukan_program", "rujukan_program_history")
    async with one_transaction(referral, *tables, *EVENT_AND_ANSWER):
        assert (await world.record_consent(PLUT)).status_code == 201
