import base64
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts.caseload import IdentitySealed
from shared.privacy import SealBroken, SealingKey, open_sealed
from tests.kit import Running
from tests.partner_simulator import PartnerSimulator
from tests.referral.given import PERSON, TODAY, World, a_world, determined, family_facts, sealed

KUR, PLUT = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN"


async def consented(referral: Running, code: str, **simulators: PartnerSimulator) -> tuple[World, UUID]:
    world = await a_world(referral, simulators)
    await world.hear(*family_facts(world.family), determined(world.family))
    given = await world.consent(code)
    return world, UUID(given.json()["rujukan_program_id"])


async def kept(referral: Running) -> list[Any]:
    return await referral.sql("SELECT for_id FROM identity")


async def test_for_another_recipient_is_not_read(referral: Running) -> None:
    world, for_id = await consented(referral, KUR)
    mine = sealed(referral, world.family, for_id)
    await world.hear(IdentitySealed(**mine.model_dump() | {"recipient": "graduation"}))
    assert await kept(referral) == []
    assert await referral.sql("SELECT 1 FROM platform.parked") == []


async def test_that_arrives_twice_is_kept_once_and_sent_once(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, for_id = await consented(referral, KUR, BANK_KUR=bank)
        await world.hear(
            sealed(referral, world.family, for_id), sealed(referral, world.family, for_id, phone="0")
        )
        await referral.work()
        assert len(await kept(referral)) == 1
        assert [notice.body["phone"] for notice in bank.received] == [PERSON["phone"]]


async def test_that_nobody_agreed_to_is_not_kept(referral: Running) -> None:
    world = await a_world(referral, {})
    await world.hear(*family_facts(world.family), determined(world.family))
    draft = UUID((await world.programs())[PLUT]["rujukan_program_id"])
    await world.hear(sealed(referral, world.family, draft), sealed(referral, world.family, uuid4()))
    assert await kept(referral) == []


async def test_sealed_for_a_key_that_is_not_here_is_parked_where_an_operator_sees_it(
    referral: Running,
) -> None:
    world, for_id = await consented(referral, KUR)
    mine = sealed(referral, world.family, for_id)
    await world.hear(IdentitySealed(**mine.model_dump() | {"key_id": "00000000"}))
    (row,) = await referral.sql("SELECT subscription, error FROM platform.parked")
    assert (row["subscription"], row["error"]) == ("identity", "SealBroken")
    assert await kept(referral) == []


async def test_opens_for_its_own_purpose_alone(referral: Running) -> None:
    world, for_id = await consented(referral, KUR)
    event = sealed(referral, world.family, for_id)
    key = SealingKey.read(referral.cluster.folder / "keys" / "referral")[0]
    blob = base64.b64decode(event.ciphertext)
    assert open_sealed(key.private_key, blob, "referral", for_id, event.key_id) == PERSON
    with pytest.raises(SealBroken):
        open_sealed(key.private_key, blob, "referral", uuid4(), event.key_id)


async def test_is_destroyed_when_the_partner_refuses(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, for_id = await consented(referral, KUR, BANK_KUR=bank)
        await world.hear(sealed(referral, world.family, for_id))
        await referral.work()
        assert len(await kept(referral)) == 1
        said = {"status": "DITOLAK", "reason_code": "SLIK_BURUK", "answered_on": str(TODAY)}
        assert (await bank.answer(str(for_id), answer_id="A-1", **said)).status_code == 201
        assert await kept(referral) == []
