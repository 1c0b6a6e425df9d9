"""domain.md 10, scenario 2, over HTTP: each step is what one person does, and the Then list is asserted on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from deploy.demo.agenda import Agenda
from deploy.demo.answers import ANSWERS, WITH_EVIDENCE
from deploy.demo.families import BAD_FAMILIES, DESA, MOTHER_NIK, family_csv
from deploy.demo.intake import take_in
from deploy.demo.people import DESA_OPERATOR, DINSOS, KEMENSOS, KETUA
from deploy.demo.placement import place_pendamping
from deploy.demo.world import NotAsExpected, World

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
    kpm_id: str = ""
    kepesertaan: dict[str, str] = field(default_factory=dict[str, str])
    graduasi_id: str = ""
    offers_sha256: str = ""

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
        found = await world.post("caseload", "/v1/kpm/look-up", {"nik": MOTHER_NIK}, DINSOS)
        self.kpm_id = found["kpm_id"]
        world.place.remember_person("scenario-2", kpm_id=self.kpm_id, pendamping_id=self.pendamping_id)
        world.place.remember_scenario(self.number, kpm_ids=[self.kpm_id], pendamping_ids=[self.pendamping_id])
        known = await world.get("caseload", f"/v1/kpm/{self.kpm_id}", DINSOS)
        (mother,) = [member for member in known["members"] if member["pengurus"]]
        world.console.print(f"  the family of scenario 2 is {self.kpm_id}")
        world.check("her NIK parses as female", mother["sex"], "P")
        world.check("… born 12-11-1987", mother["birth_on"], "1987-11-12")
        world.check("… and is shown masked", mother["nik"], f"{MOTHER_NIK[:4]}{'*' * 12}")
        held = await world.get("caseload", f"/v1/kpm/{self.kpm_id}/kepesertaan", S)
        self.kepesertaan = {item["bansos"]: item["kepesertaan_id"] for item in held["items"]}
        world.check(
            "S sees her family in PKH, SEMBAKO and PBI", sorted(self.kepesertaan), ["PBI", "PKH", "SEMBAKO"]
        )

    async def assessment(self) -> None:
        """S visits and assesses."""
        world = self.world
        opening = {
            "kpm_id": self.kpm_id,
            "kepesertaan_id": self.kepesertaan["PKH"],
            "exit_reason": "SEJAHTERA_MANDIRI",
        }
        case = await world.act("opens a case on her PKH", "graduation", "/v1/graduasi", opening, S)
        self.graduasi_id = case["graduasi_id"]
        photo = await world.put_file("graduation", b"foto rumah dan usaha", S)
        answers = {code: {"value": value} for code, value in ANSWERS.items()}
        answers |= {code: {"value": ANSWERS[code], "evidence_sha256": photo} for code in WITH_EVIDENCE}
        found = await self.on_case("assesses her", "asesmen", {"answers": answers}, S)
        world.check("she is SIAP", found["result"], "SIAP")
        world.check(
            "each criterion has its sentence", all(item["en"] and item["id"] for item in found["explanation"])
        )

    async def statement(self) -> None:
        """S shows the offers; the family signs; S proposes."""
        world = self.world
        offers = await world.get("referral", f"/v1/offer?kpm_id={self.kpm_id}", S)
        self.offers_sha256 = offers["sha256"]
        world.console.print(
            f"  [bold]{S}[/] shows {len(offers['offers'])} offers  [dim]referral GET /v1/offer[/]"
        )
        scan = await world.put_file("graduation", b"surat pernyataan bermeterai", S)
        signed = {"signed_on": "2026-04-09", "evidence_sha256": scan, "offers_sha256": self.offers_sha256}
        await self.on_case("takes in the signed statement", "pernyataan", signed, S)
        await self.on_case("proposes", "proposal", {}, S)

    async def verification(self) -> None:
        await self.on_case("verifies", "verification", {"note": "Ditemui di rumah."}, KETUA)

    async def musyawarah(self) -> None:
        minutes = await self.world.put_file("graduation", b"berita acara musyawarah desa", DESA_OPERATOR)
        held = {"berita_acara_no": "BA/014/V/2026", "held_on": "2026-05-02", "evidence_sha256": minutes}
        await self.on_case("hands in the berita acara", "musyawarah", held, DESA_OPERATOR)

    async def approval(self) -> None:
        await self.on_case("approves", "approval", {}, DINSOS)

    async def decision(self) -> None:
        decree = {"sk_no": SK_NO, "sk_on": "2026-05-18", "graduasi_ids": [self.graduasi_id]}
        await self.world.act("determines in an SK", "graduation", "/v1/sk", decree, KEMENSOS)
        await self.check_decision()

    async def check_decision(self) -> None:
        world = self.world
        case = await world.get("graduation", f"/v1/graduasi/{self.graduasi_id}", S)
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
        await world.until("graduation to enter EFEKTIF", lambda: self.in_state("EFEKTIF"))
        await world.heard()
        case = await world.get("graduation", f"/v1/graduasi/{self.graduasi_id}", S)
        number = case["penetapan"]["certificate_no"]
        certificate = await world.get("graduation", f"/v1/certificate/{number}", KEMENSOS)
        world.check(f"certificate {number} stands", certificate["stands"])

    async def monitoring(self) -> None:
        """On the first day of its tahap the case is watched over, and her PKH is over."""
        world = self.world
        await world.until("graduation to enter PEMANTAUAN", lambda: self.in_state("PEMANTAUAN"))
        await world.heard()
        await self.check_effect()

    async def check_effect(self) -> None:
        world = self.world
        tasks = await world.get("graduation", f"/v1/monitoring?graduasi_id={self.graduasi_id}", S)
        world.check(
            "S has six monthly monitoring tasks",
            [task["month"] for task in tasks["items"]],
            [1, 2, 3, 4, 5, 6],
        )
        held = await world.get("caseload", f"/v1/kpm/{self.kpm_id}/kepesertaan", DINSOS)
        by_bansos = {item["bansos"]: item for item in held["items"]}
        world.check("her PKH has ended on 1 July", by_bansos["PKH"]["valid_to"], "2026-07-01")
        for bansos in ("SEMBAKO", "PBI"):
            found = (by_bansos[bansos]["valid_to"], by_bansos[bansos]["status"])
            world.check(f"{bansos} goes on, its own decision pending", found, (None, "DECISION_PENDING"))
        payable = await world.get("caseload", f"/v1/kpm/{self.kpm_id}/tahap?bansos=PKH", DINSOS)
        said = (payable["last_payable_tahap"], payable["first_unpayable_tahap"], sorted(payable["pending"]))
        world.check("caseload pays tahap 2, not tahap 3, and names the two that are pending", said, PAYABLE)

    async def score(self) -> None:
        card = await self.world.get(
            "registry", f"/v1/pendamping/{self.pendamping_id}/scorecard?year=2026", KEMENSOS
        )
        self.world.check("the credit is on S's scorecard", (card["granted"], card["net"]), (1, 1))
        self.world.console.print(f"    S: {card['net']} of {card['target']}")

    async def on_case(self, sentence: str, noun: str, body: Any, who: str) -> Any:
        return await self.world.act(
            sentence, "graduation", f"/v1/graduasi/{self.graduasi_id}/{noun}", body, who
        )

    async def in_state(self, wanted: str) -> bool:
        case = await self.world.get("graduation", f"/v1/graduasi/{self.graduasi_id}", S)
        return case["state"] == wanted


__all__ = ["DINSOS", "FAMILIES", "KEMENSOS", "FamilyGraduation", "NotAsExpected", "S"]
