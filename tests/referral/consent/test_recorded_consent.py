"""A recorded consent with its signatures and its end."""

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.corrections import BANK, KUR, read_items
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.services import Running


async def test_consent_is_read_with_its_signatures_and_its_withdrawal(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {BANK: bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        draft = (await world.read_programs())[KUR]["rujukan_program_id"]
        missing = await referral.get(f"/v1/rujukan-program/{draft}/consent", as_=world.dinsos)
        assert (missing.status_code, missing.json()["title"]) == (404, "NotFound")
        subject = await world.send_rujukan(KUR)
        path = f"/v1/rujukan-program/{subject}/consent"
        consent = (await referral.get(path, as_=world.pendamping)).json()
        mother = str(world.family.pengurus_id)
        assert consent["persons"] == [
            {"role": role, "anggota_id": mother, "signed_by": mother} for role in ("SIGNER", "OWNER")
        ]
        assert (consent["evidence_sha256"], consent["recorded_by"]) == (world.evidence, "pd-s")
        assert (consent["given_on"], consent["withdrawn_on"]) == (str(TODAY), None)
        why = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
        await referral.post(f"{path}-withdrawal", why, as_=world.pendamping)
        await referral.work()
        after = (await referral.get(path, as_=world.dinsos)).json()
        assert (after["withdrawn_on"], after["withdrawn_reason"]) == (str(TODAY), why["reason"])
        assert (await referral.get(path, as_=world.partner(BANK))).status_code == 403
        notices = await read_items(world, subject, "notice")
        assert [(one["notice"], one["taken_at"] is not None) for one in notices] == [
            ("RUJUKAN", True),
            ("DICABUT", True),
        ]
