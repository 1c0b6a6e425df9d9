"""`waiting=me`: the work of a partner, of a pendamping and of officials."""

from datetime import timedelta
from uuid import uuid4

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.cluster import START
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, PLUT, KDMP = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN", "KDMP"


async def read_waiting(world: World, token: str) -> list[str]:
    answer = await world.referral.get("/v1/rujukan-program?waiting=me", as_=token)
    assert answer.status_code == 200, answer.text
    return sorted(item["program_code"] for item in answer.json()["items"])


async def test_waiting_me_lists_only_the_callers_work(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        partner, mine = world.partner("BANK_KUR"), world.pendamping
        neighbour = referral.token("PENDAMPING", "pd-t", [world.family.area], pendamping_id=uuid4())
        assert await read_waiting(world, mine) == sorted([KUR, PLUT, KDMP])  # a family to be asked
        assert await read_waiting(world, neighbour) == []
        subject = await world.send_rujukan(KUR)
        assert await read_waiting(world, partner) == [KUR]
        assert await read_waiting(world, mine) == sorted([PLUT, KDMP])
        assert await read_waiting(world, world.partner("PLUT")) == []
        asked = {"status": "PERLU_DATA", "reason_text": "Mohon lengkapi foto tempat usaha."}
        await bank.answer(subject, answer_id="A-1", answered_on=str(TODAY), **asked)
        assert await read_waiting(world, partner) == []
        assert await read_waiting(world, mine) == sorted([KUR, PLUT, KDMP])
        await bank.answer(subject, answer_id="A-2", status="DIPROSES", answered_on=str(TODAY))
        assert await read_waiting(world, world.dinsos) == []
        await referral.set_clock(START + timedelta(days=16))
        await referral.work()
        assert await read_waiting(world, world.dinsos) == [KUR]  # the partner is past its SLA
        assert await read_waiting(world, world.kemensos) == [KUR]
        refused = await referral.get("/v1/rujukan-program?waiting=you", as_=mine)
        assert refused.status_code == 422
