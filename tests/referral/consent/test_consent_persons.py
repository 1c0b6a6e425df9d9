"""A consent names each person whose identity is shared, and each of them has signed."""

from typing import Any
from uuid import uuid4

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.departure import build_departure, build_kpm_updated
from tests.factories.referral.events import (
    NIK,
    OWNER_NIK,
    TODAY,
    Family,
    build_family_facts,
    build_graduasi_determined,
    build_usaha_recorded,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, PLUT, KDMP = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN", "KDMP"


async def create_case(
    referral: Running, *, born: int = 1984, married: bool = True, **simulators: PartnerSimulator
) -> World:
    """Return a family whose business belongs to another member than the pengurus."""
    family = Family(owner_id=uuid4(), usaha_from=None)
    world = await create_world(referral, simulators, family)
    business = build_usaha_recorded(
        family, TODAY.replace(year=TODAY.year - 3), owner_birth_year=born, owner_married=married
    )
    await world.apply_events(*build_family_facts(family), business, build_graduasi_determined(family))
    return world


def sign_by_both(world: World) -> dict[str, Any]:
    return {"signed_by": [str(person) for person in world.family.persons]}


async def test_partner_gets_the_signer_and_the_owner_with_their_relation(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, BANK_KUR=bank)
        assert (await world.record_consent(KUR, **sign_by_both(world))).status_code == 201
        await world.apply_identity(KUR)
        await referral.work()
        (notice,) = bank.received
        assert notice.body["nik"] == NIK
        assert notice.body["persons"] == [
            {"roles": ["SIGNER"], "relation": "ISTRI", "nik": NIK, "name": "Siti Contoh"},
            {"roles": ["OWNER"], "relation": "KEPALA_KELUARGA", "nik": OWNER_NIK, "name": "Budi Contoh"},
        ]


async def test_inbox_has_the_same_persons_as_the_webhook(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, BANK_KUR=bank)
        await world.record_consent(KUR, **sign_by_both(world))
        await world.apply_identity(KUR)
        await referral.work()
        (item,) = await bank.pull(receipts=False)
        assert [one["nik"] for one in item["body"]["persons"]] == [NIK, OWNER_NIK]


async def test_consent_without_the_owners_signature_is_refused(referral: Running) -> None:
    world = await create_case(referral)
    refused = await world.record_consent(KUR)
    assert (refused.status_code, refused.json()["title"]) == (409, "SignatureMissing")
    assert [entry["pointer"] for entry in refused.json()["errors"]] == ["/body/signed_by"] * 2
    assert str(world.family.owner_id) in refused.json()["detail"]
    assert await world.read_state(KUR) == "DRAF"


async def test_consent_event_names_the_persons(referral: Running) -> None:
    world = await create_case(referral)
    await world.record_consent(KUR, **sign_by_both(world))
    (event,) = await world.read_emitted_data("referral.consent_given.v1")
    assert event["persons"] == sign_by_both(world)["signed_by"]


async def test_program_without_a_business_needs_the_signer_only(referral: Running) -> None:
    world = await create_case(referral)
    assert (await world.record_consent(KDMP)).status_code == 201
    (event,) = await world.read_emitted_data("referral.consent_given.v1")
    assert event["persons"] == [str(world.family.pengurus_id)]


async def test_owner_may_sign_for_the_family(referral: Running) -> None:
    world = await create_case(referral)
    given = await world.record_consent(KUR, signer_id=str(world.family.owner_id))
    assert given.status_code == 201, given.text
    (event,) = await world.read_emitted_data("referral.consent_given.v1")
    assert event["persons"] == [str(world.family.owner_id)]


@pytest.mark.parametrize("guardian", [None, str(uuid4())], ids=["pengurus", "guardian"])
async def test_minor_owner_is_signed_for_by_the_pengurus_or_a_guardian(
    referral: Running, guardian: str | None
) -> None:
    world = await create_case(referral, born=TODAY.year - 15, married=False)
    assert (await world.record_consent(PLUT, guardian_id=guardian)).status_code == 201
    rows = await referral.sql("SELECT signed_by FROM consent_person WHERE role = 'OWNER'")
    assert str(rows[0]["signed_by"]) == (guardian or str(world.family.pengurus_id))


@pytest.mark.parametrize("field", ["guardian_id", "signed_by"])
async def test_person_who_is_no_member_does_not_sign(referral: Running, field: str) -> None:
    world = await create_case(referral, born=TODAY.year - 15, married=False)
    await world.apply_events(build_kpm_updated(world.family, member_ids=world.family.persons))
    stranger = str(uuid4())
    signers = {
        "guardian_id": stranger,
        "signed_by": [str(world.family.pengurus_id), str(world.family.owner_id), stranger],
    }
    refused = await world.record_consent(PLUT, **{field: signers[field]})
    assert (refused.status_code, refused.json()["title"]) == (409, "NotYetKnown")
    assert (await world.record_consent(PLUT)).status_code == 201


async def test_minor_pengurus_signs_for_nobody(referral: Running) -> None:
    world = await create_case(referral, born=TODAY.year - 15, married=False)
    young = {"pengurus_birth_year": TODAY.year - 16, "pengurus_married": False}
    await world.apply_events(build_kpm_updated(world.family, **young))
    for signers in (sign_by_both(world), {"signer_id": str(world.family.owner_id), **sign_by_both(world)}):
        refused = await world.record_consent(PLUT, **signers)
        assert (refused.status_code, refused.json()["title"]) == (409, "SignatureMissing")
    given = await world.record_consent(PLUT, guardian_id=str(uuid4()))
    assert given.status_code == 201, given.text


async def test_own_signature_of_a_minor_counts_for_nothing(referral: Running) -> None:
    world = await create_case(referral, born=TODAY.year - 15, married=False)
    refused = await world.record_consent(PLUT, signer_id=str(world.family.owner_id))
    assert refused.json()["title"] == "SignatureMissing"


async def test_somebody_else_cannot_sign_for_the_family(referral: Running) -> None:
    world = await create_case(referral)
    refused = await world.record_consent(KUR, signer_id=str(uuid4()))
    assert (refused.status_code, refused.json()["title"]) == (422, "SignerUnknown")


async def test_consent_after_the_death_of_the_pengurus_waits_for_the_next_one(referral: Running) -> None:
    world = await create_case(referral)
    dead, widower = world.family.pengurus_id, world.family.owner_id
    await world.apply_events(build_departure(world.family, dead, pengurus_id=None))
    for signers in ({}, {"signer_id": str(widower)}, {"signer_id": str(dead)}):
        refused = await world.record_consent(KUR, **signers)
        assert (refused.status_code, refused.json()["title"]) == (409, "PengurusMissing")
    await world.apply_events(build_departure(world.family, dead, pengurus_id=widower))
    refused = await world.record_consent(KUR, signed_by=[str(widower), str(dead)])
    assert (refused.status_code, refused.json()["title"]) == (409, "PersonHasLeft")
    assert (await world.record_consent(KUR)).status_code == 201
    (event,) = await world.read_emitted_data("referral.consent_given.v1")
    assert event["persons"] == [str(widower)]


async def test_identity_of_other_persons_than_consented_is_not_stored(referral: Running) -> None:
    world = await create_case(referral)
    await world.record_consent(KUR, **sign_by_both(world))
    stranger = {"anggota_id": str(uuid4()), "relation": "ANAK", "nik": NIK, "name": "Anak"}
    await world.apply_identity(KUR, persons=[stranger])
    assert await referral.sql("SELECT 1 FROM identity") == []


async def test_corrected_identity_before_the_sending_replaces_the_former_one(referral: Running) -> None:
    async with PartnerSimulator(down=True) as bank:
        world = await create_case(referral, BANK_KUR=bank)
        await world.record_consent(KUR, **sign_by_both(world))
        await world.apply_identity(KUR)
        await world.apply_identity(KUR, nik=OWNER_NIK)
        bank.down = False
        await referral.work()
        (notice,) = bank.received
        assert notice.body["nik"] == OWNER_NIK
