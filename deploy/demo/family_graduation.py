"""domain.md 10, scenario 2, over HTTP: each step is what one person does, and the Then list is asserted on the way."""

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
    reach,
    sign_and_propose,
    verify,
)
from deploy.demo.families import BAD_FAMILIES, DESA, MOTHER_NIK, family_csv
from deploy.demo.intake import take_in
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
    """What has come into being so far."""

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
        """Kemensos registers S and places her."""
        placed = await place_pendamping(self.world, S, PENDAMPING_NIK, [DESA])
        self.pendamping_id, self.pendamping_no = placed.pendamping_id, placed.pendamping_no

    async def intake(self) -> None:
        """Dinsos takes in a file of families; S is named in the row of hers."""
        errors = await take_in(self.world, "families.csv", family_csv(self.pendamping_no, FAMILIES))
        bad = {item["row"] for item in errors}
        self.world.check(
            f"{BAD_FAMILIES} bad families are refused, with row, column and reason", len(bad) >= BAD_FAMILIES
        )

    async def family(self) -> None:
        """The mother is who her NIK says, S accompanies her, and three bansos are hers."""
        world = self.world
        self.case = await find_family(world, "the family of scenario 2", MOTHER_NIK)
        world.place.remember_person("scenario-2", kpm_id=self.case.kpm_id, pendamping_id=self.pendamping_id)
        world.place.remember_scenario(
            self.number, kpm_ids=[self.case.kpm_id], pendamping_ids=[self.pendamping_id]
        )
        known = await world.get("caseload", f"/v1/kpm/{self.case.kpm_id}", DINSOS)
        (mother,) = [member for member in known["members"] if member["pengurus"]]
        world.console.print(f"  the family of scenario 2 is {self.case.kpm_id}")
        world.check("her NIK parses as female", mother["sex"], "P")
        world.check("… born 12-11-1987", mother["birth_on"], "1987-11-12")
        world.check("… and is shown masked", mother["nik"], f"{MOTHER_NIK[:4]}{'*' * 12}")
        held = await world.get("caseload", f"/v1/kpm/{self.case.kpm_id}/kepesertaan", S)
        bansos = sorted(item["bansos"] for item in held["items"])
        world.check("S sees her family in PKH, SEMBAKO and PBI", bansos, ["PBI", "PKH", "SEMBAKO"])

    async def assessment(self) -> None:
        """S visits and assesses."""
        (found,) = await assess(self.world, [self.case], S)
        self.world.check("she is SIAP", found["result"], "SIAP")
        sentences = [(item["en"], item["id"]) for item in found["explanation"]]
        self.world.check("each criterion has its sentence", all(en and id_ for en, id_ in sentences))

    async def statement(self) -> None:
        """S shows the offers; the family signs; S proposes."""
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
        acts = {(stage["person"], stage["stage"]) for stage in case["stages"]}
        people = {person for person, _ in acts}
        decided = case["penetapan"]
        world.check(
            f"{len(people)} people, at least four, each acted in one stage alone",
            len(acts) == len(people) >= 4,
        )
        world.check("the term ends on 17 June", decided["term_ends_on"], "2026-06-17")
        world.check("the stop applies from tahap 3", decided["effective_tahap"], "2026-3")
        world.check("tahap 2 stays payable", decided["last_payable_tahap"], "2026-2")

    async def effect(self) -> None:
        """The term has passed; the day after, it is in effect, and the certificate is there."""
        world = self.world
        await reach(world, [self.case], "EFEKTIF")
        case = await world.get("graduation", f"/v1/graduasi/{self.case.graduasi_id}", S)
        number = case["penetapan"]["certificate_no"]
        certificate = await world.get("graduation", f"/v1/certificate/{number}", KEMENSOS)
        world.check(f"certificate {number} stands", certificate["stands"])

    async def monitoring(self) -> None:
        """On the first day of its tahap the case is watched over, and her PKH is over."""
        await reach(self.world, [self.case], "PEMANTAUAN")
        await self.check_effect()

    async def check_effect(self) -> None:
        world = self.world
        tasks = await world.get("graduation", f"/v1/monitoring?graduasi_id={self.case.graduasi_id}", S)
        world.check(
            "S has six monthly monitoring tasks",
            [task["month"] for task in tasks["items"]],
            [1, 2, 3, 4, 5, 6],
        )
        held = await world.get("caseload", f"/v1/kpm/{self.case.kpm_id}/kepesertaan", DINSOS)
        by_bansos = {item["bansos"]: item for item in held["items"]}
        world.check("her PKH has ended on 1 July", by_bansos["PKH"]["valid_to"], "2026-07-01")
        for bansos in ("SEMBAKO", "PBI"):
            found = (by_bansos[bansos]["valid_to"], by_bansos[bansos]["status"])
            world.check(f"{bansos} goes on, its own decision pending", found, (None, "DECISION_PENDING"))
        payable = await world.get("caseload", f"/v1/kpm/{self.case.kpm_id}/tahap?bansos=PKH", DINSOS)
        said = (payable["last_payable_tahap"], payable["first_unpayable_tahap"], sorted(payable["pending"]))
        world.check("caseload pays tahap 2, not tahap 3, and names the two that are pending", said, PAYABLE)

    async def score(self) -> None:
        card = await self.world.get(
            "registry", f"/v1/pendamping/{self.pendamping_id}/scorecard?year=2026", KEMENSOS
        )
        self.world.check("the credit is on S's scorecard", (card["granted"], card["net"]), (1, 1))
        self.world.console.print(f"    S: {card['net']} of {card['target']}")
