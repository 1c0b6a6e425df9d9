"""A business that leaves with its owner after the approval, in four services."""

from datetime import date
from typing import Any

from deploy.demo.answers import ANSWERS, WITH_EVIDENCE
from deploy.demo.cases import (
    Case,
    approve,
    deliberate,
    find_family,
    open_cases,
    sign_and_propose,
    upload_for,
    verify,
)
from deploy.demo.families import FamilyGenerator, as_csv, graduating_family
from deploy.demo.intake import run_intake
from deploy.demo.people import DINSOS, KELURAHAN_OPERATOR, KEMENSOS
from deploy.demo.placement import place_pendamping
from deploy.demo.world import World
from deploy.invariants import violations
from tests.factories.journeys.four_services import FourServices

KELURAHAN = "33.24.15.1003"
PENDAMPING, PENDAMPING_NIK = "pendamping-4", "3324154307859503"
NIKS = {"SPLIT": "3324155211879589", "WHOLE": "3324155211879588"}
USAHA = ("usaha_sector", "usaha_started_on", "usaha_omzet_rp", "usaha_letter")
# With these answers a family reaches the threshold with its business only.
WEAK = {"INCOME_STABLE_MONTHS": 0, "DEBT_BURDEN_PERCENT": 90, "SAVINGS_RP": 0}
DAY = "2026-02-10"


async def take_in(world: World, maker: FamilyGenerator) -> list[Case]:
    """Take two families in whose husband has the business."""
    rows: list[dict[str, str]] = []
    for nik in NIKS.values():
        mother, father, child = graduating_family(maker, KELURAHAN, nik)
        father |= {column: mother.pop(column) for column in USAHA}
        rows += [mother, father, child]
    assert await run_intake(world, "business.csv", as_csv(rows)) == []
    return [await find_family(world, name, nik) for name, nik in NIKS.items()]


async def approve_cases(world: World, cases: list[Case]) -> None:
    """Take cases that stand on a business to their approval."""
    await open_cases(world, cases, "SEJAHTERA_MANDIRI", PENDAMPING)
    answers: dict[str, Any] = {code: {"value": value} for code, value in (ANSWERS | WEAK).items()}
    for case in cases:
        photo = await upload_for(world, case, "foto usaha", PENDAMPING)
        for code in WITH_EVIDENCE:
            answers[code]["evidence_sha256"] = photo
        path = f"/v1/graduasi/{case.graduasi_id}/asesmen"
        asesmen = await world.post("graduation", path, {"answers": answers}, PENDAMPING)
        assert asesmen["result"] == "SIAP"
    await sign_and_propose(world, cases, DAY, PENDAMPING)
    await verify(world, cases)
    await deliberate(world, cases, DAY, KELURAHAN_OPERATOR)
    await approve(world, cases)


async def split_husband(world: World, case: Case, no_kk: str) -> None:
    path = f"/v1/kpm/{case.kpm_id}"
    family = await world.get("caseload", path, PENDAMPING)
    (husband,) = [one["anggota_id"] for one in family["members"] if one["relation"] == "KEPALA_KELUARGA"]
    evidence = await world.put_file("caseload", b"kartu keluarga baru", DINSOS)
    split = {"anggota_ids": [husband], "pengurus_id": husband, "no_kk": no_kk, "on": DAY}
    split |= {"evidence_sha256": evidence}
    await world.post("caseload", f"{path}/split", split, DINSOS, version=family["version"])
    await world.wait_until_delivered()


async def test_sk_postpones_the_family_that_lost_its_business(four: FourServices) -> None:
    world = four.world
    await world.day("2026-01-05")
    pendamping = await place_pendamping(world, PENDAMPING, PENDAMPING_NIK, [KELURAHAN])
    maker = FamilyGenerator(pendamping.pendamping_no, (9488, 9589))
    split, whole = await take_in(world, maker)
    await world.day(DAY)
    await approve_cases(world, [split, whole])
    await split_husband(world, split, maker.number(KELURAHAN, date(2026, 1, 20)))
    decree = {"sk_no": "103/3.4/BS.01/2/2026", "sk_on": DAY, "announced_on": "2026-03-01"}
    decree |= {"graduasi_ids": [split.graduasi_id, whole.graduasi_id]}
    made = await world.post("graduation", "/v1/sk", decree, KEMENSOS)
    assert made["determined"] == [whole.graduasi_id]
    ((graduasi_id, reasons),) = [(one["graduasi_id"], one["reasons"]) for one in made["postponed"]]
    assert (graduasi_id, [one["code"] for one in reasons]) == (split.graduasi_id, ["RESULT"])
    await four.wait_until_idle()
    announced = await world.get("caseload", f"/v1/kpm/{whole.kpm_id}/kepesertaan", DINSOS)
    states = {one["bansos"]: one["case"] and one["case"]["state"] for one in announced["items"]}
    assert states == {"PKH": "DETERMINED", "SEMBAKO": None}
    assert await violations(four.services, four.bootstrap, world.history) == []
