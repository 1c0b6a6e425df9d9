"""The expected results on the last day of scenario 1."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from deploy.demo.cases import states_of
from deploy.demo.people import DINSOS
from deploy.demo.year.families import CASES, IN_A, IN_B, LATE, MOVING, READY_A, READY_B, WIDOW
from deploy.demo.year.field_work import VISITED, limit_sides, scorecard
from deploy.demo.year.pendamping import S

if TYPE_CHECKING:
    from deploy.demo.year.year import Year

EXITED_A, EXITED_B = 8, 2
STATES = {
    "PEMANTAUAN": 8,
    "SELESAI": 2,
    "DIPULIHKAN": 1,
    "DITOLAK": 1,
    "DIUSULKAN": 1,
    "DIVERIFIKASI_KETIM": 1,
}


class YearEnd:
    """Checks of the cases, scores, loads and memberships of a played year."""

    def __init__(self, year: Year) -> None:
        self.year, self.world = year, year.world

    async def check(self) -> None:
        await self.cases()
        await self.score()
        await self.loads()
        await self.memberships()

    async def cases(self) -> None:
        cases = self.year.of(*CASES)
        states = Counter(await states_of(self.world, cases))
        self.world.check("the fourteen cases have the expected states", dict(states), STATES)
        late = await states_of(self.world, self.year.of(*LATE))
        self.world.check("two are still under review", sorted(late), ["DIUSULKAN", "DIVERIFIKASI_KETIM"])

    async def score(self) -> None:
        """Check the scorecards: seven credits granted, one reversed, six of ten."""
        world = self.world
        card = await scorecard(world, self.year.s.pendamping_id)
        score = tuple(card[name] for name in ("granted", "reversed", "net", "target"))
        world.check("net score of S: 6 of 10 (7 granted, 1 reversed)", score, (7, 1, 6, 10))
        reasons = [(item["exit_reason"], item["net"]) for item in card["by_exit_reason"]]
        world.check("natural exits, death and move are not counted", reasons, [("SEJAHTERA_MANDIRI", 6)])
        world.check("no case is counted twice", card["granted"], len(READY_A) + len(READY_B))
        world.check("his visits are counted", card["visits"], len(VISITED))
        p2k2 = (card["p2k2_held"], card["p2k2_attendance"])
        world.check("… and his P2K2 session, which nine of ten attended", p2k2, (1, 0.9))
        survival = {one["month"]: (one["seen"], one["still_out"]) for one in card["survival"]}
        world.check("A1 and B1, whom he graduated, are still out a month later", survival.get(1), (2, 2))
        other = await scorecard(world, self.year.t.pendamping_id)
        other_score = (other["net"], other["target"])
        world.check("T, in service since July, has a target of 5, and no credit of S's", other_score, (0, 5))
        world.console.print(
            f"    S: {card['net']} of {card['target']}; T: {other['net']} of {other['target']}"
        )

    async def loads(self) -> None:
        """Check the loads: exited families do not count, but stay visible while monitored."""
        cards = [
            await scorecard(self.world, pendamping.pendamping_id) for pendamping in (self.year.s, self.year.t)
        ]
        loads = [card["load_now"] for card in cards]
        self.world.check(
            "S accompanies 334 at the year's end, T 118", loads, [IN_A - EXITED_A, IN_B - EXITED_B]
        )
        self.world.check("no limit is exceeded", limit_sides(cards[0]), ["BELOW"])
        paths = [f"/v1/kpm/{case.kpm_id}" for case in self.year.of("A1", WIDOW, MOVING)]
        statuses = [(await self.world.send("GET", "caseload", path, S)).status_code for path in paths]
        self.world.check(
            "S still sees A1, but not the widow who died and the family that moved", statuses, [200, 404, 404]
        )

    async def memberships(self) -> None:
        """Check that ten families have left PKH on 1 October, but not A5."""
        ended: list[str] = []
        for case in self.year.exited:
            memberships = await self.world.get("caseload", f"/v1/kpm/{case.kpm_id}/kepesertaan", DINSOS)
            ended += [item["valid_to"] for item in memberships["items"] if item["bansos"] == "PKH"]
        self.world.check("ten memberships have ended on 1 October", ended, ["2026-10-01"] * 10)
        path = f"/v1/kpm/{self.year.cases['A5'].kpm_id}/tahap?bansos=PKH"
        payable = await self.world.get("caseload", path, DINSOS)
        self.world.check("A5 is still paid", (payable["payable"], payable["ends_on"]), ("ALL", None))
