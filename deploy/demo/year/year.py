"""Scenario 1: the year of a pendamping, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from deploy.demo.agenda import Agenda
from deploy.demo.cases import (
    Case,
    act_on_cases,
    approve,
    assess,
    deliberate,
    determine,
    determine_by_job,
    find_family,
    open_cases,
    sign_and_propose,
    verify,
    wait_for_state,
)
from deploy.demo.intake import run_intake
from deploy.demo.people import DINSOS, KELURAHAN_OPERATOR, OTHER_DINSOS
from deploy.demo.placement import PlacedPendamping, place_pendamping
from deploy.demo.world import World
from deploy.demo.year.expectations import YearEnd
from deploy.demo.year.families import (
    CASES,
    IN_A,
    IN_B,
    LATE,
    MOVING,
    NATURAL,
    READY_A,
    READY_B,
    REFUSED,
    WIDOW,
    A,
    B,
    nik_of,
    year_csv,
)
from deploy.demo.year.field_work import FieldWork
from deploy.demo.year.hand_over import HandOver
from deploy.demo.year.pendamping import NIK_S, S


@dataclass(slots=True)
class Year:
    """The state of scenario 1: both pendamping, and the families with a case, by name."""

    world: World
    number: int = 1
    s: PlacedPendamping = field(init=False)
    t: PlacedPendamping = field(init=False)
    cases: dict[str, Case] = field(default_factory=dict[str, Case])
    kpm_ids: list[str] = field(default_factory=list[str])
    sanggah_id: str = ""

    def agenda(self) -> Agenda:
        work, hand_over, check = FieldWork(self), HandOver(self), YearEnd(self)
        return [
            *(("2026-03-02", self.pendamping), ("2026-03-03", self.intake), ("2026-03-03", work.load)),
            *(("2026-03-16", work.visits), ("2026-03-18", work.p2k2)),
            *(("2026-04-13", self.assessment), ("2026-04-17", self.statements)),
            *(("2026-04-27", self.verification), ("2026-05-08", self.musyawarah)),
            *(("2026-05-11", self.death), ("2026-05-15", self.approval), ("2026-05-22", self.first_sk)),
            *(("2026-06-08", self.short_paths), ("2026-06-10", self.assessment_in_b)),
            *(("2026-06-12", self.statements_in_b), ("2026-06-16", self.sanggah)),
            *(("2026-06-22", self.first_effect), ("2026-06-22", hand_over.receiver)),
            *(("2026-06-24", self.second_verification), ("2026-07-01", hand_over.hand_over)),
            *(("2026-07-01", hand_over.seen_after), ("2026-07-06", self.musyawarah_in_b)),
            *(("2026-07-10", self.second_approval), ("2026-07-15", self.decision_on_sanggah)),
            *(("2026-07-20", self.second_sk), ("2026-08-14", self.third_sk)),
            *(("2026-08-20", self.second_effect), ("2026-09-14", self.third_effect)),
            *(("2026-10-01", self.exits), ("2026-11-02", work.monitoring)),
            *(("2026-11-16", self.late_assessment), ("2026-11-20", self.late_statements)),
            *(("2026-12-04", self.late_verification), ("2026-12-31", check.check)),
        ]

    def of(self, *names: str) -> list[Case]:
        return [self.cases[name] for name in names]

    async def pendamping(self) -> None:
        """Register S and place him in both kelurahan."""
        self.s = await place_pendamping(self.world, S, NIK_S, [A, B])

    async def intake(self) -> None:
        """Upload the 462 families, and look up those that will have a case."""
        world = self.world
        refused = await run_intake(world, "families-of-the-year.csv", year_csv(self.s.pendamping_no))
        world.check("no row is refused", refused, [])
        families = await world.pages("caseload", "/v1/kpm", S)
        self.kpm_ids = [family["kpm_id"] for family in families]
        counts = [sum(family["kode_wilayah"] == kode for family in families) for kode in (A, B)]
        world.check(f"S accompanies {IN_A} families in A and {IN_B} in B", counts, [IN_A, IN_B])
        for name in CASES:
            self.cases[name] = await find_family(world, name, nik_of(name))
        # First, because the demonstration suggests the timeline of the first family.
        self.kpm_ids.sort(key=lambda kpm_id: kpm_id != self.cases[READY_B[0]].kpm_id)
        world.data_folder.save_scenario(
            self.number, kpm_ids=self.kpm_ids, pendamping_ids=[self.s.pendamping_id]
        )

    async def assessment(self) -> None:
        await assess(self.world, self.of(*READY_A, REFUSED), S)

    async def statements(self) -> None:
        await sign_and_propose(self.world, self.of(*READY_A, REFUSED), "2026-04-16", S)

    async def verification(self) -> None:
        await verify(self.world, self.of(*READY_A, REFUSED))

    async def musyawarah(self) -> None:
        cases = self.of(*READY_A, REFUSED)
        await deliberate(self.world, cases, "2026-05-07", KELURAHAN_OPERATOR)

    async def death(self) -> None:
        """Propose the exit of a widow who has died, with the deed of death."""
        await self.propose_exit(WIDOW, "MENINGGAL", "2026-05-09", "kutipan akta kematian")

    async def approval(self) -> None:
        """Approve five cases and refuse the sixth."""
        await approve(self.world, self.of(*READY_A))
        refusal = {"ground": "BELUM_LAYAK", "reason": "Usaha keluarga ini bergantung pada satu pembeli."}
        await act_on_cases(self.world, f"refuses {REFUSED}", self.of(REFUSED), "refusal", refusal, DINSOS)

    async def first_sk(self) -> None:
        """Issue the first SK, whose exits are effective with tahap 4.

        Its term ends after tahap 3 is closed.
        """
        await determine_by_job(self.world, self.of(*READY_A), "201/3.4/BS.01/5/2026", "2026-05-22")

    async def short_paths(self) -> None:
        """Propose two families without komponen and one that moves away."""
        natural = self.of(*NATURAL)
        await open_cases(self.world, natural, "ALAMIAH", S)
        await act_on_cases(self.world, "proposes A9, A10, without a score", natural, "proposal", {}, S)
        await self.propose_exit(MOVING, "PINDAH", "2026-06-05", "surat keterangan pindah")

    async def propose_exit(self, name: str, exit_reason: str, on: str, paper: str) -> None:
        """Propose an exit in caseload, for which graduation opens a case."""
        world, case = self.world, self.cases[name]
        proof = await world.put_paper("caseload", paper, S)
        body = {
            "kpm_id": case.kpm_id,
            "kepesertaan_id": case.kepesertaan_id,
            "exit_reason": exit_reason,
            "evidence_sha256": proof,
            "on": on,
        }
        sentence = f"proposes the exit of {name}: {exit_reason}"
        await world.act(sentence, "caseload", "/v1/exit-proposal", body, S)
        opened = await world.get("graduation", f"/v1/graduasi?kpm_id={case.kpm_id}", DINSOS)
        states = [(item["exit_reason"], item["state"]) for item in opened["items"]]
        world.check("graduation has opened a case for it", states, [(exit_reason, "DIUSULKAN")])
        case.graduasi_id = opened["items"][0]["graduasi_id"]

    async def assessment_in_b(self) -> None:
        await assess(self.world, self.of(*READY_B), S)

    async def statements_in_b(self) -> None:
        await sign_and_propose(self.world, self.of(*READY_B), "2026-06-11", S)

    async def sanggah(self) -> None:
        """Register an objection of A5 on paper, in term."""
        world, case = self.world, self.cases["A5"]
        proof = await world.put_paper("graduation", "surat sanggah bertanda tangan", S)
        paper = {
            "lodged_on": "2026-06-15",
            "lodged_by": "KELUARGA",
            "channel": "PENDAMPING",
            "ground": "KEADAAN_BERUBAH",
            "evidence_sha256": proof,
        }
        lodged = await act_on_cases(world, "registers the sanggah of A5", [case], "sanggah", paper, S)
        self.sanggah_id = lodged[0]["sanggah_id"]
        await wait_for_state(world, [case], "DISANGGAH")

    async def first_effect(self) -> None:
        await wait_for_state(self.world, self.of(*READY_A[:-1]), "EFEKTIF")

    async def second_verification(self) -> None:
        await verify(self.world, self.of(*READY_B, *NATURAL, WIDOW, MOVING))

    async def musyawarah_in_b(self) -> None:
        await deliberate(self.world, self.of(*READY_B), "2026-07-04", KELURAHAN_OPERATOR)

    async def second_approval(self) -> None:
        await approve(self.world, self.of(*READY_B, *NATURAL, WIDOW, MOVING))

    async def decision_on_sanggah(self) -> None:
        """Accept the sanggah by a person of no stage, which annuls A5's penetapan."""
        ruling = {"outcome": "DITERIMA", "reason": "Pencari nafkah sakit menahun sejak Mei."}
        path = f"/v1/sanggah/{self.sanggah_id}/decision"
        await self.world.act("accepts the sanggah", "graduation", path, ruling, OTHER_DINSOS)
        await wait_for_state(self.world, self.of("A5"), "DIPULIHKAN")

    async def second_sk(self) -> None:
        cases = self.of(*NATURAL, WIDOW, MOVING)
        await determine(self.world, cases, "202/3.4/BS.01/7/2026", "2026-07-20")

    async def third_sk(self) -> None:
        """Issue the third SK, whose credits go to S, who assessed.

        T accompanies the families by now.
        """
        await determine(self.world, self.of(*READY_B), "203/3.4/BS.01/8/2026", "2026-08-14")

    async def second_effect(self) -> None:
        await wait_for_state(self.world, self.of(*NATURAL, WIDOW, MOVING), "EFEKTIF")

    async def third_effect(self) -> None:
        await wait_for_state(self.world, self.of(*READY_B), "EFEKTIF")

    async def exits(self) -> None:
        """Check that eight cases are monitored and two are closed.

        It is the first day of tahap 4.
        """
        await wait_for_state(self.world, self.monitored, "PEMANTAUAN")
        await wait_for_state(self.world, self.of(WIDOW, MOVING), "SELESAI")

    @property
    def monitored(self) -> Sequence[Case]:
        return self.of(*READY_A[:-1], *READY_B, *NATURAL)

    @property
    def exited(self) -> Sequence[Case]:
        return [*self.monitored, *self.of(WIDOW, MOVING)]

    async def late_assessment(self) -> None:
        await assess(self.world, self.of(*LATE), S)

    async def late_statements(self) -> None:
        await sign_and_propose(self.world, self.of(*LATE), "2026-11-19", S)

    async def late_verification(self) -> None:
        await verify(self.world, self.of(LATE[0]))
