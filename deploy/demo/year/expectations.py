"""What must be true on the last day of the year (the Then list of scenario 1)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from deploy.demo.cases import states_of
from deploy.demo.people import DINSOS
from deploy.demo.year.families import ALONE, CASES, IN_A, IN_B, LATE, MOVING, READY_A, READY_B
from deploy.demo.year.field_work import VISITED, limit_sides, scorecard
from deploy.demo.year.pendamping import S

if TYPE_CHECKING:
    from deploy.demo.year.year import Year

LEFT_A, LEFT_B = 8, 2
STATES = {
    "PEMANTAUAN": 8,
    "SELESAI": 2,
    "DIPULIHKAN": 1,
    "DITOLAK": 1,
    "DIUSULKAN": 1,
    "DIVERIFIKASI_KETIM": 1,
}


class Then:
    """`year` holds both pendamping and the fourteen cases."""

    def __init__(self, year: Year) -> None:
        self.year, self.world = year, year.world

    async def then(self) -> None:
        await self.cases()
        await self.score()
        await self.loads()
        await self.memberships()

    async def cases(self) -> None:
        cases = self.year.of(*CASES)
        states = Counter(await states_of(self.world, cases))
        self.world.check("fourteen cases stand where they must", dict(states), STATES)
        late = await states_of(self.world, self.year.of(*LATE))
        self.world.check("two are still under review", sorted(late), ["DIUSULKAN", "DIVERIFIKASI_KETIM"])

    async def score(self) -> None:
        """Seven were determined, one undone: six of ten. What did not count is nowhere; nothing counts twice."""
        world = self.world
        card = await scorecard(world, self.year.s.pendamping_id)
        said = tuple(card[name] for name in ("granted", "reversed", "net", "target"))
        world.check("net score of S: 6 of 10 (7 granted, 1 reversed)", said, (7, 1, 6, 10))
        reasons = [(one["exit_reason"], one["net"]) for one in card["by_exit_reason"]]
        world.check("natural exits, death and move are not counted", reasons, [("SEJAHTERA_MANDIRI", 6)])
        world.check("no case is counted twice", card["granted"], len(READY_A) + len(READY_B))
        world.check("his visits are counted", card["visits"], len(VISITED))
        said = (card["p2k2_held"], card["p2k2_attendance"])
        world.check("… and his P2K2 session, to which nine of ten came", said, (1, 0.9))
        seen = {month: (count["seen"], count["still_out"]) for month, count in card["survival"].items()}
        world.check("A1 and B1, whom he graduated, stand a month later", seen.get("1"), (2, 2))
        other = await scorecard(world, self.year.t.pendamping_id)
        said = (other["net"], other["target"])
        world.check("T, in service since July, has a target of 5, and no credit of S's", said, (0, 5))
        world.console.print(
            f"    S: {card['net']} of {card['target']}; T: {other['net']} of {other['target']}"
        )

    async def loads(self) -> None:
        """Who has left weighs nothing any more, and is accompanied as long as somebody is to be visited."""
        cards = [await scorecard(self.world, one.pendamping_id) for one in (self.year.s, self.year.t)]
        found = [card["load_now"] for card in cards]
        self.world.check("S accompanies 334 at the year's end, T 118", found, [IN_A - LEFT_A, IN_B - LEFT_B])
        self.world.check("no limit is passed", limit_sides(cards[0]), ["BELOW"])
        asked = [f"/v1/kpm/{case.kpm_id}" for case in self.year.of("A1", ALONE, MOVING)]
        seen = [(await self.world.tried("GET", "caseload", path, S)).status_code for path in asked]
        self.world.check("S still has A1, not the widow who died nor who moved", seen, [200, 404, 404])

    async def memberships(self) -> None:
        """The ten have left PKH with tahap 4; the one whose sanggah was accepted has not."""
        ended: list[str] = []
        for case in self.year.left:
            held = await self.world.get("caseload", f"/v1/kpm/{case.kpm_id}/kepesertaan", DINSOS)
            ended += [item["valid_to"] for item in held["items"] if item["bansos"] == "PKH"]
        self.world.check("ten memberships have ended on 1 October", ended, ["2026-10-01"] * 10)
        path = f"/v1/kpm/{self.year.cases['A5'].kpm_id}/tahap?bansos=PKH"
        payable = await self.world.get("caseload", path, DINSOS)
        self.world.check("A5 goes on being paid", (payable["payable"], payable["ends_on"]), ("ALL", None))
