"""Scenario 8 of docs/domain.md#scenarios without its emergency lane: objections in and out of term."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from deploy.demo.agenda import Agenda
from deploy.demo.cases import (
    Case,
    act_on_cases,
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
from deploy.demo.ministry import Ministry
from deploy.demo.papers import PaperKind
from deploy.demo.people import DINSOS, KELURAHAN_OPERATOR, KEMENSOS, OTHER_DINSOS
from deploy.demo.placement import PlacedPendamping, place_pendamping
from deploy.demo.world import World

KELURAHAN = "33.24.15.1003"
S, NIK_S = "pendamping-4", "3324154307859503"
# A mother whose husband dies, and a neighbour whose objection is too late.
NIKS = {"IN_TERM": "3324155211879599", "TOO_LATE": "3324155211879598"}
SERIALS = (9504, 9597)
KUR = "KUR_SUPERMIKRO"
NEXT_TAHAP = "2026-2"


@dataclass(slots=True)
class Objection:
    """The state of scenario 8: two families, their cases and their offers to the bank."""

    world: World
    ministry: Ministry
    number: int = 8
    s: PlacedPendamping = field(init=False)
    cases: dict[str, Case] = field(default_factory=dict[str, Case])
    offers: dict[str, str] = field(default_factory=dict[str, str])
    sanggah_id: str = ""
    usulan_id: str = ""

    def agenda(self) -> Agenda:
        return [
            *(("2026-01-02", self.pendamping), ("2026-01-02", self.intake)),
            *(("2026-01-05", self.assessment), ("2026-01-09", self.statements)),
            *(("2026-01-16", self.verification), ("2026-01-23", self.musyawarah)),
            *(("2026-01-30", self.approval), ("2026-02-10", self.decision)),
            *(("2026-02-16", self.bank), ("2026-03-05", self.death), ("2026-03-10", self.sanggah)),
            *(
                ("2026-03-13", self.term_ends),
                ("2026-03-20", self.too_late),
                ("2026-03-20", self.applies_again),
            ),
            *(("2026-03-25", self.accepted), ("2026-03-25", self.restored)),
            ("2026-04-20", self.comes_back),
        ]

    @property
    def both_cases(self) -> list[Case]:
        return list(self.cases.values())

    async def pendamping(self) -> None:
        self.s = await place_pendamping(self.world, S, NIK_S, [KELURAHAN])

    async def intake(self) -> None:
        maker = FamilyGenerator(self.s.pendamping_no, SERIALS)
        rows = [row for nik in NIKS.values() for row in graduating_family(maker, KELURAHAN, nik)]
        self.world.check("no row is refused", await run_intake(self.world, "objecting.csv", as_csv(rows)), [])
        for name, nik in NIKS.items():
            self.cases[name] = await find_family(self.world, name, nik)
        kpm_ids = [case.kpm_id for case in self.both_cases]
        self.world.data_folder.save_scenario(
            self.number, kpm_ids=kpm_ids, pendamping_ids=[self.s.pendamping_id]
        )

    async def assessment(self) -> None:
        await assess(self.world, self.both_cases, S)

    async def statements(self) -> None:
        await sign_and_propose(self.world, self.both_cases, "2026-01-08", S)

    async def verification(self) -> None:
        await verify(self.world, self.both_cases)

    async def musyawarah(self) -> None:
        await deliberate(self.world, self.both_cases, "2026-01-22", KELURAHAN_OPERATOR)

    async def approval(self) -> None:
        await approve(self.world, self.both_cases)

    async def decision(self) -> None:
        """Issue the SK. The term ends on 12 March, before tahap 2."""
        await determine(self.world, self.both_cases, "101/3.4/BS.01/2/2026", "2026-02-10")
        for case in self.both_cases:
            penetapan = (await self.case_of(case))["penetapan"]
            values = (penetapan["term_ends_on"], penetapan["effective_tahap"])
            self.world.check(f"{case.name}: in term until 12 March", values, ("2026-03-12", NEXT_TAHAP))

    async def bank(self) -> None:
        """Record both families' consent and wait until the bank has both rujukan."""
        world = self.world
        paper = await world.put_paper("referral", "persetujuan berbagi data, bertanda tangan", S)
        given = {
            "text_version": 1,
            "channel": "TATAP_MUKA",
            "evidence_sha256": paper,
            "given_on": "2026-02-16",
        }
        for case in self.both_cases:
            rujukan = await self.rujukan_of(case)
            (self.offers[case.name],) = [
                item["rujukan_program_id"] for item in rujukan["programs"] if item["program_code"] == KUR
            ]
        commands = [(f"/v1/rujukan-program/{offer}/consent", given) for offer in self.offers.values()]
        await world.act_many("records their consent to the bank", "referral", commands, S)
        bank = self.ministry.of(KUR)

        async def are_received() -> bool:
            return len(bank.rujukan) == len(self.offers)

        await world.wait_for("the bank to receive both rujukan", are_received)

    async def death(self) -> None:
        """Record the father's death, which does not change the case."""
        world, case = self.world, self.cases["IN_TERM"]
        family = await world.get("caseload", f"/v1/kpm/{case.kpm_id}", S)
        (father,) = [member for member in family["members"] if member["relation"] == "KEPALA_KELUARGA"]
        proof = await world.put_paper("caseload", "kutipan akta kematian", S)
        died = {"reason": "MENINGGAL", "on": "2026-03-05", "evidence_sha256": proof}
        path = f"/v1/kpm/{case.kpm_id}/anggota/{father['anggota_id']}/end"
        sentence = "records that the father has died"
        await world.act(sentence, "caseload", path, died, S, version=family["version"])
        world.check("the case continues unchanged", (await self.case_of(case))["state"], "MASA_SANGGAH")

    async def sanggah(self) -> None:
        """Register an objection on paper of 9 March, which suspends the case."""
        lodged = await self.object_for("IN_TERM", "2026-03-09")
        self.sanggah_id = lodged["sanggah_id"]
        await wait_for_state(self.world, [self.cases["IN_TERM"]], "DISANGGAH")
        self.world.check("the payment stop is suspended", (await self.payable("IN_TERM"))["payable"], "HELD")
        paused = (await self.rujukan_of(self.cases["IN_TERM"]))["paused"]
        self.world.check("the rujukan is paused", paused)

    async def object_for(self, name: str, lodged_on: str) -> dict[str, Any]:
        paper = await self.paper(lodged_on)
        case = [self.cases[name]]
        sentence = f"registers the sanggah of {name}"
        return (await act_on_cases(self.world, sentence, case, "sanggah", paper, KELURAHAN_OPERATOR))[0]

    async def paper(self, lodged_on: str) -> dict[str, Any]:
        text = f"surat sanggah tertanggal {lodged_on}"
        return {
            "lodged_on": lodged_on,
            "lodged_by": "MASYARAKAT",
            "channel": "PUSKESOS",
            "ground": "KEADAAN_BERUBAH",
            "evidence_sha256": await self.world.put_paper(
                "graduation", text, KELURAHAN_OPERATOR, PaperKind.PNG
            ),
        }

    async def term_ends(self) -> None:
        """Check after the term: one exit is effective, the objected one is not."""
        await wait_for_state(self.world, [self.cases["TOO_LATE"]], "EFEKTIF")
        case = await self.case_of(self.cases["IN_TERM"])
        self.world.check(
            "her exit has no effect",
            (case["state"], case["penetapan"]["certificate_no"]),
            ("DISANGGAH", None),
        )

    async def too_late(self) -> None:
        """Check that an objection of 20 March is refused with a hint to the usulan."""
        path = f"/v1/graduasi/{self.cases['TOO_LATE'].graduasi_id}/sanggah"
        paper = await self.paper("2026-03-20")
        problem = await self.world.post_refused("graduation", path, paper, KELURAHAN_OPERATOR)
        refusal = (problem.get("status"), problem.get("title"))
        self.world.check("an objection out of term is refused", refusal, (409, "SanggahOutOfTerm"))
        self.world.check("… and the refusal refers to the usulan", "usulan" in str(problem))

    async def accepted(self) -> None:
        """Decide the sanggah, with back-pay for the tahap since it was lodged."""
        world, path = self.world, f"/v1/sanggah/{self.sanggah_id}/decision"
        ruling: dict[str, Any] = {
            "outcome": "DITERIMA",
            "reason": "Pencari nafkah meninggal; ibu cuci darah.",
        }
        same_person = await world.post_refused("graduation", path, ruling, DINSOS)
        world.check("the approver may not decide it", same_person.get("title"), "SamePersonTwice")
        undecided = await world.post_refused("graduation", path, ruling, OTHER_DINSOS)
        world.check("a decision without back-pay is refused", undecided.get("title"), "BackPayUndecided")
        back_pay = {"tahap": NEXT_TAHAP, "paid": True, "reason": "Pembayaran ditahan sejak sanggah."}
        decision = ruling | {"back_pay": [back_pay]}
        await world.act("accepts the sanggah", "graduation", path, decision, OTHER_DINSOS)
        await wait_for_state(world, [self.cases["IN_TERM"]], "DIPULIHKAN")

    async def restored(self) -> None:
        """Check that PKH, the credit, the rujukan and the bank are restored."""
        world, case = self.world, self.cases["IN_TERM"]
        payable = await self.payable("IN_TERM")
        world.check(
            "her PKH continues without an end", (payable["payable"], payable["ends_on"]), ("ALL", None)
        )
        world.check("tahap 2 is paid back", payable["back_pay"], [NEXT_TAHAP])
        path = f"/v1/pendamping/{self.s.pendamping_id}/scorecard?year=2026"
        card = await world.get("registry", path, KEMENSOS)
        score = (card["granted"], card["reversed"], card["net"])
        world.check("S's net score falls by one", score, (2, 1, 1))
        rujukan = await self.rujukan_of(case)
        states = {item["program_code"]: item["state"] for item in rujukan["programs"]}
        world.check(
            "her rujukan and KUR are DICABUT", (rujukan["state"], states[KUR]), ("DICABUT", "DICABUT")
        )
        bank = self.ministry.of(KUR)

        async def is_received() -> bool:
            return self.offers["IN_TERM"] in bank.withdrawn

        await world.wait_for("the bank to receive the withdrawal", is_received)
        world.check("the bank has received her withdrawal only", bank.withdrawn, {self.offers["IN_TERM"]})

    async def applies_again(self) -> None:
        """Record the late objection as an application for a new membership."""
        world, case = self.world, self.cases["TOO_LATE"]
        proof = await world.put_paper("caseload", "surat tertanggal 20 Maret", KELURAHAN_OPERATOR)
        body = {
            "kpm_id": case.kpm_id,
            "bansos": "PKH",
            "reason": "Sanggah diajukan setelah masa sanggah berakhir.",
            "ground": "SANGGAH_TERLAMBAT",
            "lodged_on": "2026-03-20",
            "evidence_sha256": proof,
        }
        usulan = await world.act("records it as a usulan", "caseload", "/v1/usulan", body, KELURAHAN_OPERATOR)
        self.usulan_id = usulan["usulan_id"]

    async def comes_back(self) -> None:
        """Accept the usulan, and check the new membership beside the ended one."""
        world, case = self.world, self.cases["TOO_LATE"]
        body = {"accepted": True, "valid_from": "2026-05-01", "reason": "Layak menurut pemeriksaan."}
        path = f"/v1/usulan/{self.usulan_id}/decision"
        await world.act("accepts the usulan", "caseload", path, body, DINSOS)
        memberships = await world.get("caseload", f"/v1/kpm/{case.kpm_id}/kepesertaan", DINSOS)
        spans = [
            (item["valid_from"], item["valid_to"]) for item in memberships["items"] if item["bansos"] == "PKH"
        ]
        world.check("there is a new membership", spans[1:], [("2026-05-01", None)])
        world.check("… and the earlier one stays ended", spans[0][1], "2026-04-01")

    async def case_of(self, case: Case) -> dict[str, Any]:
        return await self.world.get("graduation", f"/v1/graduasi/{case.graduasi_id}", DINSOS)

    async def payable(self, name: str) -> dict[str, Any]:
        path = f"/v1/kpm/{self.cases[name].kpm_id}/tahap?bansos=PKH"
        return await self.world.get("caseload", path, DINSOS)

    async def rujukan_of(self, case: Case) -> dict[str, Any]:
        listed = await self.world.get("referral", f"/v1/rujukan?kpm_id={case.kpm_id}", DINSOS)
        return await self.world.get("referral", f"/v1/rujukan/{listed['items'][0]['rujukan_id']}", DINSOS)
