"""Outcome tasks of a delivered aid."""

from datetime import timedelta
from uuid import uuid4

from deploy.demo.partner_simulator import PartnerSimulator
from shared.dates import midnight, months_after
from tests.factories.referral.departure import build_departure, build_family_end
from tests.factories.referral.events import TODAY, build_graduasi_annulled
from tests.factories.referral.outcomes import KUR, deliver_kur, read_due_outcomes, record_outcome
from tests.factories.referral.world import World
from tests.factories.services import Running


async def test_outcome_task_belongs_to_the_current_pendamping(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        days = {month: str(months_after(TODAY, month)) for month in (3, 6, 12, 24)}
        assert await read_due_outcomes(world, world.pendamping) == []
        ahead = f"?due_by={days[24]}"
        assert await read_due_outcomes(world, world.pendamping, ahead) == list(days.items())
        neighbour = referral.token("PENDAMPING", "pd-t", [world.family.area], pendamping_id=uuid4())
        assert await read_due_outcomes(world, neighbour, ahead) == []
        assert await read_due_outcomes(world, world.partner("PLUT"), ahead) == []
        own = await referral.get(f"/v1/outcome-task{ahead}", as_=world.partner("BANK_KUR"))
        assert len(own.json()["items"]) == 4
        assert str(world.family.kpm_id) not in own.text
        for month, months in ((3, 3), (6, 6), (12, 12), (24, 24)):
            await referral.set_clock(midnight(months_after(TODAY, months)) + timedelta(hours=9))
            assert await read_due_outcomes(world, world.pendamping) == [(month, days[month])]
            assert (await record_outcome(world, subject, month)).status_code == 201
            assert (await record_outcome(world, subject, month)).json()["title"] == "OutcomeAlreadyRecorded"
            assert await read_due_outcomes(world, world.pendamping) == []
        assert await world.read_state(KUR) == "TUTUP"


async def test_withdrawn_aid_closes_its_outcome_tasks(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, _ = await deliver_kur(referral, bank)
        await world.apply_events(build_graduasi_annulled(world.family))
        assert await read_due_outcomes(world, world.dinsos, f"?due_by={months_after(TODAY, 24)}") == []


async def test_missing_outcome_does_not_keep_the_rujukan_open(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        for code in ("UMKM_PENDAMPINGAN", "KDMP"):
            await world.record_consent(code)
            back = (await world.read_programs())[code]["rujukan_program_id"]
            why = {"withdrawn_on": str(TODAY), "reason": "Keluarga tidak berminat"}
            path = f"/v1/rujukan-program/{back}/consent-withdrawal"
            assert (await referral.post(path, why, as_=world.pendamping)).status_code == 201
        last = months_after(TODAY, 24)
        await referral.set_clock(midnight(last + timedelta(days=89)))
        await referral.work()
        assert await world.read_state(KUR) == "DISALURKAN"
        await referral.set_clock(midnight(last + timedelta(days=90)) + timedelta(minutes=1))
        await referral.work()
        assert await world.read_state(KUR) == "TUTUP"
        assert await read_state(world) == "TERBUKA"
        await referral.set_clock(midnight(last + timedelta(days=180)) + timedelta(minutes=1))
        await referral.work()
        assert await read_state(world) == "TUTUP"
        assert (await record_outcome(world, subject, 24)).status_code == 201  # typed in late


async def read_state(world: World) -> str:
    return (await world.referral.get("/v1/rujukan", as_=world.dinsos)).json()["items"][0]["state"]


async def test_nobody_is_asked_for_an_outcome_of_an_ended_family(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, _ = await deliver_kur(referral, bank)
        ahead = f"?due_by={months_after(TODAY, 24)}"
        await world.apply_events(build_family_end(world.family))
        assert await read_due_outcomes(world, world.kemensos, ahead) == []
        await world.apply_events(build_departure(world.family))
        assert len(await read_due_outcomes(world, world.kemensos, ahead)) == 4


async def test_end_of_the_aid_closes_its_tasks(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        await referral.set_clock(midnight(months_after(TODAY, 24)) + timedelta(days=91))
        await referral.work()
        assert await world.read_state(KUR) == "TUTUP"
        assert await read_due_outcomes(world, world.pendamping) == []
        assert (await record_outcome(world, subject, 24)).json()["late"] is True
