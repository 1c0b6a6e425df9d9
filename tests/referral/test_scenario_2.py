"""Scenario 2 from the SK to the outcome, with a partner that answers automatically."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from deploy.demo.partner_simulator import PartnerSimulator
from shared.contracts.graduation import KpmGraduated
from shared.contracts.kinds import Bansos, ExitReason
from tests.factories.cluster import START
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import NIK, TODAY, Family, build_family_facts, build_graduasi_determined
from tests.factories.services import Running


def build_kpm_graduated(family: Family) -> KpmGraduated:
    return KpmGraduated(
        graduasi_id=family.graduasi_id,
        kpm_id=family.kpm_id,
        kode_wilayah=family.area,
        kepesertaan_id=uuid4(),
        bansos=Bansos.PKH,
        exit_reason=ExitReason.SEJAHTERA_MANDIRI,
        effective_on=TODAY,
        effective_tahap="2026-3",
        last_payable_tahap="2026-2",
        certificate_no="GRAD-0001",
    )


async def test_rujukan_goes_from_three_offers_to_an_outcome(referral: Running) -> None:
    answers: list[dict[str, Any]] = [
        {"status": "DIPROSES", "answered_on": str(TODAY)},
        {"status": "DISETUJUI", "amount_rp": 8_000_000, "answered_on": str(TODAY)},
    ]
    async with PartnerSimulator(answers=answers) as bank, PartnerSimulator(reply_status=200) as kopdes:
        world = await create_world(referral, {"BANK_KUR": bank, "KOPDES": kopdes})
        await world.apply_events(*build_family_facts(world.family))
        await world.apply_events(build_graduasi_determined(world.family))
        programs = await world.read_programs()
        assert {code: program["benefit_kinds"] for code, program in programs.items()} == {
            "KUR_SUPERMIKRO": ["MODAL"],
            "UMKM_PENDAMPINGAN": ["PENDAMPINGAN"],
            "KDMP": ["PASAR"],
        }
        assert {program["state"] for program in programs.values()} == {"DRAF"}

        subject = await world.send_rujukan("KUR_SUPERMIKRO")
        await bank.finish_answers()
        assert await world.read_state("KUR_SUPERMIKRO") == "DISETUJUI"
        (notice,) = bank.received
        assert notice.signed
        assert notice.headers["idempotency-key"] == subject
        assert notice.body["nik"] == NIK

        delivered = await bank.deliver(
            subject, delivery_id="D-1", amount_rp=8_000_000, delivered_on=str(TODAY)
        )
        assert delivered.status_code == 201, delivered.text
        await referral.set_clock(START + timedelta(days=93))
        outcome = {"month": 3, "still_in_business": True, "omzet_rp": 11_000_000}
        seen = await referral.post(f"/v1/rujukan-program/{subject}/outcome", outcome, as_=world.pendamping)
        assert seen.status_code == 201, seen.text

        await world.send_rujukan("KDMP")
        assert await world.read_state("KDMP") == "DISETUJUI_KPM"  # it waits for the effect
        await world.apply_events(build_kpm_graduated(world.family))
        await referral.work()
        assert await world.read_state("KDMP") == "DITERIMA_SISTEM"
        assert kopdes.received[0].body["certificate_no"] == "GRAD-0001"
        assert [fact["status"] for fact in await world.read_emitted_data("referral.rujukan_answered.v1")] == [
            "DIPROSES",
            "DISETUJUI",
            "DITERIMA_SISTEM",
        ]
        assert len(await world.read_emitted_data("referral.rujukan_sent.v1")) == 2
        assert (await world.read_emitted_data("referral.rujukan_delivered.v1"))[0]["amount_rp"] == 8_000_000
        assert (await world.read_emitted_data("referral.outcome_recorded.v1"))[0]["omzet_rp"] == 11_000_000
