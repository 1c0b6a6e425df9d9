"""Consents of a family whose business belongs to the father, between caseload and referral."""

from typing import Any

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.caseload import intake as families
from tests.factories.caseload.family import Family as CaseloadFamily
from tests.factories.journeys.consents import KUR, create_case
from tests.factories.journeys.four_services import FourServices
from tests.factories.referral.events import TODAY

PLUT = "UMKM_PENDAMPINGAN"


async def record_death(whole: CaseloadFamily, anggota_id: str) -> None:
    scan = {"reason": "MENINGGAL", "on": str(TODAY), "evidence_sha256": await whole.upload_evidence()}
    await whole.post_ok(f"anggota/{anggota_id}/end", scan, (await whole.read())["version"])


async def test_identities(four: FourServices) -> None:
    """The partner gets the mother as signer and the father as owner."""
    async with PartnerSimulator() as bank:
        world, _, members = await create_case(four, bank)
        refused = await world.record_consent(KUR)
        assert refused.json()["title"] == "SignatureMissing"
        mother, father = members["ISTRI"], members["KEPALA_KELUARGA"]
        assert (await world.record_consent(KUR, signed_by=[mother, father])).status_code == 201
        await four.wait_until_idle()
        (notice,) = bank.received
        people: list[dict[str, Any]] = notice.body["persons"]
        rows = families.mother()
        assert [(one["roles"], one["relation"], one["nik"]) for one in people] == [
            (["SIGNER"], "ISTRI", rows[0]["nik"]),
            (["OWNER"], "KEPALA_KELUARGA", rows[1]["nik"]),
        ]
        assert notice.body["nik"] == rows[0]["nik"]


async def test_death_of_the_pengurus(four: FourServices) -> None:
    """Nothing is sent for a dead pengurus until the next one consents."""
    async with PartnerSimulator() as bank:
        world, whole, members = await create_case(four, bank)
        mother, father = members["ISTRI"], members["KEPALA_KELUARGA"]
        assert (await world.record_consent(PLUT, signed_by=[mother, father])).status_code == 201
        await record_death(whole, mother)
        await four.wait_until_idle()
        states = [
            item["state"]
            for item in (await world.referral.get("/v1/rujukan-program", as_=world.dinsos)).json()["items"]
            if item["program_code"] == PLUT
        ]
        assert sorted(states) == ["DICABUT", "DRAF"]
        for signers in ({}, {"signer_id": mother}, {"signer_id": father, "signed_by": [father]}):
            assert (await world.record_consent(KUR, **signers)).json()["title"] == "PengurusMissing"
        change = {"anggota_id": father, "on": str(TODAY), "reason": "PENGURUS_MENINGGAL"}
        await whole.post_ok("pengurus", change, (await whole.read())["version"])
        await four.wait_until_idle()
        assert bank.tries == 0
        assert (await world.record_consent(KUR)).status_code == 201
        await four.wait_until_idle()
        (notice,) = bank.received
        (person,) = notice.body["persons"]
        assert (person["roles"], person["nik"]) == (["SIGNER", "OWNER"], families.mother()[1]["nik"])
