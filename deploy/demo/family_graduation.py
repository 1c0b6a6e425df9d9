"""Scenario 2 of docs/domain.md#scenarios over HTTP, with its expected results as checks."""

from __future__ import annotations

from dataclasses import dataclass, field

from deploy.demo.agenda import Agenda
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
from deploy.demo.families import BAD_FAMILIES, DESA, MOTHER_NIK, family_csv
from deploy.demo.intake import run_intake
from deploy.demo.people import DESA_OPERATOR, DINSOS, KEMENSOS
from deploy.demo.placement import place_pendamping
from deploy.demo.world import World

FAMILIES = 400
S = "pendamping-1"
PENDAMPING_NIK = "3324094107859001"
PAYABLE = ("2026-2", "2026-3", ["PBI", "SEMBAKO"])
SK_NO = "123/3.4/BS.01/5/2026"


@dataclass(slots=True)
class FamilyGraduation:
    """Scenario 2: its steps, and what they have made so far."""

    world: World
    pendamping_id: str = ""
    pendamping_no: str = ""
    case: Case = field(init=False)
    number: int = 2

    def agenda(self) -> Agenda:
        return [
            *(("2026-03-02", self.pendamping), ("2026-03-02", self.intake), ("2026-03-02", self.family)),
            *(("2026-04-06", self.assessment), ("2026-04-10", self.statement)),
            *(("2026-04-20", self.verification), ("2026-05-04", self.musyawarah)),
            *(("2026-05-12", self.approval), ("2026-05-18", self.decision)),
            *(("2026-06-18", self.effect), ("2026-07-01", self.monitoring), ("2026-07-01", self.score)),
        ]

    async def pendamping(self) -> None:
        """Register and place S."""
        placed = await place_pendamping(self.world, S, PENDAMPING_NIK, [DESA])
        self.pendamping_id, self.pendamping_no = placed.pendamping_id, placed.pendamping_no

    async def intake(self) -> None:
        """Upload a file of families. S is the pendamping of her family's row."""
        errors = await run_intake(self.world, "families.csv", family_csv(self.pendamping_no, FAMILIES))
        bad = {item["row"] for item in errors}
        self.world.check(
            f"{BAD_FAMILIES} bad families are refused, with row, column and reason", len(bad) >= BAD_FAMILIES
        )

    async def family(self) -> None:
        """Find the family and check its members, its pendamping and its three bansos."""
        world = self.world
        self.case = await find_family(world, "the family of scenario 2", MOTHER_NIK)
        world.data_folder.save_person("scenario-2", kpm_id=self.case.kpm_id, pendamping_id=self.pendamping_id)
        world.data_folder.save_scenario(
            self.number, kpm_ids=[self.case.kpm_id], pendamping_ids=[self.pendamping_id]
        )
        family = await world.get("caseload", f"/v1/kpm/{self.case.kpm_id}", DINSOS)
        (mother,) = [member for member in family["members"] if member["pengurus"]]
        world.console.print(f"  the family of scenario 2 is {self.case.kpm_id}")
        world.check("her NIK parses as female", mother["sex"], "P")
        world.check("… born 12-11-1987", mother["birth_on"], "1987-11-12")
        world.check("… and it is shown masked", mother["nik"], f"{MOTHER_NIK[:4]}{'*' * 12}")
        memberships = await world.get("caseload", f"/v1/kpm/{self.case.kpm_id}/kepesertaan", S)
        bansos = sorted(item["bansos"] for item in memberships["items"])
        world.check("S sees her family in PKH, SEMBAKO and PBI", bansos, ["PBI", "PKH", "SEMBAKO"])

    async def assessment(self) -> None:
        """Open and assess the case."""
        (assessment,) = await assess(self.world, [self.case], S)
        self.world.check("she is SIAP", assessment["result"], "SIAP")
        sentences = [(item["en"], item["id"]) for item in assessment["explanation"]]
        self.world.check("each criterion has its sentence", all(en and id_ for en, id_ in sentences))

    async def statement(self) -> None:
        """Show the offers, register the statement and propose."""
        await sign_and_propose(self.world, [self.case], "2026-04-09", S)

    async def verification(self) -> None:
        await verify(self.world, [self.case])

    async def musyawarah(self) -> None:
        await deliberate(self.world, [self.case], "2026-05-02", DESA_OPERATOR)

    async def approval(self) -> None:
        await approve(self.world, [self.case])

    async def decision(self) -> None:
        await determine(self.world, [self.case], SK_NO, "2026-05-18")
        await self.check_decision()

    async def check_decision(self) -> None:
        world = self.world
        case = await world.get("graduation", f"/v1/graduasi/{self.case.graduasi_id}", S)
        acts = {(stage["sub"], stage["stage"]) for stage in case["stages"]}
        people = {person for person, _ in acts}
        penetapan = case["penetapan"]
        world.check(
            f"{len(people)} people, at least four, each acted in one stage only",
            len(acts) == len(people) >= 4,
        )
        world.check("the term ends on 17 June", penetapan["term_ends_on"], "2026-06-17")
        world.check("the stop applies from tahap 3", penetapan["effective_tahap"], "2026-3")
        world.check("tahap 2 stays payable", penetapan["last_payable_tahap"], "2026-2")

    async def effect(self) -> None:
        """Check that the case is effective the day after its term, with a certificate."""
        world = self.world
        await wait_for_state(world, [self.case], "EFEKTIF")
        case = await world.get("graduation", f"/v1/graduasi/{self.case.graduasi_id}", S)
        number = case["penetapan"]["certificate_no"]
        certificate = await world.get("graduation", f"/v1/certificate/{number}", KEMENSOS)
        world.check(f"certificate {number} is valid", certificate["stands"])

    async def monitoring(self) -> None:
        """Check that monitoring starts and PKH ends on the first day of the tahap."""
        await wait_for_state(self.world, [self.case], "PEMANTAUAN")
        await self.check_effect()

    async def check_effect(self) -> None:
        world = self.world
        tasks = await world.get("graduation", f"/v1/monitoring?graduasi_id={self.case.graduasi_id}", S)
        world.check(
            "S has six monthly monitoring tasks",
            [task["month"] for task in tasks["items"]],
            [1, 2, 3, 4, 5, 6],
        )
        memberships = await world.get("caseload", f"/v1/kpm/{self.case.kpm_id}/kepesertaan", DINSOS)
        by_bansos = {item["bansos"]: item for item in memberships["items"]}
        world.check("her PKH has ended on 1 July", by_bansos["PKH"]["valid_to"], "2026-07-01")
        for bansos in ("SEMBAKO", "PBI"):
            membership = (by_bansos[bansos]["valid_to"], by_bansos[bansos]["status"])
            world.check(
                f"{bansos} continues, its own decision is pending", membership, (None, "DECISION_PENDING")
            )
        payable = await world.get("caseload", f"/v1/kpm/{self.case.kpm_id}/tahap?bansos=PKH", DINSOS)
        values = (payable["last_payable_tahap"], payable["first_unpayable_tahap"], sorted(payable["pending"]))
        world.check("caseload pays tahap 2, not tahap 3, and lists the two pending bansos", values, PAYABLE)

    async def score(self) -> None:
        card = await self.world.get(
            "registry", f"/v1/pendamping/{self.pendamping_id}/scorecard?year=2026", KEMENSOS
        )
        self.world.check("the credit is on S's scorecard", (card["granted"], card["net"]), (1, 1))
        self.world.console.print(f"    S: {card['net']} of {card['target']}")
