"""A confirmed relapse opens a rujukan of purpose KAMBUH beside the first, with what else there is for the family."""

from typing import Any
from uuid import UUID

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import a_world
from tests.factories.referral.events import TODAY, annulled, determined, family_facts, relapsed, sealed
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"


async def a_case(referral: Running, bank: PartnerSimulator) -> World:
    world = await a_world(referral, {"BANK_KUR": bank})
    await world.apply_events(*family_facts(world.family), determined(world.family))
    return world


async def cases(world: World) -> dict[str, Any]:
    listed = (await world.referral.get("/v1/rujukan", as_=world.dinsos)).json()["items"]
    found = {}
    for item in listed:
        read = await world.referral.get(f"/v1/rujukan/{item['rujukan_id']}", as_=world.dinsos)
        found[item["purpose"]] = read.json()
    assert len(found) == len(listed)
    return found


async def test_is_offered_again_what_is_not_open_already_and_once(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await a_case(referral, bank)
        subject = await world.sent(KUR)
        refused = {"status": "DITOLAK", "reason_code": "SLIK_BURUK", "answered_on": str(TODAY)}
        await bank.answer(subject, answer_id="A-1", **refused)
        await world.apply_events(relapsed(world.family), times=3)
        found = await cases(world)
        assert set(found) == {"PASCAGRADUASI", "KAMBUH"}
        again = {program["program_code"]: program["state"] for program in found["KAMBUH"]["programs"]}
        assert again == {KUR: "DRAF"}  # the others are open in the first case still
        first = {program["program_code"]: program["state"] for program in found["PASCAGRADUASI"]["programs"]}
        assert first[KUR] == "DITOLAK"
        told = await world.emitted("referral.rujukan_opened.v1")
        assert [fact["purpose"] for fact in told] == ["PASCAGRADUASI", "KAMBUH"]


async def test_counts_one_rujukan_a_graduation_all_the_same(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await a_case(referral, bank)
        await world.apply_events(relapsed(world.family))
        counted = await referral.post("/v1/numbers", {}, as_=world.kemensos)
        assert counted.json()["totals"] == {"opened": 1, "withdrawn": 0, "live": 1}


async def test_loses_both_when_the_graduation_is_undone(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await a_case(referral, bank)
        await world.apply_events(relapsed(world.family), annulled(world.family))
        assert {case["state"] for case in (await cases(world)).values()} == {"DICABUT"}


async def test_is_offered_nothing_where_the_graduation_was_undone_before(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await a_case(referral, bank)
        await world.apply_events(annulled(world.family), relapsed(world.family))
        assert set(await cases(world)) == {"PASCAGRADUASI"}


async def test_can_be_sent_to_a_partner_under_its_own_purpose(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await a_case(referral, bank)
        subject = await world.sent(KUR)
        refused = {"status": "DITOLAK", "reason_code": "KUOTA_HABIS", "answered_on": str(TODAY)}
        await bank.answer(subject, answer_id="A-1", **refused)
        await world.apply_events(relapsed(world.family))
        (row,) = (await cases(world))["KAMBUH"]["programs"]
        path = f"/v1/rujukan-program/{row['rujukan_program_id']}"
        body = {
            "text_version": 1,
            "channel": "TATAP_MUKA",
            "evidence_sha256": world.evidence,
            "given_on": str(TODAY),
        }
        assert (await referral.post(f"{path}/consent", body, as_=world.pendamping)).status_code == 201

        await world.apply_events(sealed(referral, world.family, UUID(row["rujukan_program_id"])))
        await referral.work()
        assert bank.received[-1].body["purpose"] == "KAMBUH"
