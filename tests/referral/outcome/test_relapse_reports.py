"""A report that a family may have relapsed."""

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.events import TODAY
from tests.factories.referral.outcomes import KUR, deliver_kur
from tests.factories.services import Running


async def test_relapse_report_is_emitted_to_graduation(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, _ = await deliver_kur(referral, bank)
        case = (await world.read_programs())[KUR]["rujukan_id"]
        body = {"month": 4, "cause": "SAKIT", "reported_on": str(TODAY)}
        path = f"/v1/rujukan/{case}/relapse-report"
        assert (await referral.post(path, body, as_=world.partner("BANK_KUR"))).status_code == 201
        again = await referral.post(path, body, as_=world.pendamping)
        assert (again.status_code, again.json()["title"]) == (409, "RelapseAlreadyReported")
        other = await referral.post(path, body, as_=world.partner("PLUT"))
        assert other.status_code == 404
        words = await referral.post(path, body | {"cause": "Ibu Siti sakit keras"}, as_=world.pendamping)
        assert (words.status_code, words.json()["title"]) == (
            422,
            "Invalid",
        )  # free text may name people
        (event,) = await world.read_emitted_data("referral.relapse_reported.v1")
        assert (event["graduasi_id"], event["month"], event["cause"]) == (
            str(world.family.graduasi_id),
            4,
            "SAKIT",
        )


async def test_mistaken_report_is_voided_by_its_partner_or_the_pendamping(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, _ = await deliver_kur(referral, bank)
        case = (await world.read_programs())[KUR]["rujukan_id"]
        mine, partner = world.pendamping, world.partner("BANK_KUR")
        body = {"month": 4, "cause": "SAKIT", "reported_on": str(TODAY)}
        reported = await referral.post(f"/v1/rujukan/{case}/relapse-report", body, as_=mine)
        path = f"/v1/relapse-report/{reported.json()['relapse_report_id']}/void"
        why = {"reason": "SALAH_KELUARGA"}
        assert (await referral.post(path, why, as_=partner)).status_code == 403
        assert (await referral.post(path, why, as_=world.partner("PLUT"))).status_code == 404
        voided = await referral.post(path, why, as_=mine)
        assert (voided.status_code, voided.json()["void_reason"]) == (201, "SALAH_KELUARGA")
        again = await referral.post(path, why, as_=mine)
        assert (again.status_code, again.json()["title"]) == (409, "RelapseAlreadyVoided")
        *_, event = await world.read_emitted_data("referral.relapse_reported.v1")
        assert (event["month"], event["voided"]) == (4, True)
        right = await referral.post(f"/v1/rujukan/{case}/relapse-report", body, as_=partner)
        assert right.status_code == 201, right.text
        listed = await referral.get(f"/v1/rujukan/{case}/relapse-report", as_=mine)
        assert [item["voided_on"] for item in listed.json()["items"]] == [str(TODAY), None]
