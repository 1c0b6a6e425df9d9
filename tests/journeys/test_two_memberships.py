"""One family leaves two bansos in one SK, and one exit is undone."""

from dataclasses import replace
from typing import Any

from deploy.demo.cases import (
    Case,
    approve,
    assess,
    deliberate,
    determine,
    find_family,
    sign_and_propose,
    verify,
    wait_for_state,
)
from deploy.demo.families import FamilyGenerator, as_csv, graduating_family
from deploy.demo.intake import run_intake
from deploy.demo.people import DINSOS, KELURAHAN_OPERATOR, KEMENSOS
from deploy.demo.placement import PlacedPendamping, place_pendamping
from deploy.demo.world import World
from deploy.invariants import violations
from tests.factories.journeys.four_services import FourServices
from tests.factories.journeys.two_persons import annul_sk

KELURAHAN = "33.24.15.1003"
PENDAMPING, PENDAMPING_NIK = "pendamping-4", "3324154307859503"
NIK = "3324155211879587"
DAY = "2026-02-10"
NOT_PAID = {"tahap": "2026-2", "paid": False, "reason": "TIDAK_BERHAK"}
UNDO = {
    "ground": "DATA_KELIRU",
    "reason": "Keluarga tertukar dalam lampiran SK.",
    "back_pay": [{**NOT_PAID, "reason": "Tidak memenuhi komitmen.", "reason_code": "TIDAK_BERHAK"}],
}


async def take_in(world: World, pendamping: PlacedPendamping) -> list[Case]:
    """Take in one family with PKH and SEMBAKO, and return it once for each."""
    maker = FamilyGenerator(pendamping.pendamping_no, (9487, 9588))
    rows = graduating_family(maker, KELURAHAN, NIK)
    assert await run_intake(world, "two.csv", as_csv(rows)) == []
    pkh = await find_family(world, "PKH", NIK)
    listed = await world.get("caseload", f"/v1/kpm/{pkh.kpm_id}/kepesertaan", DINSOS)
    (sembako,) = [one["kepesertaan_id"] for one in listed["items"] if one["bansos"] == "SEMBAKO"]
    return [pkh, replace(pkh, name="SEMBAKO", kepesertaan_id=sembako)]


async def read_score(world: World, pendamping: PlacedPendamping) -> tuple[int, int, int]:
    path = f"/v1/pendamping/{pendamping.pendamping_id}/scorecard?year=2026"
    card = await world.get("registry", path, KEMENSOS)
    return card["granted"], card["reversed"], card["net"]


async def read_tahap(world: World, case: Case) -> dict[str, Any]:
    path = f"/v1/kpm/{case.kpm_id}/tahap?bansos={case.name}"
    shown: dict[str, Any] = await world.get("caseload", path, DINSOS)
    return shown


async def test_two_memberships(four: FourServices) -> None:
    world = four.world
    await world.day("2026-01-05")
    pendamping = await place_pendamping(world, PENDAMPING, PENDAMPING_NIK, [KELURAHAN])
    cases = await take_in(world, pendamping)
    await world.day(DAY)
    await assess(world, cases, PENDAMPING)
    await sign_and_propose(world, cases, DAY, PENDAMPING)
    await verify(world, cases)
    await deliberate(world, cases, DAY, KELURAHAN_OPERATOR)
    await approve(world, cases)
    await determine(world, cases, "104/3.4/BS.01/2/2026", DAY)
    await four.wait_until_idle()
    assert await read_score(world, pendamping) == (1, 0, 1)
    for day, state in (("2026-03-13", "EFEKTIF"), ("2026-04-02", "PEMANTAUAN")):
        await world.day(day)
        await wait_for_state(world, cases, state)
    await undo(world, cases[0])
    await four.wait_until_idle()
    shown = await read_tahap(world, cases[0])
    assert (shown["payable"], shown["not_paid"], shown["ends_on"]) == ("EXCEPT", ["2026-2"], None)
    assert shown["back_pay_decisions"] == [NOT_PAID]
    assert (await read_tahap(world, cases[1]))["payable"] == "UP_TO"
    assert await read_score(world, pendamping) == (2, 1, 1)
    assert await violations(four.services, four.bootstrap, world.history) == []


async def undo(world: World, case: Case) -> None:
    """Annul the SK on PKH, whose credit moves to the case on SEMBAKO."""
    path = f"/v1/graduasi/{case.graduasi_id}"
    await annul_sk(world, case.graduasi_id, UNDO)
    shown = await world.get("graduation", path, DINSOS)
    assert (shown["state"], shown["credit"]["state"]) == ("DIPULIHKAN", "REVERSED")
    (decided,) = shown["annulment"]["back_pay"]
    assert (decided["tahap"], decided["paid"], decided["reason_code"]) == ("2026-2", False, "TIDAK_BERHAK")
