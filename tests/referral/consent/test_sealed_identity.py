import base64
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from shared.contracts.caseload import IdentitySealed
from shared.privacy import SealBroken, SealingKey, open_sealed
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import (
    PERSON,
    TODAY,
    Family,
    build_family_facts,
    build_graduasi_determined,
    build_identity,
    build_identity_sealed,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, PLUT = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN"


async def create_consented_offer(
    referral: Running, code: str, **simulators: PartnerSimulator
) -> tuple[World, UUID]:
    world = await create_world(referral, simulators)
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    given = await world.record_consent(code)
    return world, UUID(given.json()["rujukan_program_id"])


async def read_identities(referral: Running) -> list[Any]:
    return await referral.sql("SELECT for_id FROM identity")


async def test_identity_for_another_recipient_is_not_read(referral: Running) -> None:
    world, for_id = await create_consented_offer(referral, KUR)
    mine = build_identity_sealed(referral, world.family, for_id)
    await world.apply_events(IdentitySealed(**mine.model_dump() | {"recipient": "graduation"}))
    assert await read_identities(referral) == []
    assert await referral.sql("SELECT 1 FROM platform.parked") == []


async def test_repeated_identity_is_stored_and_sent_once(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, for_id = await create_consented_offer(referral, KUR, BANK_KUR=bank)
        identity = build_identity_sealed(referral, world.family, for_id)
        await world.apply_events(identity, identity)
        await referral.work()
        assert len(await read_identities(referral)) == 1
        assert [notice.body["phone"] for notice in bank.received] == [PERSON["phone"]]


async def test_corrected_identity_is_sent_if_none_is_sent_yet(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, for_id = await create_consented_offer(referral, KUR, BANK_KUR=bank)
        for phone in ("+6281200000001", "+6281200000002"):
            await world.apply_events(build_identity_sealed(referral, world.family, for_id, phone=phone))
        await referral.work()
        late = build_identity_sealed(referral, world.family, for_id, phone="+6281200000003")
        await world.apply_events(late)
        await referral.work()
        assert [notice.body["phone"] for notice in bank.received] == ["+6281200000002"]


async def test_identity_without_consent_is_not_stored(referral: Running) -> None:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    draft = UUID((await world.read_programs())[PLUT]["rujukan_program_id"])
    await world.apply_events(
        build_identity_sealed(referral, world.family, draft),
        build_identity_sealed(referral, world.family, uuid4()),
    )
    assert await read_identities(referral) == []


async def test_identity_for_an_unknown_key_is_parked(
    referral: Running,
) -> None:
    world, for_id = await create_consented_offer(referral, KUR)
    mine = build_identity_sealed(referral, world.family, for_id)
    await world.apply_events(IdentitySealed(**mine.model_dump() | {"key_id": "00000000"}))
    (row,) = await referral.sql("SELECT subscription, error FROM platform.parked")
    assert (row["subscription"], row["error"]) == ("identity", "SealBroken")
    assert await read_identities(referral) == []


async def test_identity_opens_only_for_its_own_purpose(referral: Running) -> None:
    world, for_id = await create_consented_offer(referral, KUR)
    event = build_identity_sealed(referral, world.family, for_id)
    key = SealingKey.read(referral.cluster.folder / "keys" / "referral")[0]
    blob = base64.b64decode(event.ciphertext)
    assert open_sealed(key.private_key, blob, "referral", for_id, event.key_id) == build_identity(
        world.family
    )
    with pytest.raises(SealBroken):
        open_sealed(key.private_key, blob, "referral", uuid4(), event.key_id)


async def add_family(world: World) -> UUID:
    """Add a family whose rujukan can be sent."""
    world.family = Family(pendamping_id=uuid4())
    world.evidence = await world.referral.put_file(b"persetujuan bertanda tangan", as_=world.pendamping)
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    for_id = UUID((await world.record_consent(KUR)).json()["rujukan_program_id"])
    await world.apply_events(build_identity_sealed(world.referral, world.family, for_id))
    return for_id


BREAK = "UPDATE identity SET sealed = sealed || '\\x00'::bytea WHERE for_id = $1"


async def test_unreadable_identity_fails_alone_and_is_sent_once_readable(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, broken = await create_consented_offer(referral, KUR, BANK_KUR=bank)
        await world.apply_events(build_identity_sealed(referral, world.family, broken))
        ((sealed_before,),) = await referral.sql("SELECT sealed FROM identity")
        await referral.sql(BREAK, broken)
        other = await add_family(world)
        await referral.work()
        states = await referral.sql(
            "SELECT rujukan_program_id, state FROM rujukan_program WHERE state <> 'DRAF'"
        )
        assert dict(map(tuple, states)) == {broken: "GAGAL_KIRIM", other: "TERKIRIM"}
        path = f"/v1/rujukan-program/{broken}"
        attempts = (await referral.get(f"{path}/attempt", as_=world.dinsos)).json()["items"]
        assert [(one["fault"], one["http_status"], one["fields"]) for one in attempts] == [
            ("SealBroken", None, [])
        ]
        last = (await referral.get(f"{path}/history", as_=world.dinsos)).json()["items"][-1]
        assert (last["to_state"], last["reason_code"]) == ("GAGAL_KIRIM", "TIDAK_TERKIRIM")
        assert last["detail"] == "fault SealBroken"
        assert await referral.sql("SELECT 1 FROM breaker") == []
        await referral.sql("UPDATE identity SET sealed = $2 WHERE for_id = $1", broken, sealed_before)
        await world.retry_now()
        assert set(bank.rujukan) == {str(broken), str(other)}


async def test_unreadable_identity_does_not_block_the_inbox(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world, broken = await create_consented_offer(referral, KUR, BANK_KUR=bank)
        await world.apply_events(build_identity_sealed(referral, world.family, broken))
        other = await add_family(world)
        await referral.work()
        await referral.sql(BREAK, broken)
        assert [item["rujukan_program_id"] for item in await bank.pull()] == [str(other)]


async def test_identity_is_deleted_at_delivery(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, for_id = await create_consented_offer(referral, KUR, BANK_KUR=bank)
        await world.apply_events(build_identity_sealed(referral, world.family, for_id))
        await referral.work()
        await bank.answer(str(for_id), answer_id="A-1", status="DISETUJUI", answered_on=str(TODAY))
        assert len(await read_identities(referral)) == 1
        given = await bank.deliver(str(for_id), delivery_id="D-1", delivered_on=str(TODAY))
        assert given.status_code == 201, given.text
        assert await read_identities(referral) == []


async def test_identity_is_deleted_at_refusal(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, for_id = await create_consented_offer(referral, KUR, BANK_KUR=bank)
        await world.apply_events(build_identity_sealed(referral, world.family, for_id))
        await referral.work()
        assert len(await read_identities(referral)) == 1
        refusal = {"status": "DITOLAK", "reason_code": "SLIK_BURUK", "answered_on": str(TODAY)}
        assert (await bank.answer(str(for_id), answer_id="A-1", **refusal)).status_code == 201
        assert await read_identities(referral) == []
