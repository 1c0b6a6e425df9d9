"""Families of which somebody dies before, during and after a case."""

from dataclasses import dataclass, field
from typing import Any

from deploy.demo.answers import ANSWERS, WITH_EVIDENCE
from deploy.demo.cases import (
    Case,
    approve,
    assess,
    deliberate,
    determine,
    find_family,
    open_cases,
    sign_and_propose,
    verify,
    wait_for_state,
)
from deploy.demo.families import FamilyGenerator, as_csv, graduating_family
from deploy.demo.intake import run_intake
from deploy.demo.people import DINSOS, KELURAHAN_OPERATOR
from deploy.demo.placement import PlacedPendamping, place_pendamping
from deploy.demo.world import World
from tests.factories.journeys.two_persons import annul_sk, approve_request

KELURAHAN = "33.24.15.1003"
PENDAMPING, NIK = "pendamping-4", "3324154307859503"
# Two women who live alone, and a woman with husband and child.
NIKS = {"IN_TERM": "3324155211879599", "MONITORED": "3324155211879598", "OWNER": "3324155211879597"}
ALONE = ("IN_TERM", "MONITORED")


@dataclass(slots=True)
class Deaths:
    """The families by name, and the acts on them."""

    world: World
    cases: dict[str, Case] = field(default_factory=dict[str, Case])
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict[str, list[dict[str, str]]])
    pendamping: PlacedPendamping = field(init=False)

    async def take_in(self) -> None:
        """Place a pendamping and take the families in."""
        self.pendamping = await place_pendamping(self.world, PENDAMPING, NIK, [KELURAHAN])
        maker = FamilyGenerator(self.pendamping.pendamping_no, (9504, 9597))
        for name, nik in NIKS.items():
            self.rows[name] = graduating_family(maker, KELURAHAN, nik)[: 1 if name in ALONE else None]
        rows = [row for family in self.rows.values() for row in family]
        assert await run_intake(self.world, "deaths.csv", as_csv(rows)) == []
        for name, nik in NIKS.items():
            self.cases[name] = await find_family(self.world, name, nik)

    async def determine(self) -> None:
        """Take the women who live alone to an SK, in term until 12 March."""
        world, cases = self.world, [self.cases[name] for name in ALONE]
        await world.day("2026-01-05")
        await assess(world, cases, PENDAMPING)
        await sign_and_propose(world, cases, "2026-01-05", PENDAMPING)
        await world.day("2026-02-10")
        await verify(world, cases)
        await deliberate(world, cases, "2026-02-10", KELURAHAN_OPERATOR)
        await approve(world, cases)
        await determine(world, cases, "101/3.4/BS.01/2/2026", "2026-02-10")

    async def decide_deaths(self, cases: list[Case], day: str) -> None:
        """Take the cases of a death to an SK, all on one day."""
        await self.world.day(day)
        await verify(self.world, cases)
        await approve(self.world, cases)
        await determine(self.world, cases, "102/3.4/BS.01/3/2026", day)

    async def correct_nik_by_file(self) -> None:
        """Take in the family again with a corrected NIK of its owner."""
        owner, *others = self.rows["OWNER"]
        corrected = owner | {"nik": owner["nik"][:-1] + ("1" if owner["nik"][-1] != "1" else "2")}
        assert await run_intake(self.world, "corrected.csv", as_csv([corrected, *others])) == []

    async def assess_owner(self) -> dict[str, Any]:
        """Assess the family with a business, and return the assessment."""
        case = self.cases["OWNER"]
        await open_cases(self.world, [case], "SEJAHTERA_MANDIRI", PENDAMPING)
        photo = await self.world.put_file("graduation", b"foto rumah", PENDAMPING)
        answers: dict[str, Any] = {code: {"value": value} for code, value in ANSWERS.items()}
        answers |= {code: {"value": ANSWERS[code], "evidence_sha256": photo} for code in WITH_EVIDENCE}
        path = f"/v1/graduasi/{case.graduasi_id}/asesmen"
        return dict(await self.world.post("graduation", path, {"answers": answers}, PENDAMPING))

    async def die(self, name: str, on: str) -> None:
        """Record the death of the family's pengurus."""
        await self.world.day(on)
        path = f"/v1/kpm/{self.cases[name].kpm_id}"
        family = await self.world.get("caseload", path, PENDAMPING)
        (pengurus,) = [member for member in family["members"] if member["pengurus"]]
        proof = await self.world.put_file("caseload", b"kutipan akta kematian", PENDAMPING)
        died = {"reason": "MENINGGAL", "on": on, "evidence_sha256": proof}
        path += f"/anggota/{pengurus['anggota_id']}/end"
        await self.world.post("caseload", path, died, PENDAMPING, version=family["version"])
        await self.world.wait_until_delivered()

    async def undo_death(self, name: str) -> None:
        """Undo the death of the family's last member, as Dinsos and Kemensos."""
        path = f"/v1/kpm/{self.cases[name].kpm_id}"
        family = await self.world.get("caseload", path, DINSOS)
        past = await self.world.get("caseload", f"{path}/past", DINSOS)
        proof = await self.world.put_file("caseload", b"surat keterangan hidup", DINSOS)
        path += f"/anggota/{past['members'][-1]['anggota_id']}/return"
        body = {"reason": "SALAH_CATAT", "evidence_sha256": proof}
        made = await self.world.post("caseload", path, body, DINSOS, version=family["version"])
        await approve_request(self.world, "caseload", made)

    async def annul(self, name: str) -> None:
        """Annul the SK of a case, by two officials of Kemensos."""
        why = {"ground": "DATA_KELIRU", "reason": "Kematian keliru dicatat."}
        why |= {"back_pay": [{"tahap": "2026-3", "paid": True, "reason": "Keluarga tetap berhak."}]}
        await annul_sk(self.world, self.cases[name].graduasi_id, why)

    async def case_of(self, name: str) -> dict[str, Any]:
        """Return the family's first case."""
        path = f"/v1/graduasi/{self.cases[name].graduasi_id}"
        return dict(await self.world.get("graduation", path, DINSOS))

    async def cases_of_death(self, name: str) -> dict[str, Case]:
        """Return by bansos the cases that end the memberships of a family that has died."""
        kpm_id = self.cases[name].kpm_id
        page = await self.world.get(
            "graduation", f"/v1/graduasi?kpm_id={kpm_id}&exit_reason=MENINGGAL", DINSOS
        )
        return {
            row["bansos"]: Case(row["bansos"], kpm_id, row["kepesertaan_id"], row["graduasi_id"])
            for row in page["items"]
        }

    async def payable(self, name: str, bansos: str) -> dict[str, Any]:
        """Return which tahap of a bansos are payable."""
        path = f"/v1/kpm/{self.cases[name].kpm_id}/tahap?bansos={bansos}"
        return dict(await self.world.get("caseload", path, DINSOS))

    async def reach(self, name: str, state: str) -> None:
        """Wait until the scheduled work has moved the family's case to a state."""
        await wait_for_state(self.world, [self.cases[name]], state)
