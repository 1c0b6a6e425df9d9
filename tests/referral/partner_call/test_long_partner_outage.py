"""Scenario 9, partner A: 36 hours down, then every answer twice (docs/domain.md#scenarios).

Each rujukan counts once. Thirty of the 120 families, in the proportions of the scenario.
"""

from collections import Counter
from typing import Any
from uuid import UUID

from jsonschema import Draft202012Validator

from deploy.demo.partner_simulator import PartnerSimulator
from services.referral.program.rules import payload_schema
from tests.factories.referral.catalogue import PROGRAMS, create_world
from tests.factories.referral.events import (
    TODAY,
    Family,
    build_family_facts,
    build_graduasi_determined,
    build_identity_sealed,
    build_pendamping_facts,
)
from tests.factories.referral.outage import HOURS, advance_hours, day_after
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"
APPROVED, YOUNG, BAD, IN_PROCESS = 20, 3, 4, 3


async def refer_families(world: World, count: int) -> list[Family]:
    """Refer graduates of one pendamping to partner A, consented and sealed."""
    first = world.family
    families = [
        Family(pendamping_id=first.pendamping_id, penugasan_id=first.penugasan_id) for _ in range(count)
    ]
    registered = {fact.wire for fact in build_pendamping_facts(first)}
    facts = [
        fact for family in families for fact in build_family_facts(family) if fact.wire not in registered
    ]
    await world.apply_events(
        *build_pendamping_facts(first), *facts, *(build_graduasi_determined(family) for family in families)
    )
    sealings = []
    for family in families:
        world.family = family
        assert (await world.record_consent(KUR)).status_code == 201
        sealings.append(
            build_identity_sealed(
                world.referral, family, UUID((await world.read_programs())[KUR]["rujukan_program_id"])
            )
        )
    await world.apply_events(*sealings)
    return families


def build_answer_terms(number: int) -> dict[str, Any]:
    """Return the partner's answer to its n-th rujukan."""
    if number < APPROVED:
        return {"status": "DISETUJUI", "amount_rp": 8_000_000}
    if number < APPROVED + YOUNG:
        return {"status": "DITOLAK", "reason_code": "USAHA_BELUM_6_BULAN"}
    if number < APPROVED + YOUNG + BAD:
        return {"status": "DITOLAK", "reason_code": "SLIK_BURUK"}
    return {"status": "DIPROSES"}


async def withdraw_consent(world: World, subject: str) -> None:
    why = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
    path = f"/v1/rujukan-program/{subject}/consent-withdrawal"
    assert (await world.referral.post(path, why, as_=world.pendamping)).status_code == 201
    await world.referral.work()


async def count_states(world: World) -> Counter[str]:
    rows = await world.referral.sql("SELECT state FROM rujukan_program WHERE program_code = $1", KUR)
    return Counter(row["state"] for row in rows)


async def test_long_outage_loses_no_rujukan_and_counts_each_answer_once(referral: Running) -> None:
    total = APPROVED + YOUNG + BAD + IN_PROCESS
    async with PartnerSimulator(down=True) as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        await refer_families(world, total)
        await referral.work()
        for hour in range(6, HOURS, 6):
            await advance_hours(world, hour)
        assert await world.read_emitted_data("referral.rujukan_sent.v1") == []
        tried = bank.tries
        assert tried < total * 2, "it was called too often while it was down"
        bank.down = False
        await advance_hours(world, HOURS)
        assert await count_states(world) == {"TERKIRIM": total}
        checked = Draft202012Validator(payload_schema(PROGRAMS[KUR]["minimum_data"]))
        for notice in bank.received:
            assert notice.signed
            checked.validate(notice.body)
        subjects = sorted(bank.rujukan)
        assert len(subjects) == len(bank.received) == total
        for number, subject in enumerate(subjects):
            for key in ("first", "second"):
                body = {
                    "answer_id": f"A-{number}",
                    "answered_on": day_after(HOURS),
                    **build_answer_terms(number),
                }
                answer = await bank.answer(subject, key=f"{key}:{subject}", **body)
                assert answer.status_code == 201, answer.text
        await withdraw_consent(world, subjects[-1])
        assert await count_states(world) == {
            "DISETUJUI": APPROVED,
            "DITOLAK": YOUNG + BAD,
            "DIPROSES": IN_PROCESS - 1,
            "DICABUT": 1,
        }
        events = await world.read_emitted_data("referral.rujukan_answered.v1")
        assert len(events) == len({fact["rujukan_program_id"] for fact in events}) == total
        reasons = Counter(fact["reason_code"] for fact in events if fact["reason_code"])
        assert reasons == {"USAHA_BELUM_6_BULAN": YOUNG, "SLIK_BURUK": BAD}
        assert bank.withdrawn == {subjects[-1]}
        everything = await referral.get("/v1/rujukan?state=TERBUKA", as_=world.partner("BANK_KUR"))
        assert everything.status_code == 403, "a partner asked for all graduates of an area"
