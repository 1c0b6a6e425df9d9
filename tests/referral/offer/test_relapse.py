"""A confirmed relapse opens a second rujukan, of purpose KAMBUH."""

from typing import Any
from uuid import UUID

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import (
    TODAY,
    build_family_facts,
    build_graduasi_annulled,
    build_graduasi_determined,
    build_identity_sealed,
    build_relapse_confirmed,
    build_relapse_reversed,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"


async def create_case(referral: Running, bank: PartnerSimulator) -> World:
    world = await create_world(referral, {"BANK_KUR": bank})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world


async def read_cases(world: World) -> dict[str, Any]:
    listed = (await world.referral.get("/v1/rujukan", as_=world.dinsos)).json()["items"]
    by_purpose = {}
    for item in listed:
        read = await world.referral.get(f"/v1/rujukan/{item['rujukan_id']}", as_=world.dinsos)
        by_purpose[item["purpose"]] = read.json()
    assert len(by_purpose) == len(listed)
    return by_purpose


async def test_relapse_opens_one_rujukan_without_open_programs(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        refused = {"status": "DITOLAK", "reason_code": "SLIK_BURUK", "answered_on": str(TODAY)}
        await bank.answer(subject, answer_id="A-1", **refused)
        await world.apply_events(build_relapse_confirmed(world.family), times=3)
        by_purpose = await read_cases(world)
        assert set(by_purpose) == {"PASCAGRADUASI", "KAMBUH"}
        again = {program["program_code"]: program["state"] for program in by_purpose["KAMBUH"]["programs"]}
        assert again == {KUR: "DRAF"}  # the others are open in the first case still
        first = {
            program["program_code"]: program["state"] for program in by_purpose["PASCAGRADUASI"]["programs"]
        }
        assert first[KUR] == "DITOLAK"
        events = await world.read_emitted_data("referral.rujukan_opened.v1")
        assert [fact["purpose"] for fact in events] == ["PASCAGRADUASI", "KAMBUH"]


async def test_relapse_rujukan_is_not_counted(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, bank)
        await world.apply_events(build_relapse_confirmed(world.family))
        counted = await referral.post("/v1/numbers", {}, as_=world.kemensos)
        assert counted.json()["totals"] == {"opened": 1, "withdrawn": 0, "live": 1}


async def test_reversed_relapse_withdraws_its_rujukan_and_another_relapse_opens_one(
    referral: Running,
) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, bank)
        await world.apply_events(build_relapse_confirmed(world.family), build_relapse_reversed(world.family))
        states = {purpose: case["state"] for purpose, case in (await read_cases(world)).items()}
        assert states == {"PASCAGRADUASI": "TERBUKA", "KAMBUH": "DICABUT"}
        await world.apply_events(build_relapse_confirmed(world.family))
        rows = await referral.sql(
            "SELECT state::text FROM rujukan WHERE purpose = 'KAMBUH' ORDER BY rujukan_id"
        )
        assert [row["state"] for row in rows] == ["DICABUT", "TERBUKA"]


async def test_annulment_withdraws_both_rujukan(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, bank)
        await world.apply_events(build_relapse_confirmed(world.family), build_graduasi_annulled(world.family))
        assert {case["state"] for case in (await read_cases(world)).values()} == {"DICABUT"}


async def test_relapse_after_annulment_opens_nothing(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, bank)
        await world.apply_events(build_graduasi_annulled(world.family), build_relapse_confirmed(world.family))
        assert set(await read_cases(world)) == {"PASCAGRADUASI"}


async def test_relapse_rujukan_is_sent_with_its_own_purpose(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        refused = {"status": "DITOLAK", "reason_code": "KUOTA_HABIS", "answered_on": str(TODAY)}
        await bank.answer(subject, answer_id="A-1", **refused)
        await world.apply_events(build_relapse_confirmed(world.family))
        (row,) = (await read_cases(world))["KAMBUH"]["programs"]
        path = f"/v1/rujukan-program/{row['rujukan_program_id']}"
        body = {
            "text_version": 1,
            "channel": "TATAP_MUKA",
            "evidence_sha256": world.evidence,
            "given_on": str(TODAY),
        }
        assert (await referral.post(f"{path}/consent", body, as_=world.pendamping)).status_code == 201

        await world.apply_events(
            build_identity_sealed(referral, world.family, UUID(row["rujukan_program_id"]))
        )
        await referral.work()
        assert bank.received[-1].body["purpose"] == "KAMBUH"
