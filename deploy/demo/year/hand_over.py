"""Hand-over of the 120 families of kelurahan B from S to T on 1 July."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy.demo.intake import watch_job
from deploy.demo.people import KEMENSOS, KETUA
from deploy.demo.placement import place_pendamping
from deploy.demo.year.families import IN_A, IN_B, READY_B, B
from deploy.demo.year.field_work import VISITED, limit_sides, scorecard
from deploy.demo.year.pendamping import NIK_T, S, T

if TYPE_CHECKING:
    from deploy.demo.year.year import Year

ON = "2026-07-01"
HIDDEN = {403, 404}
# The widow of A11 has died in May, which ended her family.
LEFT_IN_A = IN_A - 1


class HandOver:
    """Steps of the hand-over between the two pendamping of the year."""

    def __init__(self, year: Year) -> None:
        self.year, self.world = year, year.world

    async def receiver(self) -> None:
        """Place T in kelurahan B from 1 July."""
        year = self.year
        year.t = await place_pendamping(self.world, T, NIK_T, [B], since=ON, candidate="2026-06-01")
        both = [year.s.pendamping_id, year.t.pendamping_id]
        self.world.data_folder.save_scenario(year.number, kpm_ids=year.kpm_ids, pendamping_ids=both)

    async def hand_over(self) -> None:
        """Preview and order the hand-over, and end S's placement in B."""
        world, year = self.world, self.year
        order = {
            "from_penugasan_id": year.s.penugasan_id,
            "to_penugasan_id": year.t.penugasan_id,
            "kode_wilayah": B,
            "on": ON,
        }
        preview = await world.post("caseload", "/v1/hand-over/preview", order, KETUA)
        self.check_preview(preview)
        created = await world.act(
            "hands the families of B from S to T",
            *("caseload", "/v1/hand-over", order | {"reason": "Pembagian wilayah tugas baru."}, KETUA),
        )
        job_id = created["job"].rpartition("/")[2]
        job = await watch_job(world, "caseload", job_id, "hand-over", IN_B, KETUA)
        world.check(
            f"{IN_B} families are handed over",
            (job["state"], job["done"], job["refused"]),
            ("DONE", IN_B, 0),
        )
        await world.wait_until_delivered()
        end = {"valid_to": ON, "reason": "PEMBAGIAN_WILAYAH"}
        path = f"/v1/wilayah-tugas/{year.s.areas[B]}/end"
        await world.act("ends S's placement in B", "registry", path, end, KEMENSOS)

    def check_preview(self, preview: dict[str, Any]) -> None:
        counts = tuple(preview[name] for name in ("families", "open_cases", "from_after", "to_after"))
        expected = (IN_B, len(READY_B), LEFT_IN_A, IN_B)
        self.world.check(
            "the preview counts 120 families, two open cases, then 341 and 120", counts, expected
        )

    async def seen_after(self) -> None:
        """Check that T has the families and the load, and S only own reports."""
        world, year = self.world, self.year
        card = await scorecard(world, year.s.pendamping_id)
        world.check(f"S accompanies {LEFT_IN_A} families", card["load_now"], LEFT_IN_A)
        world.check("… and no limit is exceeded", limit_sides(card), ["BELOW"])
        other = await scorecard(world, year.t.pendamping_id)
        world.check(f"T accompanies {IN_B}", other["load_now"], IN_B)
        lists = [await world.pages("caseload", "/v1/kpm", who) for who in (S, T)]
        world.check("each lists their own families", [len(families) for families in lists], [LEFT_IN_A, IN_B])
        family = f"/v1/kpm/{year.cases['B1'].kpm_id}"
        answers = [(await world.send("GET", "caseload", family, who)).status_code for who in (S, T)]
        world.check("S can no longer open a family of B", answers[0] in HIDDEN)
        world.check("… and T can", answers[1], 200)
        await self.own_reports(S)

    async def own_reports(self, who: str) -> None:
        """Check that the author of visits can still read them."""
        visits = await self.world.pages("caseload", "/v1/kunjungan", who)
        visited = {self.year.cases[name].kpm_id for name in VISITED}
        self.world.check("S reads all own reports", {visit["kpm_id"] for visit in visits} == visited)
        in_b = next(visit for visit in visits if visit["kpm_id"] == self.year.cases["B1"].kpm_id)
        report = await self.world.get("caseload", f"/v1/kunjungan/{in_b['kunjungan_id']}", who)
        self.world.check("… also of a family of T", "Usaha" in report["findings"])
